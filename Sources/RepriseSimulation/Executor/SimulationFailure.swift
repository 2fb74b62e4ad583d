import MCPCore

/// Why a simulation ended before its body did, or cannot be trusted.
public enum SimulationFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nothing is ready and no timer is set, yet the body waits; with what each task waits for, oldest first.
    case deadlock(at: Instant, waits: [String])
    /// More jobs were run than ``Simulation/Limits/steps`` allows.
    case stepLimit(Int, at: Instant, waits: [String])
    /// Virtual time would pass ``Simulation/Limits/time``.
    case timeLimit(Duration, waits: [String])
    /// So often did something reach in from outside: real sleep, `Task {}`, another executor, a thread.
    case escaped(count: Int, at: Instant)

    /// What happened, where, and what to look at.
    public var description: String {
        switch self {
        case .deadlock(let at, let waits):
            "deadlock at \(at) s: nothing is ready and no timer is set"
                + (waits.isEmpty
                    ? "; no task says what it waits for: is it outside of virtual time?" : Self.list(waits))
        case .stepLimit(let limit, let at, let waits):
            "the limit of \(limit) steps is passed at \(at) s: something goes round without end\(Self.list(waits))"
        case .timeLimit(let limit, let waits):
            "the limit of \(limit.secondsText) s of virtual time is passed\(Self.list(waits))"
        case .escaped(let count, let at):
            """
            escaped from virtual time \(count) times, first at \(at) s: a job came from another thread, so \
            something slept in real time, or ran in `Task {}`, on the main actor, or in Dispatch
            """
        }
    }

    private static func list(_ waits: [String]) -> String {
        let shown = waits.prefix(20).map { "\n  waits for \($0)" }.joined()
        return shown + (waits.count > 20 ? "\n  and \(waits.count - 20) more" : "")
    }
}
