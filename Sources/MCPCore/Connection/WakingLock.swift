import Synchronization

/// A lock under which no continuation is resumed: those that are left in ``wakings`` are once it is released.
///
/// The runtime locks a task for as long as its cancellation handlers run, and to resume it. A handler that waits for this
/// lock, while its holder resumes the same task, would wait for ever.
struct WakingLock<State>: ~Copyable, Sendable {
    private let mutex: Mutex<State>
    private let wakings: Wakings

    /// Guards what `make` gives, which leaves continuations in those wakings.
    init(_ make: (Wakings) -> sending State) {
        let wakings = Wakings()
        self.wakings = wakings
        mutex = Mutex(make(wakings))
    }

    /// Runs `body` under the lock, then resumes what it left.
    borrowing func withLock<Result, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        defer { wakings.run() }
        return try mutex.withLock(body)
    }
}

/// Continuations to be resumed once a lock is released, in order.
final class Wakings: Sendable {
    private let waiting = Mutex<[@Sendable () -> Void]>([])

    /// Leaves something to be resumed; `waking` does that and nothing else.
    func add(_ waking: @escaping @Sendable () -> Void) { waiting.withLock { $0.append(waking) } }

    /// Resumes all that was left, by whomever.
    func run() {
        let wakings = waiting.withLock { waiting in
            guard !waiting.isEmpty else { return waiting }
            defer { waiting = [] }
            return waiting
        }
        for waking in wakings { waking() }
    }
}
