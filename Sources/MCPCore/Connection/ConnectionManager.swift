import MCPWire

/// Connects to MCP servers, keeps them connected, and calls their tools.
///
/// ``run()`` is the life of a manager; what is asked of it before or after throws `notInManagerContext` (S-022). All
/// decisions are made by values (``ConnectionMachine``, ``ConnectionSession``, ``CallLedger``); the manager carries them
/// out. Connecting, reading, writing and closing happen in child tasks of ``run()``, each for one generation of one
/// server: what such a task reports when its generation is over counts no more, so that nobody waits for a transport
/// that is slow to end. One child sleeps, until the earliest deadline of all.
///
/// What the tasks share stands behind a lock, which is held while nothing waits: to switch to an actor for every
/// message would cost several times as much. Users see an actor, so that no observer can call back under the lock.
public actor ConnectionManager {
    nonisolated let state: WakingLock<ManagerState>
    nonisolated let connector: any MessageConnector
    nonisolated let time: any TimeSource
    nonisolated let handler: (any ServerRequestHandler)?

    /// A manager of these servers; nothing happens before ``run()``. Of two servers with one name the first counts.
    ///
    /// `revision` is the revision of the protocol to ask for, one of those with `initialize`. `seed` is where the jitter
    /// of delays comes from. `handler` answers the requests of servers; without one, only `ping` is answered.
    public init(
        servers: [ServerConfiguration], connector: any MessageConnector, time: any TimeSource,
        policy: ConnectionPolicy = .init(), revision: String = "2025-11-25", seed: UInt64,
        handler: (any ServerRequestHandler)? = nil
    ) {
        self.connector = connector
        self.time = time
        self.handler = handler
        state = WakingLock {
            ManagerState(
                servers, time: time, policy: policy, revision: revision, client: handler?.capabilities ?? .init(),
                seed: seed, wakings: $0)
        }
    }

    /// Has `observer` called synchronously, in order and one at a time, with every event from now on.
    ///
    /// Every subscriber hears the same events with the same revisions (S-019).
    public func subscribe(_ observer: @escaping @Sendable (ManagerEvent) -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    /// The status of a server. Throws `notInManagerContext` and `unknownServer`.
    public func status(of server: String) throws(ConnectionError) -> ServerStatus {
        try state.withLock { state throws(ConnectionError) in
            guard let status = try state.find(server).machine.status else { throw .notInManagerContext }
            return status
        }
    }

    /// Failed attempts of the run; 0 after the stability window. Throws `notInManagerContext` and `unknownServer`.
    public func attempt(of server: String) throws(ConnectionError) -> Int {
        try state.withLock { state throws(ConnectionError) in
            try state.find(server).machine.attempt(at: state.time.now)
        }
    }

    /// The registry of a server's tools, now (S-037). Throws `notInManagerContext` and `unknownServer`.
    public func tools(of server: String) throws(ConnectionError) -> [Tool] {
        try state.withLock { state throws(ConnectionError) in try state.find(server).contents.tools }
    }

    /// What a server declared; nil unless it is connected. Throws `notInManagerContext` and `unknownServer`.
    public func capabilities(of server: String) throws(ConnectionError) -> ServerCapabilities? {
        try state.withLock { state throws(ConnectionError) in
            let server = try state.find(server)
            return server.isConnected ? server.link?.session.capabilities : nil
        }
    }

    /// Why the last attempt to connect failed, or the last connection was lost; nil if there was no such failure.
    ///
    /// Throws `notInManagerContext` and `unknownServer`.
    public func lastFailure(of server: String) throws(ConnectionError) -> TransportFailure? {
        try state.withLock { state throws(ConnectionError) in try state.find(server).lastFailure }
    }

    /// What a server sent that nobody waited for. Throws `notInManagerContext` and `unknownServer`.
    public func counts(of server: String) throws(ConnectionError) -> ServerCounts {
        try state.withLock { state throws(ConnectionError) in try state.find(server).counts }
    }

    /// The first 100 things that a server sent against the protocol (S-186), of each at most 65,536 bytes.
    ///
    /// Throws `notInManagerContext` and `unknownServer`.
    public func violations(of server: String) throws(ConnectionError) -> [ProtocolViolation] {
        try state.withLock { state throws(ConnectionError) in try state.find(server).violations }
    }
}
