import MCPCore
import MCPWire

/// A connected server, for as long as `withClient` runs.
public struct Client: Sendable {
    /// The manager that keeps the connection; it can do more than stands here.
    public let manager: ConnectionManager
    /// The server's name.
    public let server: String

    /// The tools that the server lists, now. Throws `ConnectionError`.
    public var tools: [Tool] {
        get async throws { try await manager.tools(of: server) }
    }

    /// Calls a tool and returns the `result` of the answer; see `ConnectionManager.callTool`.
    ///
    /// `progress` hears how far the server has come, in order. A call whose task is cancelled is cancelled at the server.
    public func callTool(
        _ name: String, _ arguments: JSONValue = [:], timeout: Duration? = nil,
        progress: ConnectionManager.ProgressObserver? = nil
    ) async throws(ConnectionError) -> JSONValue {
        try await manager.callTool(name, on: server, arguments: arguments, timeout: timeout, progress: progress)
    }

    /// Makes any other request, such as `resources/read`, and returns the `result` of the answer.
    public func request(
        _ method: String, _ params: JSONValue? = nil, timeout: Duration? = nil
    ) async throws(ConnectionError) -> JSONValue {
        try await manager.request(method, params: params, on: server, timeout: timeout)
    }
}

/// Why there is no connection to a server.
public struct ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The server's name.
    public var server: String
    /// What the server came to.
    public var status: ServerStatus
    /// Why the last attempt failed; nil where nothing failed but time ran out.
    public var cause: TransportFailure?

    /// One sentence, with what to check where that is known.
    public var description: String {
        let reason =
            switch cause {
            case .refused: "nobody listens there"
            case .reset: "the connection was cut off"
            case .closed: "it closed the connection"
            case .exited(let code?): "its program ended with exit code \(code) before it answered"
            case .exited(nil): "its program was ended by a signal before it answered"
            case .unauthorized(let status): "it asks for sign-in (HTTP \(status)); give an authorizer"
            case .unavailable(let status, _), .status(let status): "it answered with HTTP \(status)"
            case .sessionExpired: "it forgot the session at once (HTTP 404)"
            case .protocolBroken(let reason), .misconfigured(let reason): reason
            case nil: "it did not answer in time"
            }
        return "cannot connect to \(server): \(reason)"
    }
}
