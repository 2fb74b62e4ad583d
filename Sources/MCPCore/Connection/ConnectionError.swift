import MCPWire

/// Why a call or a command of the connection manager ended without a result.
public enum ConnectionError: Error, Sendable, Equatable {
    /// There is no connection and none is being used for this; no server has executed it.
    case notConnected(server: String)
    /// The request was sent and the connection was lost before its answer: it may or may not have been executed.
    case outcomeUnknown(server: String, cause: TransportFailure)
    /// The manager is not running (S-022).
    case notInManagerContext
    /// No server has that name.
    case unknownServer(String)
    /// The server is switched off; only enabling it helps (S-035, S-036).
    case disabled(server: String, DisabledCause)
    /// The server needs sign-in; or it is connected, and the call needs a scope that only the user can grant.
    case needsAuth(server: String)
    /// The server did not declare what the request needs; 0 bytes were sent (S-001).
    case undeclared(server: String, capability: String)
    /// The server answered with a JSON-RPC error.
    case refused(code: Int, message: String)
    /// The server answered with an HTTP status in place of an answer; `text` is what it said, 1 KiB at most.
    case rejected(server: String, status: Int, text: String)
    /// No answer within the time given.
    case timedOut(server: String)
    /// The caller's task was cancelled; a call that was sent may or may not have been executed.
    case cancelled(server: String)
    /// The state machine has no such edge (S-025); nothing was changed.
    case illegalTransition(from: ServerState?, to: ServerState)
}
