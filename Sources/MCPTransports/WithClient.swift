import MCPCore
import MCPWire

/// A connected server, for as long as ``withClient(_:authorizer:policy:observer:body:)`` runs.
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
    public func callTool(
        _ name: String, _ arguments: JSONValue = [:], timeout: Duration? = nil
    ) async throws(ConnectionError) -> JSONValue {
        try await manager.callTool(name, on: server, arguments: arguments, timeout: timeout)
    }
}

/// Connects to one server, runs `body`, and disconnects; a program that was started has ended then.
///
///     try await withClient(.stdio("python", ["server.py"])) { client in
///         for tool in try await client.tools { print(tool.name) }
///         print(try await client.callTool("add", ["a": 1, "b": 2]))
///     }
///
/// `authorizer` gives the tokens of a server that asks for them. A server that cannot be reached is not tried again before
/// it was connected once, after which `policy` holds. Throws `ConnectionError` when there is no connection, with why in
/// its cause, and what `body` throws.
public func withClient<T>(
    _ server: ServerConfiguration, authorizer: (any RequestAuthorizer)? = nil, policy: ConnectionPolicy = .atOnce,
    observer: (@Sendable (ManagerEvent) -> Void)? = nil, isolation: isolated (any Actor)? = #isolation,
    body: (Client) async throws -> T
) async throws -> T {
    let time = LiveTimeSource()
    let seed = UInt64.random(in: 0...UInt64.max)
    let connector = LiveConnector(
        time: time, policy: policy, authorizers: authorizer.map { [server.name: $0] } ?? [:], seed: seed)
    return try await withConnectionManager(
        servers: [server], connector: connector, time: time, policy: policy, seed: seed, observer: observer
    ) { manager in
        try await manager.ready(server.name)
        return try await body(Client(manager: manager, server: server.name))
    }
}

extension ConnectionPolicy {
    /// The numbers of the chapter, without retries before the server was connected once.
    public static var atOnce: ConnectionPolicy {
        var policy = ConnectionPolicy()
        policy.firstConnectRetries = 0
        return policy
    }
}
