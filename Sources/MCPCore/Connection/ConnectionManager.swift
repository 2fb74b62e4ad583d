import MCPWire

/// Connects to MCP servers, keeps them connected, and calls their tools.
public actor ConnectionManager {
    /// A manager of these servers; nothing happens before ``run()``.
    public init(
        servers: [ServerConfiguration], connector: any MessageConnector, time: any TimeSource,
        policy: ConnectionPolicy = .init(), revision: String = "2025-11-25", seed: UInt64
    ) {
    }

    /// Loads and connects the servers; returns after ``stop()`` or cancellation, when every stream is closed.
    public func run() async {}
    /// Returns when ``run()`` has begun.
    public func started() async {}
    /// Ends ``run()``.
    public func stop() {}
    /// Has `observer` called synchronously, in order, on the actor.
    public func subscribe(_ observer: @escaping @Sendable (ManagerEvent) -> Void) {}
    /// The status of a server.
    public func status(of server: String) throws(ConnectionError) -> ServerStatus { throw .notInManagerContext }
    /// Failed attempts of the run; 0 after the stability window.
    public func attempt(of server: String) throws(ConnectionError) -> Int { throw .notInManagerContext }
    /// The registry of a server's tools, now.
    public func tools(of server: String) throws(ConnectionError) -> [Tool] { throw .notInManagerContext }
    /// What a server sent against the protocol.
    public func violations(of server: String) throws(ConnectionError) -> [ProtocolViolation] {
        throw .notInManagerContext
    }
    /// Returns when the server is connected and its tools are listed.
    public func ready(_ server: String) async throws(ConnectionError) { throw .notInManagerContext }
    /// Returns when no server is pending, or after `timeout`.
    public func allSettled(
        timeout: Duration
    ) async throws(ConnectionError) -> [(server: String, status: ServerStatus)] {
        throw .notInManagerContext
    }
    /// Connects afresh.
    public func reconnect(
        _ server: String, with configuration: ServerConfiguration? = nil
    ) async throws(ConnectionError) -> ServerContents {
        throw .notInManagerContext
    }
    /// Switches a server on or off.
    public func toggle(_ server: String, _ isOn: Bool) async throws(ConnectionError) { throw .notInManagerContext }
    /// The user starts to sign in.
    public func beginSignIn(_ server: String) throws(ConnectionError) { throw .notInManagerContext }
    /// The user's sign-in is over.
    public func completeSignIn(_ server: String, succeeded: Bool) throws(ConnectionError) {
        throw .notInManagerContext
    }
    /// Calls a tool.
    public func callTool(
        _ tool: String, on server: String, arguments: JSONValue, timeout: Duration? = nil
    ) async throws(ConnectionError) -> JSONValue {
        throw .notInManagerContext
    }
}
