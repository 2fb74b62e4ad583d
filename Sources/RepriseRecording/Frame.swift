import MCPWire

/// The bytes of one unit of a transport, with the reads that brought them.
///
/// The bytes on the wire are exactly `pre` + payload + `post`.
public struct Frame: Equatable, Sendable {
    /// What stands between `pre` and `post`.
    public enum Payload: Equatable, Sendable {
        /// The bytes themselves.
        case bytes([UInt8])
        /// Only their number and SHA-256 (hexadecimal): a binary or oversize payload under redaction (S-179).
        case omitted(byteCount: Int, sha256: String)
    }

    /// A place within the frame where a read ended.
    public struct Cut: Equatable, Sendable {
        /// Bytes of the frame that had been read, 1 to the frame's length.
        public var offset: Int
        /// Microseconds before the event's own time.
        public var age: Int64

        /// Makes a cut after `offset` bytes, `age` microseconds before the frame was complete.
        public init(offset: Int, age: Int64) {
            self.offset = offset
            self.age = age
        }
    }

    /// Bytes before the payload.
    public var pre: [UInt8]
    /// The payload.
    public var payload: Payload
    /// Bytes after the payload: the line feed of a terminated line.
    public var post: [UInt8]
    /// Where reads ended; nil when one read ended with the frame, empty when the next frame came in the same read.
    public var cuts: [Cut]?
    /// Where placeholders of redacted secrets stand in the payload, ascending and disjoint.
    public var placeholders: [Range<Int>]
    /// Whether the line goes on in the next event of its pipe, because it passed the recorder's line limit.
    public var isContinued: Bool

    /// Makes a frame from its parts.
    public init(
        pre: [UInt8] = [], payload: Payload, post: [UInt8] = [0x0A], cuts: [Cut]? = nil,
        placeholders: [Range<Int>] = [], isContinued: Bool = false
    ) {
        self.pre = pre
        self.payload = payload
        self.post = post
        self.cuts = cuts
        self.placeholders = placeholders
        self.isContinued = isContinued
    }

    /// The frame of one line as read, its line feed included where it has one.
    public init(line: consuming [UInt8], cuts: [Cut]? = nil, isContinued: Bool = false) {
        // Consumed, so that the only owner of a line pays for no copy.
        let isTerminated = line.last == 0x0A
        if isTerminated { line.removeLast() }
        self.init(
            payload: .bytes(line), post: isTerminated ? Self.lineFeed : [], cuts: cuts, isContinued: isContinued)
    }

    static let lineFeed: [UInt8] = [0x0A]

    /// The bytes on the wire; nil when the payload was omitted.
    public var wireBytes: [UInt8]? {
        guard case .bytes(let bytes) = payload else { return nil }
        return pre + bytes + post
    }

    /// Number of bytes on the wire, also where the payload was omitted.
    public var wireByteCount: Int {
        switch payload {
        case .bytes(let bytes): pre.count + bytes.count + post.count
        case .omitted(let byteCount, _): pre.count + byteCount + post.count
        }
    }

    /// The same frame with white space around a JSON payload moved to `pre` and `post`, so that it can be spliced.
    public var trimmed: Frame {
        guard case .bytes(let bytes) = payload, pre.isEmpty, let first = bytes.first, let last = bytes.last,
            first.isJSONSpace || last.isJSONSpace,
            let start = bytes.firstIndex(where: { !$0.isJSONSpace }),
            let end = bytes.lastIndex(where: { !$0.isJSONSpace })
        else { return self }
        var frame = self
        frame.pre = Array(bytes[..<start])
        frame.payload = .bytes(Array(bytes[start...end]))
        frame.post = bytes[(end + 1)...] + post
        frame.placeholders = placeholders.map { $0.lowerBound - start..<$0.upperBound - start }
        return frame
    }
}

extension UInt8 {
    /// Space, tab, line feed or carriage return (RFC 8259, section 2).
    var isJSONSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
