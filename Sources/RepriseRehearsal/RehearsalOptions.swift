import MCPCore
import MCPWire
import RepriseScenarios

/// How a scenario is played to a foreign client.
public struct RehearsalOptions: Sendable {
    /// So many seconds of the scenario pass in a real one, from 1.
    public var speed = 1
    /// How long it is played at most, in real time; nil is until 5 s after the last expected instant, 30 s at most.
    public var limit: Duration?
    /// How far an instant may lie from what the scenario says.
    public var tolerance = Tolerance.standard
    /// Where what went over the wire is recorded; nil is nowhere.
    public var recordingFolder: String?
    /// The command of this program, which records and stands at the other end of pipes.
    public var program: [String]

    /// Real time, no recording.
    public init(program: [String]) {
        self.program = program
    }

    /// The instant of the scenario at which it is stopped.
    public func horizon(of scenario: Scenario) -> Instant {
        let limit = self.limit.map { Instant.zero.advanced(by: $0 * speed) }
        let ordinary = OutsideView.lastInstant(of: scenario)?.advanced(by: .seconds(5)) ?? scenario.end
        return min(scenario.end, limit ?? min(ordinary, Instant.zero.advanced(by: .seconds(30) * speed)))
    }
}

/// What a rehearsal came to.
public struct RehearsalResult: Sendable {
    /// What can be said of the client.
    public enum Verdict: String, Sendable, CaseIterable {
        /// All that could be judged was as the scenario expects it.
        case held
        /// Something was not.
        case broken
        /// Nothing that could be judged happened, or the scenario expects nothing that is seen from outside.
        case notJudged = "not-judged"
        /// Something was not, but this machine was itself too late for that to count.
        case void
    }

    /// What is said of the client.
    public var verdict: Verdict
    /// The scenario's name.
    public var name: String
    /// The scenario's file.
    public var path: String
    /// The seed of links and faults.
    public var seed: UInt64
    /// What was not met, by time and then by line.
    public var mismatches: [ScenarioMismatch] = []
    /// What could not be judged from outside, a phrase each.
    public var notJudged: [String] = []
    /// What else is worth knowing, a sentence each: how the client ended, what it did too often.
    public var remarks: [String] = []
    /// What happened on the wire since the scenario's start, in order.
    public var events: [ScenarioEvent] = []
    /// The latest that a timer of this machine came, in real time.
    public var lateness = Duration.zero
    /// The instant up to which it was judged.
    public var horizon: Instant
    /// What the client wrote, shortened in the middle.
    public var output = ""
    /// The files that were recorded.
    public var recordings: [String] = []
    /// Real time that it took, in seconds.
    public var seconds = 0.0

    /// A result without anything in it.
    public init(verdict: Verdict, scenario: Scenario, seed: UInt64, horizon: Instant) {
        self.verdict = verdict
        name = scenario.name
        path = scenario.path
        self.seed = seed
        self.horizon = horizon
    }
}
