import MCPWire

/// Maps the `endpoint` event with which an event stream of revision 2024-11-05 begins; what follows passes as it comes.
///
/// Until the first event is over, an incomplete block is held back: a client can do nothing with it anyway.
public struct EndpointRewriter: Sendable {
    /// The longest first block that is looked at, in bytes; a longer one passes as it is.
    private static let blockByteCountMax = 64 << 10

    private let map: OriginMap
    private var decoder: SSEDecoder? = SSEDecoder(frameByteCountMax: blockByteCountMax)

    /// Makes a rewriter at the beginning of a stream.
    public init(map: OriginMap) { self.map = map }

    /// The bytes to pass on now, with a remark where the event was changed.
    public mutating func receive(_ bytes: [UInt8]) -> OriginMap.Mapped<[UInt8]> {
        guard decoder != nil else { return .init(value: bytes, notes: []) }
        var output = OriginMap.Mapped<[UInt8]>(value: [], notes: [])
        var isOver = false
        for frame in decoder?.receive(bytes.span) ?? [] {
            let mapped = isOver ? .init(value: frame.bytes, notes: []) : map.endpoint(frame)
            output.value += mapped.value
            output.notes += mapped.notes
            if frame.event != nil || frame.end == .limit { isOver = true }
        }
        if isOver { output.value += finish() }
        return output
    }

    /// The stream is over: what was held back.
    public mutating func finish() -> [UInt8] {
        defer { decoder = nil }
        return decoder?.finish()?.bytes ?? []
    }
}
