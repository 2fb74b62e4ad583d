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

    /// Closes the stream from our side and lets go of what it holds, a child process included.
    ///
    /// May be called more than once and at any time; ``next()`` then returns nil as soon as it can.
    func close() async
}

/// What a stream reports.
public enum StreamEvent: Sendable, Equatable {
    /// A message, as its bytes stood in the frame.
    case message([UInt8])
    /// The connection is gone; comes at most once.
    case closed(TransportFailure)
}

/// Opens streams to servers.
public protocol MessageConnector: Sendable {
    /// Opens a stream, or throws why there is none. It may return, or throw, after the task was cancelled.
    func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream
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
    /// The server asked for sign-in (HTTP 401 or 403).
    case unauthorized(status: Int)
    /// The server is there and does not want us now (HTTP 429 or 503), with the delay that it asked for, as written.
    case unavailable(status: Int, retryAfter: String?)
    /// What was said cannot be understood at all.
    case protocolBroken(String)
    /// The configuration cannot work, such as a command that does not exist.
    case misconfigured(String)
}
