import MCPWire
import NIOCore

/// Hands on the lines that a server writes to its standard error; on one event loop, hence unchecked.
final class StdioErrors: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    /// A longer line is handed on in pieces.
    static let lineByteCountMax = 64 << 10

    private let handler: @Sendable (String) -> Void
    private var decoder = LineDecoder(lineByteCountMax: lineByteCountMax)

    init(_ handler: @escaping @Sendable (String) -> Void) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let chunk = Array(unwrapInboundIn(data).readableBytesView)
        for line in decoder.receive(chunk.span) { hand(line) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let tail = decoder.finish() { hand(tail) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func hand(_ line: LineDecoder.Line) {
        var bytes = line.bytes[...]
        if line.end == .lineFeed { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        handler(String(decoding: bytes, as: UTF8.self))
    }
}
