import MCPCore

/// The real clock: time since it was made, as fast as it passes or faster.
public struct LiveTimeSource: TimeSource {
    private let start = ContinuousClock.now
    private let factor: Int

    /// Begins at 0; with a `factor` of 10 a second of the core library takes 100 ms.
    public init(factor: Int = 1) {
        precondition(factor > 0, "time passes forward")
        self.factor = factor
    }

    /// The time that has passed since this was made, times the factor.
    public var now: Instant { Instant.zero.advanced(by: start.duration(to: .now) * factor) }

    /// Returns at `deadline`, at once if it has passed; throws `CancellationError` as soon as the task is cancelled.
    public func sleep(until deadline: Instant) async throws {
        let rest = Duration.nanoseconds(deadline.nanoseconds) / factor
        try await ContinuousClock().sleep(until: start.advanced(by: rest))
    }
}
