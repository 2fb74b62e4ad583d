import MCPWire
import RepriseRecording

/// Finds the one `data` line of a block of an event stream.
enum SSEDataLine {
    /// Where the value of the block's only `data` field stands; nil where there is none, or more than one.
    ///
    /// The value begins behind the colon and one space (WHATWG HTML 9.2.6). A field without a colon has no value.
    static func range(in block: [UInt8]) -> Range<Int>? {
        var found: Range<Int>?
        var start = block.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while start < block.count {
            let end = block[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? block.count
            let line = block[start..<end]
            if line.starts(with: field), line.count == field.count || line[start + field.count] == 0x3A {
                guard found == nil, line.count > field.count else { return nil }
                let value = start + field.count + 1
                found = (value < end && block[value] == 0x20 ? value + 1 : value)..<end
            }
            start = end + 1
        }
        return found
    }

    private static let field = Array("data".utf8)
}

extension Frame {
    /// The frame of a block of an event stream: with one `data` line its value is the payload, else the whole block is.
    ///
    /// What stands around the payload must be text, as the file keeps it so. A byte-order mark means something at the
    /// beginning of a stream alone; elsewhere it belongs to the name of a field.
    init(sse: SSEFrame, isFirst: Bool, cuts: [Cut]?) {
        let bytes = sse.bytes
        self.init(payload: .bytes(bytes), post: [], cuts: cuts, isContinued: sse.end == .limit)
        guard sse.end == .blankLine, !sse.isContinuation, sse.event != nil,
            isFirst || !bytes.starts(with: [0xEF, 0xBB, 0xBF]), let place = SSEDataLine.range(in: bytes)
        else { return }
        let (pre, post) = (Array(bytes[..<place.lowerBound]), Array(bytes[place.upperBound...]))
        guard String(validating: pre, as: UTF8.self) != nil, String(validating: post, as: UTF8.self) != nil else {
            return
        }
        self.pre = pre
        self.post = post
        payload = .bytes(Array(bytes[place]))
    }
}
