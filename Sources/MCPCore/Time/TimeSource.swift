/// Where the core library gets its time: a real clock, or the clock of a simulation.
public protocol TimeSource: Sendable {
    /// The present.
    var now: Instant { get }

    /// Returns at `deadline`, at once if it has passed; throws `CancellationError` as soon as the task is cancelled.
    func sleep(until deadline: Instant) async throws
}
