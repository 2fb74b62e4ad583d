/// Splits a byte stream into lines at 0x0A alone, as MCP's stdio transport frames its messages.
///
/// A carriage return is an ordinary byte. The lines' bytes, in order, are the input, whatever the chunks; every byte is
/// searched once, so the work is linear in the input. At most one line's limit of bytes is held.
public struct LineDecoder: Sendable {
    /// A line, or a piece of one that is longer than the limit.
    public struct Line: Equatable, Sendable {
        /// The bytes as read, including the line feed if there is one.
        public var bytes: [UInt8]
        /// What ended it.
        public var end: End
        /// Whether the same line's earlier bytes came out before, cut off by the limit.
        public var isContinuation: Bool

        /// Joins a line's bytes with what is known of their ends.
        public init(bytes: [UInt8], end: End, isContinuation: Bool = false) {
            self.bytes = bytes
            self.end = end
            self.isContinuation = isContinuation
        }
    }

    /// What ends a line.
    public enum End: Equatable, Sendable {
        /// A line feed, the last of its bytes.
        case lineFeed
        /// The end of the input; such a line is a torn one.
        case endOfInput
        /// The limit; the next line continues this one.
        case limit
    }

    /// The most bytes a line may have, its line feed included.
    public let lineByteCountMax: Int
    /// For tests: how many bytes were looked at, over all chunks.
    private(set) var searchedByteCount = 0
    private var pending: [UInt8] = []
    private var isContinuation = false

    /// A decoder with nothing pending; a limit below 1 counts as 1.
    public init(lineByteCountMax: Int = 16 << 20) {
        self.lineByteCountMax = max(1, lineByteCountMax)
    }

    /// Bytes received that no line has given out yet.
    public var pendingByteCount: Int { pending.count }

    /// Takes the next bytes of the stream and gives the lines that they complete, in order.
    ///
    /// A line longer than the limit comes out in pieces of exactly the limit, each when the byte after it arrives.
    public mutating func receive(_ chunk: Span<UInt8>) -> [Line] {
        chunk.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return [] }
            var lines: [Line] = []
            var start = 0
            while start < buffer.count {
                let room = lineByteCountMax - pending.count
                let searchEnd = min(buffer.count, start + room)
                let found = ByteSearch.lineFeed(base, from: start, to: searchEnd)
                let partEnd = found < searchEnd ? found + 1 : searchEnd
                searchedByteCount += partEnd - start
                pending.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[start..<partEnd]))
                if found < searchEnd {
                    lines.append(take(.lineFeed))
                } else if partEnd < buffer.count {
                    lines.append(take(.limit))
                }
                start = partEnd
            }
            return lines
        }
    }

    /// Ends the stream; gives the unterminated tail if there is one.
    public mutating func finish() -> Line? {
        guard !pending.isEmpty else { return nil }
        return take(.endOfInput)
    }

    /// Gives out what is pending as a line.
    private mutating func take(_ end: End) -> Line {
        var bytes: [UInt8] = []
        swap(&bytes, &pending)
        defer { isContinuation = end == .limit }
        return Line(bytes: bytes, end: end, isContinuation: isContinuation)
    }
}
