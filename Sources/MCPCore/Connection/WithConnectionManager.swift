import MCPWire

/// Runs a connection manager for as long as `body` runs; `observer` hears every event from the first.
///
/// Returns or throws what `body` does, when every stream is closed.
public func withConnectionManager<T>(
    servers: [ServerConfiguration], connector: any MessageConnector, time: any TimeSource,
    policy: ConnectionPolicy = .init(), revision: String = "2025-11-25", seed: UInt64,
    handler: (any ServerRequestHandler)? = nil, observer: (@Sendable (ManagerEvent) -> Void)? = nil,
    isolation: isolated (any Actor)? = #isolation,
    body: (ConnectionManager) async throws -> T
) async throws -> T {
    let manager = ConnectionManager(
        servers: servers, connector: connector, time: time, policy: policy, revision: revision, seed: seed,
        handler: handler)
    if let observer { await manager.subscribe(observer) }
    async let running: Void = manager.run()
    await manager.started()
    do {
        let result = try await body(manager)
        await manager.stop()
        await running
        return result
    } catch {
        await manager.stop()
        await running
        throw error
    }
}
