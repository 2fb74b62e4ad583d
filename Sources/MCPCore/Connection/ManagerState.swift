import MCPWire

/// What a connection manager knows, and what it does at each event; only touched under the manager's lock.
///
/// Nothing here waits. What needs a task of its own is left in ``work`` for ``ConnectionManager/run()``.
final class ManagerState {
    enum LifePhase {
        case idle, running, stopped
    }

    /// What is to be done in a task of its own; servers by their index.
    enum Work: Sendable {
        case connect(server: Int, generation: Int)
        case write(server: Int, generation: Int)
        case close(any MessageStream)
        case handle(Handling)
        case sleep(until: Instant, number: Int)
    }

    /// Who sleeps until the earliest deadline, or is about to.
    struct Sleeper {
        var number: Int
        var until: Instant
        var task: TaskHandle?
    }

    /// Where continuations are left, as they must not be resumed under the lock.
    let wakings: Wakings
    let time: any TimeSource
    let policy: ConnectionPolicy
    let revision: String
    /// What is declared to servers.
    let client: ClientCapabilities
    let servers: [ManagedServer]
    var generator: SplitMix64
    var lifePhase = LifePhase.idle
    var work: [Work] = []
    /// Servers whose attempt waits for its turn (S-016).
    var connectQueue: [ManagedServer] = []
    /// Nil while nothing is waited for.
    var sleeper: Sleeper?
    /// Tasks that take up work of themselves when the present event is over.
    private var freeHands = 0
    private var isInEvent = false
    var waits: [Wait] = []
    var callers: [Int: Caller] = [:]
    var observers: [@Sendable (ManagerEvent) -> Void] = []

    /// The task that runs the connector, while it does.
    var connectorTask: TaskHandle?
    /// The tasks that close streams, by a number of their own.
    private var closes: [Int: TaskHandle] = [:]
    /// The task that waits until the closing has taken too long.
    private var limiter: TaskHandle?
    /// Where ``ConnectionManager/run()`` waits for work.
    private var parked: UnsafeContinuation<Void, Never>?
    private var startWaits: [CheckedContinuation<Void, Never>] = []
    private var lastRevision = 0
    private var lastNumber = 0

    init(
        _ configurations: [ServerConfiguration], time: any TimeSource, policy: ConnectionPolicy, revision: String,
        client: ClientCapabilities, seed: UInt64, wakings: Wakings
    ) {
        self.wakings = wakings
        self.time = time
        self.policy = policy
        self.revision = revision
        self.client = client
        var names: Set<String> = []
        servers = configurations.filter { names.insert($0.name).inserted }.enumerated().map {
            ManagedServer($0.element, policy: policy, index: $0.offset)
        }
        generator = SplitMix64(seed: seed, stream: "backoff")
    }

    func find(_ name: String) throws(ConnectionError) -> ManagedServer {
        guard lifePhase == .running else { throw .notInManagerContext }
        guard let server = servers.first(where: { $0.name == name }) else { throw .unknownServer(name) }
        return server
    }

    /// A number that no other call or wait has.
    func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    // MARK: Telling

    func tell(_ event: (_ revision: Int, _ at: Instant) -> ManagerEvent) {
        lastRevision += 1
        guard !observers.isEmpty else { return }
        let event = event(lastRevision, time.now)
        for observer in observers { observer(event) }
    }

    /// Tells users something about a server.
    func tell(_ kind: ServerNotice.Kind, _ text: String, of server: ManagedServer) {
        tell { .notice(ServerNotice(server: server.name, revision: $0, at: $1, kind: kind, text: text)) }
    }

    /// Tells of a notification that is no business of the manager.
    func tell(_ method: String, _ params: JSONValue, of server: ManagedServer) {
        tell {
            .notification(
                ServerNotification(server: server.name, revision: $0, at: $1, method: method, params: params))
        }
    }

    /// Replaces the tools of a server and tells of it.
    func replaceTools(of server: ManagedServer, with tools: [Tool]) {
        server.contents.tools = tools
        let generation = server.machine.generation
        tell { .tools(ToolsChange(server: server.name, revision: $0, at: $1, generation: generation, tools: tools)) }
    }

    // MARK: Life

    /// Begins the life of the manager; false if it has begun before.
    func start() -> Bool {
        guard lifePhase == .idle else { return false }
        lifePhase = .running
        endStartWaits()
        for server in servers { feedSafely(server, .load) }
        return true
    }

    func awaitStart(_ continuation: CheckedContinuation<Void, Never>) {
        if lifePhase == .idle { startWaits.append(continuation) } else { wakings.add { continuation.resume() } }
    }

    /// Ends every call and wait, and leaves no work but the closing of streams.
    func stop() {
        guard lifePhase != .stopped else { return }
        lifePhase = .stopped
        endStartWaits()
        endWaits { _ in .failure(.notInManagerContext) }
        sleeper = nil
        work.removeAll { if case .close = $0 { false } else { true } }
        for server in servers {
            if let link = server.link {
                server.takeBackRequests()
                work.append(.close(link.stream))
                link.stopHandlers()
            }
            server.link = nil
            server.dial = nil
            end(server.ledger.connectionLost(.closed) + server.ledger.endWaiting(), of: server)
        }
        unpark()
    }

    private func endStartWaits() {
        for wait in startWaits { wakings.add { wait.resume() } }
        startWaits = []
    }

    // MARK: Closing

    /// Whether a stream is being closed.
    var isClosing: Bool { !closes.isEmpty }

    func beginClose(_ task: TaskHandle) -> Int {
        let number = nextNumber()
        closes[number] = task
        return number
    }

    func endClose(_ number: Int) {
        closes[number] = nil
        if closes.isEmpty { limiter?.cancel() }
    }

    /// A task is about to wait for streams to close; nil if all are.
    func beginLimit(_ task: TaskHandle) -> Instant? {
        guard isClosing else { return nil }
        limiter = task
        return time.now.advanced(by: policy.closeTimeout)
    }

    /// The wait is over; when it has lasted until its deadline, nobody waits for what is not closed.
    func endLimit(isDue: Bool) {
        limiter = nil
        guard isDue else { return }
        for (_, task) in closes.sorted(by: { $0.key < $1.key }) { task.cancel() }
        connectorTask?.cancel()
    }

    // MARK: Work

    /// Has ``ConnectionManager/run()`` wait until there is something for it to do.
    func park(_ continuation: UnsafeContinuation<Void, Never>) {
        if lifePhase == .running, work.isEmpty {
            parked = continuation
        } else {
            wakings.add { continuation.resume() }
        }
    }

    /// Has ``ConnectionManager/run()`` go round.
    func unpark() {
        guard let parked else { return }
        self.parked = nil
        wakings.add { parked.resume() }
    }

    /// Takes all work that waits to be started.
    func takeWork() -> [Work] {
        guard !work.isEmpty else { return [] }
        defer { work.removeAll(keepingCapacity: true) }
        return work
    }

    /// Takes the next work for a task that has done its own; nil if there is none that it may do.
    func takeNext() -> Work? {
        guard lifePhase == .running, let next = work.first else { return nil }
        if case .close = next { return nil }
        return work.removeFirst()
    }

    /// Sees to it that there is somebody for all work, and a sleeper for the next deadline.
    func arrangeWork() {
        guard lifePhase == .running, !isInEvent else { return }
        arrangeSleep()
        // Streams are closed in a group of their own, which no free hand can do.
        if work.count > freeHands || work.contains(where: { if case .close = $0 { true } else { false } }) { unpark() }
    }

    /// An event after which the task that reports it is free for other work.
    func lastEvent(_ body: () -> Void) {
        isInEvent = true
        body()
        isInEvent = false
        freeHands = 1
        arrangeWork()
        freeHands = 0
    }
}
