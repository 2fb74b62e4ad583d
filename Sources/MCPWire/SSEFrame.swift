/// A stretch of an event stream up to and including a blank line: its bytes, and what WHATWG HTML 9.2.6 makes of them.
///
/// A frame exists for every blank line, also where no event is dispatched (comments alone, or nothing at all).
public struct SSEFrame: Equatable, Sendable {
    /// What ends a frame.
    public enum End: Equatable, Sendable {
        /// A blank line: the block is complete.
        case blankLine
        /// The end of the input: the block is incomplete and its event is discarded.
        case endOfInput
        /// The limit: the next frame continues this one.
        case limit
    }

    /// The bytes exactly as read; those of all frames, in order, are the input.
    public var bytes: [UInt8]
    /// What ended it.
    public var end: End
    /// Whether earlier bytes of the same block came out before, cut off by the limit; such a block is not interpreted.
    public var isContinuation: Bool
    /// The event that the blank line dispatches; nil where there is none.
    public var event: SSEEvent?
    /// The comments in order, each without its colon and one space after that.
    public var comments: [String]
    /// The last valid `id` field of the block, which may be empty; nil if there is none.
    public var id: String?
    /// The last valid `retry` field of the block; a number beyond `Int.max` counts as that.
    public var retryMilliseconds: Int?

    /// A frame of which nothing but its bytes is known; the rest may be set afterwards.
    public init(bytes: [UInt8], end: End, isContinuation: Bool = false) {
        self.bytes = bytes
        self.end = end
        self.isContinuation = isContinuation
        comments = []
    }
}

/// A server-sent event as an EventSource dispatches it.
public struct SSEEvent: Equatable, Sendable {
    /// The event's type, `message` where the stream names none.
    public var type: String
    /// The values of the `data` fields joined with LF, in the stream's own bytes even where they are no UTF-8.
    public var data: [UInt8]
    /// The stream's last event id at this event, set here or earlier; empty if none was.
    public var lastEventID: String

    /// An event from its parts.
    public init(type: String = "message", data: [UInt8], lastEventID: String = "") {
        self.type = type
        self.data = data
        self.lastEventID = lastEventID
    }
}
