import MCPWire

/// One open connection to a server, which carries whole JSON-RPC messages in both directions.
///
/// A transport may be made of several connections (a stream and requests by POST), so that messages which were under
/// way can still arrive after it has said that it is closed. The core library relies on nothing beyond what stands
/// here: a stream may be slow to notice cancellation, or not notice it.
public protocol MessageStream: Sendable {
    /// Sends one message; returns when the transport has taken it.
    ///
    /// Throws ``TransportFailure`` when it was not taken, in which case the server has not seen it.
    func send(_ message: [UInt8]) async throws(TransportFailure)

    /// The next thing that happened; nil when nothing will come any more. Called by one task at a time.
    func next() async -> StreamEvent?

    /// Takes back the requests that no server has executed, such as those that wait for a token; they are not sent.
    ///
    /// Returns their ids, at once. Called when the connection is given up, before ``close()``.
    func takeBack() -> [MessageID]

    /// Closes the stream from our side and lets go of what it holds, a child process included.
    ///
    /// May be called more than once and at any time; ``next()`` then returns nil as soon as it can. When the task is
    /// cancelled, or the connector no longer runs, it gives up what it still does to end in good order.
    func close() async
}

extension MessageStream {
    /// Nothing: what was sent may have been executed.
    public func takeBack() -> [MessageID] { [] }
}

/// What a stream reports.
public enum StreamEvent: Sendable, Equatable {
    /// A message, as its bytes stood in the frame.
    case message([UInt8])
    /// A request that was taken gets no answer any more, while the connection stands; its id as it was written.
    case requestFailed(id: MessageID, RequestFailure)
    /// Messages that answer no request cannot come any more, while requests are still answered; one phrase says why.
    case pushDegraded(String)
    /// What a stream carried while it was broken cannot be had any more.
    case historyLost
    /// The connection is gone; comes at most once.
    case closed(TransportFailure)
}

/// Why a single request has no answer.
public enum RequestFailure: Error, Sendable, Equatable {
    /// The server has not executed it: it has not received it, or refused it.
    case notSent(TransportFailure)
    /// It may have been executed: what would have carried the answer is gone.
    case lost(TransportFailure)
    /// The server refused it with an HTTP status, without executing it; `text` is what its body said, 1 KiB at most.
    case refused(status: Int, text: String)
    /// Only the user can help: 401 with any token, or 403 for a scope that the user has to grant; a 403 that no sign-in mends
    /// is ``refused(status:text:)``.
    case unauthorized(status: Int)
}

extension RequestFailure {
    /// What it says of the connection, when the request was `initialize`.
    var transportFailure: TransportFailure {
        switch self {
        case .notSent(let failure), .lost(let failure): failure
        case .refused(let status, _): .status(status)
        case .unauthorized(let status): .unauthorized(status: status)
        }
    }

    /// Whether the server does not allow it, while the connection stands; where a token is refused it ends by itself.
    var isForbidden: Bool {
        switch self {
        case .unauthorized(status: 403), .refused(status: 403, _): true
        case .unauthorized, .refused, .notSent, .lost: false
        }
    }
}

/// Opens streams to servers.
public protocol MessageConnector: Sendable {
    /// Does what goes on beside the streams, such as asking for tokens; returns when the task is cancelled.
    ///
    /// The manager runs it once, for as long as it runs itself, and before it connects.
    func run() async

    /// Opens a stream, or throws why there is none. It may return, or throw, after the task was cancelled.
    func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream
}

extension MessageConnector {
    /// Nothing goes on beside the streams.
    public func run() async {}
}

/// Why there is no connection, or no longer one.
public enum TransportFailure: Error, Sendable, Equatable {
    /// Nobody listens.
    case refused
    /// The connection was cut off.
    case reset
    /// The other side closed in good order.
    case closed
    /// A stdio server ended, with its exit code if it had one.
    case exited(code: Int?)
    /// The server refused us: HTTP 401, or 403 to `initialize`, `notifications/initialized` or a list.
    case unauthorized(status: Int)
    /// The server is there and does not want us now (HTTP 429 or 503), with the delay that it asked for, as written.
    case unavailable(status: Int, retryAfter: String?)
    /// The server does not know the session any more (HTTP 404 to a request with a session id).
    case sessionExpired
    /// The server answered with an HTTP status that has no meaning here.
    case status(Int)
    /// What was said cannot be understood at all.
    case protocolBroken(String)
    /// The configuration cannot work, such as a command that does not exist.
    case misconfigured(String)
}
