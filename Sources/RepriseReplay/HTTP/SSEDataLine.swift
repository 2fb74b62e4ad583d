import MCPWire
import RepriseRecording

/// Finds the `data` lines of a block of an event stream.
enum SSEDataLine {
    /// Where the value of the block's only `data` field stands; nil where there is none, or more than one.
    ///
    /// A field without a colon has no value.
    static func range(in block: [UInt8]) -> Range<Int>? {
        let found = ranges(in: block)
        return found.count == 1 && hasColon(before: found[0], in: block) ? found[0] : nil
    }

    /// Where the values of all `data` fields stand, empty for a field without a colon.
    ///
    /// The value begins behind the colon and one space (WHATWG HTML 9.2.6).
    static func ranges(in block: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var start = block.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while start < block.count {
            let end = block[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? block.count
            let line = block[start..<end]
            if line.starts(with: field), line.count == field.count || line[start + field.count] == 0x3A {
                let value = min(end, start + field.count + 1)
                found.append((value < end && block[value] == 0x20 ? value + 1 : value)..<end)
            }
            start = end + 1
        }
        return found
    }

    private static func hasColon(before value: Range<Int>, in block: [UInt8]) -> Bool {
        let before = block[..<value.lowerBound].last
        return before == 0x3A || before == 0x20
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
