import MCPCore
import MCPWire

/// Connects to one server, runs `body`, and disconnects; a program that was started has ended then.
///
///     try await withClient(.stdio("python", ["server.py"])) { client in
///         for tool in try await client.tools { print(tool.name) }
///         print(try await client.callTool("add", ["a": 1, "b": 2]))
///     }
///
/// `authorizer` gives the tokens of a server that asks for them; an `Authorizer` with a user signs in where that is
/// needed. `handler` answers what the server asks. A server that cannot be reached is not tried again before it was
/// connected once, after which `policy` holds. `stdio` starts programs, and `sender` sends requests over HTTP.
///
/// Throws ``ClientError`` when there is no connection, `AuthorizationError` when the sign-in fails, and what `body` does.
public func withClient<T>(
    _ server: ServerConfiguration, authorizer: (any RequestAuthorizer)? = nil,
    handler: (any ServerRequestHandler)? = nil, policy: ConnectionPolicy = .withoutFirstRetries,
    revision: ProtocolRevision = .november2025, stdio: StdioConnector = StdioConnector(),
    sender: any HTTPSender = LiveHTTPSender(), observer: (@Sendable (ManagerEvent) -> Void)? = nil,
    isolation: isolated (any Actor)? = #isolation, body: (Client) async throws -> T
) async throws -> T {
    let time = LiveTimeSource()
    let seed = UInt64.random(in: 0...UInt64.max)
    let connector = LiveConnector(
        time: time, stdio: stdio, sender: sender, policy: policy,
        authorizers: authorizer.map { [server.name: $0] } ?? [:], seed: seed)
    return try await withConnectionManager(
        servers: [server], connector: connector, time: time, policy: policy, revision: revision.rawValue, seed: seed,
        handler: handler, observer: observer
    ) { manager in
        try await connect(manager, server.name, authorizer)
        return try await body(Client(manager: manager, server: server.name))
    }
}

/// Returns when the server is connected, after a sign-in if it takes one.
private func connect(
    _ manager: ConnectionManager, _ server: String, _ authorizer: (any RequestAuthorizer)?
) async throws {
    var failure = await waited(for: server, manager)
    if case .needsAuth = failure, let authorizer = authorizer as? Authorizer {
        try await authorizer.signIn()
        try await manager.completeSignIn(server, succeeded: true)
        failure = await waited(for: server, manager)
    }
    guard let failure else { return }
    if case .cancelled = failure { throw failure }
    throw ClientError(
        server: server, status: try await manager.status(of: server),
        cause: try await manager.lastFailure(of: server))
}

/// Waits for a server; nil when it is connected, and its tools are listed.
private func waited(for server: String, _ manager: ConnectionManager) async -> ConnectionError? {
    do {
        try await manager.ready(server)
        return nil
    } catch {
        return error
    }
}

extension ConnectionPolicy {
    /// The numbers of the chapter, without retries before the server was connected once.
    public static var withoutFirstRetries: ConnectionPolicy {
        var policy = ConnectionPolicy()
        policy.firstConnectRetries = 0
        return policy
    }
}
