import MCPCore

/// The virtual clock of a simulation: it stands still while anything can run, and then jumps to the next timer.
public struct SimulationClock: Clock, TimeSource {
    private let simulation: Simulation

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    /// The present of the simulation.
    public var now: Instant { simulation.now }

    /// One nanosecond.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// Returns when virtual time has come to `deadline`; throws `CancellationError` once the task is cancelled.
    public func sleep(until deadline: Instant) async throws {
        try await simulation.sleep(until: deadline, phase: .timer, isCounted: true)
    }

    /// As ``sleep(until:)``: nothing in virtual time is late, so there is no tolerance to use.
    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await sleep(until: deadline)
    }
}
