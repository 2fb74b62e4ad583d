/// A JSON-RPC 2.0 message as MCP uses it, read from one frame: what it is and where its parts stand.
///
/// Only the outermost members are looked at; whether a method exists or its parameters fit is not judged here.
public struct Message: Sendable, Equatable {
    /// What a frame holds.
    public enum Kind: Sendable, Equatable {
        /// A method with an id; the id may be null, which MCP forbids and JSON-RPC does not.
        case request
        /// A method without an id.
        case notification
        /// A response with `result`.
        case result
        /// A response with `error`; its id may be absent, as the MCP schema allows since 2025-11-25.
        case error
        /// A JSON array of messages (MCP 2025-03-26 only), in order; each is a single message or malformed.
        case batch([Message])
        /// Bytes that are no message: the peer's violation, kept as a case rather than thrown.
        case malformed(Malformation)
    }

    /// The first rule that a frame breaks.
    public enum Malformation: Sendable, Equatable, CustomStringConvertible {
        /// No bytes, or nothing but white space.
        case empty
        /// Not exactly one JSON value; offsets are offsets in the frame.
        case notJSON(JSONError)
        /// A JSON value, but neither an object nor a batch.
        case notAnObject
        /// A batch of no messages (JSON-RPC section 6).
        case emptyBatch
        /// More messages in a batch than the limit.
        case batchLimit(Int)
        /// `jsonrpc` is absent or is not the string `2.0`.
        case noVersion
        /// `method` is there but is no string.
        case methodNotAString
        /// `id` is a boolean, an object or an array.
        case invalidID
        /// None of `method`, `result` and `error`.
        case neitherRequestNorResponse
        /// Both `result` and `error` (JSON-RPC section 5).
        case bothResultAndError
        /// A `result` without an `id`.
        case responseWithoutID
        /// A batch inside a batch.
        case nestedBatch

        /// One phrase that says what is wrong, naming the member or the limit.
        public var description: String {
            switch self {
            case .empty: "empty frame"
            case .notJSON(let error): "not JSON: \(error)"
            case .notAnObject: "a JSON value that is no object"
            case .emptyBatch: "an empty batch"
            case .batchLimit(let limit): "a batch of more than \(limit) messages"
            case .noVersion: "\"jsonrpc\" is not \"2.0\""
            case .methodNotAString: "\"method\" is not a string"
            case .invalidID: "\"id\" is neither a string nor a number nor null"
            case .neitherRequestNorResponse: "no \"method\", \"result\" or \"error\""
            case .bothResultAndError: "both \"result\" and \"error\""
            case .responseWithoutID: "a \"result\" without an \"id\""
            case .nestedBatch: "a batch inside a batch"
            }
        }
    }

    /// What the message is.
    public var kind: Kind
    /// The message without surrounding white space; the whole frame if it is not JSON.
    public var range: Range<Int>
    /// The id as written; nil if there is none. Set as far as it could be read, also for malformed messages.
    public var id: MessageID?
    /// The method with its escapes resolved; nil if there is none, or if it is no string.
    public var method: String?
    /// Where the value of `params` stands; all ranges are offsets in the frame given to `read`.
    public var params: Range<Int>?
    /// Where the value of `result` stands.
    public var result: Range<Int>?
    /// Where the value of `error` stands.
    public var error: Range<Int>?
    /// Where the value of `id` stands, valid or not.
    public var idRange: Range<Int>?

    /// Messages in a batch accepted where nothing else is said.
    public static let batchCountMaxDefault = 4096

    /// Reads one frame, in one pass unless it is a batch; what is no message comes back as `.malformed`.
    ///
    /// White space around the message, CR and LF included, is fine; a byte-order mark is not. Of duplicate members the
    /// last counts. A message with `method` is a request or notification, whatever stands beside it.
    public static func read(
        _ frame: Span<UInt8>, depthMax: Int = JSONScanner.depthMaxDefault, batchCountMax: Int = batchCountMaxDefault
    ) -> Message {
        frame.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return .malformed(.empty, 0..<0) }
            var reader = MessageReader(base: base, batchCountMax: batchCountMax)
            do throws(JSONError) {
                let summary = try JSONScanner.scan(base, buffer.count, depthMax, &reader)
                return reader.message(summary, depthMax: depthMax)
            } catch {
                return .malformed(error.reason == .empty ? .empty : .notJSON(error), 0..<buffer.count)
            }
        }
    }
}
