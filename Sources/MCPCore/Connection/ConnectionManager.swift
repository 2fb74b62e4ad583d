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

    /// What is to be done in a task of its own; servers by their index.
    enum Work: Sendable {
        case connect(server: Int, generation: Int)
        case write(server: Int, generation: Int)
        case close(any MessageStream)
    }

    /// A task was cancelled that waits for something.
    enum Cancellation: Sendable {
        case call(server: Int, number: Int)
        case wait(Int)
    }

    let connector: any MessageConnector
    let time: any TimeSource
    let policy: ConnectionPolicy
    let revision: String
    let cancellations: AsyncStream<Cancellation>
    nonisolated let cancellationQueue: AsyncStream<Cancellation>.Continuation

    let servers: [ManagedServer]
    var generator: SplitMix64
    var lifePhase = LifePhase.idle
    var work: [Work] = []
    /// Servers whose attempt waits for its turn (S-016).
    var connectQueue: [ManagedServer] = []
    /// Until when the sleeper sleeps; nil while there is none.
    var sleepingUntil: Instant?
    var waits: [Wait] = []
    var callers: [Int: CheckedContinuation<CallLedger.Outcome, Never>] = [:]
    var lastNumber = 0

    /// Where ``run()`` waits for work.
    private var parked: UnsafeContinuation<Void, Never>?
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
        self.servers = servers.filter { names.insert($0.name).inserted }.enumerated().map {
            ManagedServer($0.element, policy: policy, index: $0.offset)
        }
        generator = SplitMix64(seed: seed, stream: "backoff")
        (cancellations, cancellationQueue) = AsyncStream.makeStream()
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
        guard let status = try find(server).machine.status else { throw .notInManagerContext }
        return status
    }

    /// Failed attempts of the run; 0 after the stability window. Throws `notInManagerContext` and `unknownServer`.
    public func attempt(of server: String) throws(ConnectionError) -> Int {
        try find(server).machine.attempt(at: time.now)
    }

    /// The registry of a server's tools, now (S-037). Throws `notInManagerContext` and `unknownServer`.
    public func tools(of server: String) throws(ConnectionError) -> [Tool] {
        try find(server).contents.tools
    }

    /// The first 100 things that a server sent against the protocol (S-186), of each at most 65,536 bytes.
    ///
    /// Throws `notInManagerContext` and `unknownServer`.
    public func violations(of server: String) throws(ConnectionError) -> [ProtocolViolation] {
        try find(server).violations
    }

    func find(_ name: String) throws(ConnectionError) -> ManagedServer {
        guard lifePhase == .running else { throw .notInManagerContext }
        guard let server = servers.first(where: { $0.name == name }) else { throw .unknownServer(name) }
        return server
    }

    // MARK: Telling

    func tell(_ event: (_ revision: Int, _ at: Instant) -> ManagerEvent) {
        lastRevision += 1
        guard !observers.isEmpty else { return }
        let event = event(lastRevision, time.now)
        for observer in observers { observer(event) }
    }

    /// Replaces the tools of a server and tells of it.
    func replaceTools(of server: ManagedServer, with tools: [Tool]) {
        server.contents.tools = tools
        let generation = server.machine.generation
        tell { .tools(ToolsChange(server: server.name, revision: $0, at: $1, generation: generation, tools: tools)) }
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
        cancellationQueue.finish()
        endStartWaits()
        endAllWaits(.notInManagerContext)
        for server in servers {
            if let stream = server.link?.stream { work.append(.close(stream)) }
            server.link = nil
            end(server.ledger.connectionLost(.closed) + server.ledger.endWaiting())
        }
        unpark()
    }

    /// Loads and connects the servers; returns after ``stop()`` or cancellation, when every stream is closed.
    ///
    /// A manager runs once: a second call returns at once.
    public func run() async {
        guard lifePhase == .idle else { return }
        lifePhase = .running
        endStartWaits()
        // Streams are closed in a group that is not cancelled when the other work is.
        await withDiscardingTaskGroup { closing in
            await withDiscardingTaskGroup { group in
                group.addTask { await self.listen() }
                for server in servers { feedSafely(server, .load) }
                while lifePhase == .running {
                    start(&group, &closing)
                    if let deadline = nextDeadline {
                        await work(&group, &closing, until: deadline)
                    } else {
                        await park()
                    }
                }
                work.removeAll { if case .close = $0 { false } else { true } }
                start(&group, &closing)
                group.cancelAll()
            }
        }
    }

    /// Starts what there is to start while a child sleeps until `deadline`; returns when another is needed.
    private func work(
        _ group: inout DiscardingTaskGroup, _ closing: inout DiscardingTaskGroup, until deadline: Instant
    ) async {
        sleepingUntil = deadline
        await withDiscardingTaskGroup { sleeper in
            if #available(macOS 26, *) {
                sleeper.addImmediateTask { await self.sleep(until: deadline) }
            } else {
                sleeper.addTask { await self.sleep(until: deadline) }
            }
            while lifePhase == .running, !needsAnotherDeadline {
                await park()
                start(&group, &closing)
            }
            sleeper.cancelAll()
        }
        sleepingUntil = nil
    }

    private func sleep(until deadline: Instant) async {
        do {
            try await time.sleep(until: deadline)
        } catch {
            // There is another deadline now, or none.
            return
        }
        sleepingUntil = nil
        expire()
        unpark()
    }

    /// Takes what comes from cancelled tasks, which cannot wait for the actor; ends with the manager.
    private func listen() async {
        for await cancellation in cancellations {
            switch cancellation {
            case .call(let index, let number):
                if let ending = servers[index].ledger.cancel(number) { end([ending]) }
                wakeIfNeeded()
            case .wait(let id): cancelWait(id)
            }
        }
        stop()
    }

    private func park() async {
        guard lifePhase == .running, work.isEmpty else { return }
        await withUnsafeContinuation { parked = $0 }
    }

    /// Has ``run()`` go round.
    func unpark() {
        parked?.resume()
        parked = nil
    }

    private func endStartWaits() {
        for wait in startWaits { wait.resume() }
        startWaits = []
    }

    /// Starts the tasks that wait to be started; each runs at once, on the actor, until it first has to wait.
    private func start(_ group: inout DiscardingTaskGroup, _ closing: inout DiscardingTaskGroup) {
        while !work.isEmpty {
            let started = work
            work.removeAll(keepingCapacity: true)
            for item in started {
                if case .close(let stream) = item {
                    closing.addTask { await stream.close() }
                } else if #available(macOS 26, *) {
                    group.addImmediateTask { await self.perform(item) }
                } else {
                    group.addTask { await self.perform(item) }
                }
            }
        }
    }

    private func perform(_ item: Work) async {
        switch item {
        case .connect(let index, let generation): await carry(servers[index], generation)
        case .write(let index, let generation): await write(servers[index], generation)
        case .close(let stream): await stream.close()
        }
    }
}
