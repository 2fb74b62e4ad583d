/// Splits an event stream into frames and interprets them (WHATWG HTML 9.2.6), whatever the chunks.
///
/// Lines end at LF, CR or CRLF; a byte-order mark counts only as the stream's first three bytes. Every byte is searched
/// once for its frame and once for its fields, and at most one frame's limit of bytes is held.
///
/// A blank line that ends in CR leaves open whether an LF follows. The frame is given out at once if the line before
/// ended in a bare CR, since then the stream's lines end so; an LF that follows all the same belongs to the next frame's
/// bytes and means nothing. In every other case the frame waits for the next byte, or the end, and takes an LF with it.
/// So the frames depend on the bytes alone, and a stream with one kind of line end is never late.
public struct SSEDecoder: Sendable {
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Whether the last byte was a CR, whose LF may still come.
    private enum OpenCarriageReturn {
        case none
        /// It ended a line, and its frame too if that is over.
        case ended
        /// It ended a blank line, whose frame waits for the LF.
        case waiting
    }

    /// The most bytes a frame may have, its blank line included.
    public let frameByteCountMax: Int
    /// The id that a reconnecting client sends as `Last-Event-ID`; empty if none was set.
    ///
    /// Changed by a complete block alone, as the specification says, so neither by a torn one nor by one over the limit.
    public private(set) var lastEventID = ""
    /// For tests: how many bytes were searched for the ends of lines, over all chunks.
    private(set) var searchedByteCount = 0
    private var pending: [UInt8] = []
    private var isContinuation = false
    private var isFirstFrame = true
    /// How much of a byte-order mark the stream has begun with; nil once that is decided.
    private var byteOrderMarkCount: Int? = 0
    private var lineIsBlank = true
    private var openCarriageReturn = OpenCarriageReturn.none
    private var lineEndedInBareCarriageReturn = false

    /// A decoder at the start of a stream; a limit below 1 counts as 1.
    public init(frameByteCountMax: Int = 16 << 20) {
        self.frameByteCountMax = max(1, frameByteCountMax)
    }

    /// Bytes received that no frame has given out yet.
    public var pendingByteCount: Int { pending.count }

    /// Takes the next bytes of the stream and gives the frames that they complete, in order.
    ///
    /// A frame longer than the limit comes out in pieces of exactly the limit, each when the byte after it arrives; none
    /// of them is interpreted, so its event, id and retry are lost and the pieces say so.
    public mutating func receive(_ chunk: Span<UInt8>) -> [SSEFrame] {
        chunk.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return [] }
            var frames: [SSEFrame] = []
            var taken = 0
            var index = 0
            while index < buffer.count {
                if let count = byteOrderMarkCount {
                    matchByteOrderMark(base[index], count, &index)
                    continue
                }
                var frameEnds = false
                if openCarriageReturn != .none {
                    frameEnds = closeCarriageReturn(base[index], &index)
                } else {
                    let found = ByteSearch.lineEnd(base, from: index, to: buffer.count)
                    if found > index { lineIsBlank = false }
                    let next = min(found + 1, buffer.count)
                    searchedByteCount += next - index
                    index = next
                    if found < buffer.count { frameEnds = endLine(base[found]) }
                }
                if frameEnds {
                    keep(UnsafeBufferPointer(rebasing: buffer[taken..<index]), &frames)
                    frames.append(take(.blankLine))
                    taken = index
                }
            }
            keep(UnsafeBufferPointer(rebasing: buffer[taken...]), &frames)
            return frames
        }
    }

    /// Ends the stream; gives the last frame if bytes are left, complete only if its blank line was waiting for an LF.
    public mutating func finish() -> SSEFrame? {
        guard !pending.isEmpty else { return nil }
        let isComplete = openCarriageReturn == .waiting
        openCarriageReturn = .none
        return take(isComplete ? .blankLine : .endOfInput)
    }

    /// Compares one of the stream's first three bytes; what turns out to be no mark is the line's beginning.
    private mutating func matchByteOrderMark(_ byte: UInt8, _ count: Int, _ index: inout Int) {
        guard byte == Self.byteOrderMark[count] else {
            lineIsBlank = count == 0
            byteOrderMarkCount = nil
            return
        }
        byteOrderMarkCount = count == 2 ? nil : count + 1
        searchedByteCount += 1
        index += 1
    }

    /// Judges the byte after a CR; true if a frame that waited for it is complete.
    private mutating func closeCarriageReturn(_ byte: UInt8, _ index: inout Int) -> Bool {
        let isLineFeed = byte == ASCII.lineFeed
        if isLineFeed {
            searchedByteCount += 1
            index += 1
        }
        lineEndedInBareCarriageReturn = !isLineFeed
        defer { openCarriageReturn = .none }
        return openCarriageReturn == .waiting
    }

    /// Ends the line at a CR or LF; true if that completes the frame.
    private mutating func endLine(_ byte: UInt8) -> Bool {
        let isBlank = lineIsBlank
        lineIsBlank = true
        if byte == ASCII.lineFeed {
            lineEndedInBareCarriageReturn = false
            return isBlank
        }
        openCarriageReturn = isBlank && !lineEndedInBareCarriageReturn ? .waiting : .ended
        return isBlank && lineEndedInBareCarriageReturn
    }

    /// Moves bytes to the pending frame, giving out pieces wherever it grows past the limit.
    private mutating func keep(_ part: UnsafeBufferPointer<UInt8>, _ frames: inout [SSEFrame]) {
        var start = 0
        while pending.count + part.count - start > frameByteCountMax {
            let end = start + frameByteCountMax - pending.count
            pending.append(contentsOf: UnsafeBufferPointer(rebasing: part[start..<end]))
            frames.append(take(.limit))
            start = end
        }
        pending.append(contentsOf: UnsafeBufferPointer(rebasing: part[start...]))
    }

    /// Gives out what is pending as a frame, interpreted if it is in one piece.
    private mutating func take(_ end: SSEFrame.End) -> SSEFrame {
        var bytes: [UInt8] = []
        swap(&bytes, &pending)
        var frame = SSEFrame(bytes: bytes, end: end, isContinuation: isContinuation)
        if !isContinuation, end != .limit {
            let fields = SSEFields(bytes, skipsByteOrderMark: isFirstFrame)
            frame.comments = fields.comments
            frame.id = fields.id
            frame.retryMilliseconds = fields.retryMilliseconds
            if end == .blankLine {
                if let id = fields.id { lastEventID = id }
                frame.event = fields.data.map { data in
                    SSEEvent(type: fields.type.isEmpty ? "message" : fields.type, data: data, lastEventID: lastEventID)
                }
            }
        }
        isContinuation = end == .limit
        isFirstFrame = false
        return frame
    }
}
