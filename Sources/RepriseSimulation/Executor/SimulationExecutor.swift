/// Hands every job of the simulated tasks to the simulation's list of ready jobs.
///
/// Child tasks inherit it, and so do default actors that they call; `Task {}` and `Task.detached` do not, which is why
/// what comes back from them arrives on another thread and is counted as an escape.
final class SimulationExecutor: TaskExecutor, @unchecked Sendable {
    private unowned let simulation: Simulation

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    func enqueue(_ job: consuming ExecutorJob) {
        simulation.enqueue(UnownedJob(job))
    }
}
