import MCPCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs asynchronous Swift code on one thread, in virtual time, with a seeded choice among all jobs that are ready.
///
/// The same body and seed give the same order of everything, on every machine (S-174). Only structured concurrency
/// stays inside: child tasks, actors, continuations and the simulation's ``clock``. What gets out is detected when it
/// comes back, and ``run(_:)`` then throws ``SimulationFailure/escaped(count:at:)``.
///
/// All methods but ``run(_:)`` are to be called from within the body.
public final class Simulation: @unchecked Sendable {
    /// What comes first of all that is due at one instant; each phase runs until nothing is ready.
    public enum Phase: Int, Sendable {
        /// Changes of the world: faults, servers that come and go.
        case world
        /// What the network delivers, so that a reply at the deadline wins.
        case delivery
        /// Timers of the code under test, and what a scenario does.
        case timer
        /// Looking at what has become of it all.
        case observation
    }

    /// Whether deliveries or timers come first at one instant.
    public enum Order: String, Sendable, CaseIterable {
        /// A reply at the deadline wins.
        case deliveriesFirst = "deliveries-first"
        /// The deadline wins.
        case timersFirst = "timers-first"
    }

    /// Where a simulation is stopped although its body has not ended.
    public struct Limits: Sendable {
        /// Jobs and callbacks run.
        public var steps: Int
        /// Virtual time.
        public var time: Duration
        /// Real time for which a simulation that cannot go on waits for what escaped from it, to name the true cause.
        public var grace: Duration

        /// 100 million steps take a minute or two; ten years of virtual time are longer than any scenario.
        public init(
            steps: Int = 100_000_000, time: Duration = .seconds(315_360_000), grace: Duration = .milliseconds(200)
        ) {
            self.steps = steps
            self.time = time
            self.grace = grace
        }
    }

    private enum Ready {
        case job(UnownedJob)
        case callback(() -> Void)
    }

    private enum Waiter {
        case sleeper(UnsafeContinuation<Void, any Error>, isCounted: Bool)
        case callback(() -> Void)
    }

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var cancelled: [UInt64] = []
        var escapeCount = 0
    }

    /// The seed of every choice.
    public let seed: UInt64
    /// What was noted so far, in order.
    public private(set) var log = EventLog()
    /// Jobs and callbacks run so far.
    public private(set) var stepCount = 0
    /// How many tasks sleep on ``clock``.
    public private(set) var sleeperCount = 0

    private let limits: Limits
    private let order: Order
    private var present = Instant.zero
    private var ready: [Ready] = []
    private var timers = TimerQueue()
    private var waiters: [UInt64: Waiter] = [:]
    private var waits: [UInt64: () -> String] = [:]
    private var nextID: UInt64 = 0
    private var choices: SplitMix64
    private var owner = pthread_self()
    private var firstEscape: Instant?
    private let inbox = Mutex(Inbox())
    private var cleanups: [() -> Void] = []
    private var executor: SimulationExecutor!

    /// A simulation at instant 0; `run` may be called once.
    public init(seed: UInt64, limits: Limits = Limits(), order: Order = .deliveriesFirst) {
        self.seed = seed
        self.limits = limits
        self.order = order
        choices = SplitMix64(seed: seed, stream: "order")
        executor = SimulationExecutor(self)
    }

    /// The present; also what ``clock`` says.
    public var now: Instant {
        if !isOnOwnThread { inbox.withLock { $0.escapeCount += 1 } }
        return present
    }

    /// The virtual clock, for the code under test.
    public var clock: SimulationClock { SimulationClock(self) }

    /// The random numbers of one subsystem; a draw from one stream shifts no other.
    public func generator(_ stream: String) -> SplitMix64 { SplitMix64(seed: seed, stream: stream) }

    /// Notes something in the log at the present instant.
    public func note(_ text: @autoclosure () -> String) { log.append(text(), at: present) }

    // MARK: Running

    /// Runs `body` to its end on the calling thread, which it blocks; returns or throws what `body` does.
    ///
    /// Throws ``SimulationFailure`` when the body cannot end, passes a limit, or something escaped.
    public func run<T: Sendable>(_ body: @escaping @Sendable (Simulation) async throws -> T) throws -> T {
        precondition(nextID == 0 && stepCount == 0, "a simulation runs once")
        owner = pthread_self()
        nonisolated(unsafe) var result: Result<T, any Error>?
        let root = Task(executorPreference: executor) {
            do { result = .success(try await body(self)) } catch { result = .failure(error) }
        }
        var failure = drive { result != nil }
        if failure != nil {
            // Cancelled sleeps and waits return, so that the body's tasks can end and be freed.
            root.cancel()
            repeat {
                runReady(atMost: 1_000_000) { result != nil }
                // A real sleep that was cancelled comes back from its thread.
            } while result == nil && ready.isEmpty && waitForOutside()
        }
        takeInbox()
        if let firstEscape {
            failure = .escaped(count: inbox.withLock(\.escapeCount), at: firstEscape)
        }
        // A task that still exists, here or outside, may call the executor at any time from now on.
        if failure != nil, result == nil || firstEscape != nil { _ = Unmanaged.passRetained(self) }
        if let failure { throw failure }
        letGo()
        guard let result else { preconditionFailure("the body of the simulation ended without a result") }
        return try result.get()
    }

    /// Called when ``run(_:)`` has ended as it should, for whoever refers back to the simulation.
    func atEnd(_ cleanup: @escaping () -> Void) { cleanups.append(cleanup) }

    /// What is still scheduled may refer back to the simulation.
    private func letGo() {
        (ready, timers, waiters) = ([], TimerQueue(), [:])
        for cleanup in cleanups { cleanup() }
        cleanups = []
    }

    /// Runs until `isDone`; returns why it could not.
    private func drive(_ isDone: () -> Bool) -> SimulationFailure? {
        while !isDone() {
            runReady(atMost: limits.steps - stepCount, isDone)
            if isDone() { return nil }
            if !ready.isEmpty { return .stepLimit(limits.steps, at: present, waits: openWaits) }
            if takeInbox() { continue }
            guard let next = nextTimer() else {
                if waitForOutside() { continue }
                return .deadlock(at: present, waits: openWaits)
            }
            if Instant.zero.duration(to: next.at) > limits.time {
                return .timeLimit(limits.time, waits: openWaits)
            }
            present = max(present, next.at)
            release(at: next.at, rank: next.rank)
        }
        return nil
    }

    private func runReady(atMost limit: Int, _ isDone: () -> Bool) {
        let last = stepCount + max(0, limit)
        while !ready.isEmpty, stepCount < last, !isDone() {
            let index = ready.count == 1 ? 0 : choices.below(ready.count)
            ready.swapAt(index, ready.count - 1)
            stepCount += 1
            switch ready.removeLast() {
            case .job(let job): job.runSynchronously(on: executor.asUnownedTaskExecutor())
            case .callback(let action): action()
            }
        }
    }

    /// The next entry that still has somebody waiting for it.
    private func nextTimer() -> Timed? {
        while let entry = timers.first {
            if waiters[entry.id] != nil { return entry }
            timers.removeFirst()
        }
        return nil
    }

    /// Makes everything ready that is due at this instant in this phase.
    private func release(at instant: Instant, rank: Int) {
        while let entry = timers.first, entry.at == instant, entry.rank == rank {
            timers.removeFirst()
            switch waiters.removeValue(forKey: entry.id) {
            case .sleeper(let continuation, let isCounted):
                if isCounted { sleeperCount -= 1 }
                continuation.resume()
            case .callback(let action): ready.append(.callback(action))
            case nil: break
            }
        }
    }

    private var openWaits: [String] { waits.sorted { $0.key < $1.key }.map { $0.value() } }

    // MARK: From outside

    var isOnOwnThread: Bool { pthread_equal(pthread_self(), owner) != 0 }

    func enqueue(_ job: UnownedJob) {
        if isOnOwnThread {
            ready.append(.job(job))
        } else {
            inbox.withLock {
                $0.jobs.append(job)
                $0.escapeCount += 1
            }
        }
    }

    /// Takes in what came from other threads; returns whether there was anything to run.
    @discardableResult
    private func takeInbox() -> Bool {
        let (jobs, cancelled, escapeCount) = inbox.withLock { inbox in
            defer { (inbox.jobs, inbox.cancelled) = ([], []) }
            return (inbox.jobs, inbox.cancelled, inbox.escapeCount)
        }
        if escapeCount > 0, firstEscape == nil { firstEscape = present }
        ready += jobs.map { .job($0) }
        for id in cancelled { cancelSleep(id) }
        return !jobs.isEmpty || !cancelled.isEmpty
    }

    /// Before a deadlock is declared: real time for what escaped to come back.
    private func waitForOutside() -> Bool {
        for _ in 0..<(limits.grace.wholeNanoseconds / 5_000_000) {
            if takeInbox() { return true }
            poll(nil, 0, 5)
        }
        return takeInbox()
    }

    // MARK: Time

    /// Runs `action` on the simulation's thread when `instant` comes, or at once in its phase if that has passed.
    ///
    /// What is due at one instant in one phase runs in seeded order. Returns an id for ``cancel(_:)``.
    @discardableResult
    public func schedule(at instant: Instant, _ phase: Phase, _ action: @escaping () -> Void) -> UInt64 {
        insert(.callback(action), at: instant, phase)
    }

    /// Takes back what was scheduled, if it has not begun.
    public func cancel(_ id: UInt64) { waiters[id] = nil }

    /// Returns when `instant` comes, in that phase; for drivers, whose sleeping is no timer of the code under test.
    public func sleep(until instant: Instant, phase: Phase = .timer) async throws {
        try await sleep(until: instant, phase: phase, isCounted: false)
    }

    func sleep(until instant: Instant, phase: Phase, isCounted: Bool) async throws {
        nextID += 1
        let id = nextID
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiters[id] = .sleeper(continuation, isCounted: isCounted)
                    timers.insert(.init(at: max(instant, present), rank: rank(of: phase), id: id))
                    if isCounted { sleeperCount += 1 }
                }
            }
        } onCancel: {
            if isOnOwnThread {
                cancelSleep(id)
            } else {
                inbox.withLock {
                    $0.cancelled.append(id)
                    $0.escapeCount += 1
                }
            }
        }
    }

    private func rank(of phase: Phase) -> Int {
        switch (order, phase) {
        case (.timersFirst, .delivery): Phase.timer.rawValue
        case (.timersFirst, .timer): Phase.delivery.rawValue
        default: phase.rawValue
        }
    }

    private func insert(_ waiter: Waiter, at instant: Instant, _ phase: Phase) -> UInt64 {
        nextID += 1
        waiters[nextID] = waiter
        timers.insert(.init(at: max(instant, present), rank: rank(of: phase), id: nextID))
        return nextID
    }

    private func cancelSleep(_ id: UInt64) {
        guard case .sleeper(let continuation, let isCounted) = waiters.removeValue(forKey: id) else { return }
        if isCounted { sleeperCount -= 1 }
        continuation.resume(throwing: CancellationError())
    }

    // MARK: Waits

    /// Awaits `body`, and names `what` it waits for should the simulation come to a deadlock meanwhile.
    public func waiting<T>(
        for what: @autoclosure @escaping () -> String, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> T
    ) async rethrows -> T {
        let id = beginWait(what())
        defer { endWait(id) }
        return try await body()
    }

    /// As ``waiting(for:isolation:_:)`` for those who keep a continuation themselves; `what` is asked for when told.
    public func beginWait(_ what: @autoclosure @escaping () -> String) -> UInt64 {
        nextID += 1
        waits[nextID] = what
        return nextID
    }

    /// Ends what ``beginWait(_:)`` began.
    public func endWait(_ id: UInt64) { waits[id] = nil }
}
