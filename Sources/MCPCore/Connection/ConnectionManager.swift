import MCPWire

/// Connects to MCP servers, keeps them connected, and calls their tools.
///
/// ``run()`` is the life of a manager; what is asked of it before or after throws `notInManagerContext` (S-022). All
/// decisions are made by values (``ConnectionMachine``, ``ConnectionSession``, ``CallLedger``); the actor carries them
/// out. Connecting, reading, writing and closing happen in child tasks of ``run()``, each for one generation of one
/// server: what such a task reports when its generation is over counts no more, so that nobody waits for a transport
/// that is slow to end. One child sleeps, until the earliest deadline of all.
public actor ConnectionManager {
    enum LifePhase {
        case idle, running, stopped
    }

    /// What wakes ``run()``.
    enum Command: Sendable {
        /// There is work to start, or another deadline.
        case wake
        /// The sleeper slept until its deadline.
        case deadline
        case cancelCall(server: Int, number: Int)
        case cancelWait(Int)
    }

    /// What is to be done in a task of its own.
    enum Work {
        case connect(server: Int, generation: Int)
        case write(server: Int, generation: Int)
        case close(any MessageStream)
    }

    let connector: any MessageConnector
    let time: any TimeSource
    let policy: ConnectionPolicy
    let revision: String
    let commands: AsyncStream<Command>
    nonisolated let commandQueue: AsyncStream<Command>.Continuation

    var servers: [ManagedServer]
    var generator: SplitMix64
    var lifePhase = LifePhase.idle
    var work: [Work] = []
    /// Servers whose attempt waits for its turn (S-016).
    var connectQueue: [Int] = []
    /// Until when the sleeper sleeps; nil while there is none.
    var sleepingUntil: Instant?
    var isWakeQueued = false
    var waits: [Wait] = []
    var callers: [Int: CheckedContinuation<CallLedger.Outcome, Never>] = [:]
    var lastNumber = 0

    private var observers: [@Sendable (ManagerEvent) -> Void] = []
    private var lastRevision = 0
    private var startWaits: [CheckedContinuation<Void, Never>] = []

    /// A manager of these servers; nothing happens before ``run()``. Of two servers with one name the first counts.
    ///
    /// `revision` is the revision of the protocol to ask for, one of those with `initialize`. `seed` is where the jitter
    /// of delays comes from.
    public init(
        servers: [ServerConfiguration], connector: any MessageConnector, time: any TimeSource,
        policy: ConnectionPolicy = .init(), revision: String = "2025-11-25", seed: UInt64
    ) {
        self.connector = connector
        self.time = time
        self.policy = policy
        self.revision = revision
        var names: Set<String> = []
        self.servers = servers.filter { names.insert($0.name).inserted }.map { ManagedServer($0, policy: policy) }
        generator = SplitMix64(seed: seed, stream: "backoff")
        (commands, commandQueue) = AsyncStream.makeStream()
    }

    // MARK: Looking

    /// Has `observer` called synchronously, in order, on the actor, with every event from now on.
    ///
    /// Every subscriber hears the same events with the same revisions (S-019).
    public func subscribe(_ observer: @escaping @Sendable (ManagerEvent) -> Void) {
        observers.append(observer)
    }

    /// The status of a server. Throws `notInManagerContext` and `unknownServer`.
    public func status(of server: String) throws(ConnectionError) -> ServerStatus {
        let index = try index(of: server)
        guard let status = servers[index].machine.status else { throw .notInManagerContext }
        return status
    }

    /// Failed attempts of the run; 0 after the stability window. Throws `notInManagerContext` and `unknownServer`.
    public func attempt(of server: String) throws(ConnectionError) -> Int {
        try servers[index(of: server)].machine.attempt(at: time.now)
    }

    /// The registry of a server's tools, now (S-037). Throws `notInManagerContext` and `unknownServer`.
    public func tools(of server: String) throws(ConnectionError) -> [Tool] {
        try servers[index(of: server)].contents.tools
    }

    /// The first 100 things that a server sent against the protocol (S-186), of each at most 65,536 bytes.
    ///
    /// Throws `notInManagerContext` and `unknownServer`.
    public func violations(of server: String) throws(ConnectionError) -> [ProtocolViolation] {
        try servers[index(of: server)].violations
    }

    func index(of server: String) throws(ConnectionError) -> Int {
        guard lifePhase == .running else { throw .notInManagerContext }
        guard let index = servers.firstIndex(where: { $0.name == server }) else { throw .unknownServer(server) }
        return index
    }

    // MARK: Telling

    func tell(_ event: (_ revision: Int, _ at: Instant) -> ManagerEvent) {
        lastRevision += 1
        guard !observers.isEmpty else { return }
        let event = event(lastRevision, time.now)
        for observer in observers { observer(event) }
    }

    /// Replaces the tools of a server and tells of it.
    func replaceTools(of server: Int, with tools: [Tool]) {
        servers[server].contents.tools = tools
        let (name, generation) = (servers[server].name, servers[server].machine.generation)
        tell { .tools(ToolsChange(server: name, revision: $0, at: $1, generation: generation, tools: tools)) }
    }

    // MARK: Life

    /// Returns when ``run()`` has begun; for those who start it in a task of their own.
    public func started() async {
        guard lifePhase == .idle else { return }
        await withCheckedContinuation { startWaits.append($0) }
    }

    /// Ends ``run()``: every call and wait ends at once, and every stream is closed.
    public func stop() {
        guard lifePhase != .stopped else { return }
        lifePhase = .stopped
        commandQueue.finish()
        endStartWaits()
        endAllWaits(.notInManagerContext)
        for index in servers.indices {
            if let stream = servers[index].link?.stream { work.append(.close(stream)) }
            servers[index].link = nil
            end(servers[index].ledger.connectionLost(.closed) + servers[index].ledger.endWaiting())
        }
    }

    /// Loads and connects the servers; returns after ``stop()`` or cancellation, when every stream is closed.
    ///
    /// A manager runs once: a second call returns at once.
    public func run() async {
        guard lifePhase == .idle else { return }
        lifePhase = .running
        endStartWaits()
        var iterator = commands.makeAsyncIterator()
        // Streams are closed in a group that is not cancelled when the other work is.
        await withDiscardingTaskGroup { closing in
            await withDiscardingTaskGroup { group in
                for index in servers.indices { feedSafely(index, .load) }
                while lifePhase == .running {
                    start(&group, &closing)
                    if let deadline = nextDeadline {
                        await serve(&iterator, &group, &closing, until: deadline)
                    } else if let command = await iterator.next(isolation: self) {
                        handle(command)
                    } else {
                        stop()
                    }
                }
                work.removeAll { if case .close = $0 { false } else { true } }
                start(&group, &closing)
                group.cancelAll()
            }
        }
    }

    /// Takes commands while a child sleeps until `deadline`; returns when another deadline is needed.
    private func serve(
        _ iterator: inout AsyncStream<Command>.Iterator, _ group: inout DiscardingTaskGroup,
        _ closing: inout DiscardingTaskGroup, until deadline: Instant
    ) async {
        sleepingUntil = deadline
        defer { sleepingUntil = nil }
        async let _ = Self.sleep(until: deadline, time, commandQueue)
        while lifePhase == .running {
            guard let command = await iterator.next(isolation: self) else {
                stop()
                return
            }
            handle(command)
            guard lifePhase == .running else { return }
            start(&group, &closing)
            if case .deadline = command { return }
            if needsAnotherDeadline { return }
        }
    }

    private static func sleep(
        until deadline: Instant, _ time: any TimeSource, _ commandQueue: AsyncStream<Command>.Continuation
    ) async {
        do {
            try await time.sleep(until: deadline)
            commandQueue.yield(.deadline)
        } catch {
            // Cancelled: there is another deadline now, or none.
        }
    }

    private func endStartWaits() {
        for wait in startWaits { wait.resume() }
        startWaits = []
    }

    /// Starts the tasks that wait to be started.
    private func start(_ group: inout DiscardingTaskGroup, _ closing: inout DiscardingTaskGroup) {
        let started = work
        work.removeAll(keepingCapacity: true)
        for item in started {
            switch item {
            case .connect(let server, let generation):
                let configuration = servers[server].machine.configuration
                group.addTask { await self.carry(server, generation, configuration) }
            case .write(let server, let generation):
                guard let (stream, batch) = firstBatch(server, generation) else { continue }
                group.addTask { await self.write(server, generation, stream, batch) }
            case .close(let stream):
                closing.addTask { await stream.close() }
            }
        }
    }
}
