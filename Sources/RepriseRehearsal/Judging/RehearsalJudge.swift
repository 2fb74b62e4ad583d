import MCPCore
import RepriseScenarios

/// Judges what was seen of a client from outside.
public enum RehearsalJudge {
    /// What a rehearsal came to.
    public struct Judgement: Sendable, Equatable {
        /// Everything that was not met, by time and then by line.
        public var mismatches: [ScenarioMismatch]
        /// What could not be judged from outside, a phrase each.
        public var notJudged: [String]
        /// Whether anything could be.
        public var hasExpectations: Bool
    }

    /// Compares `observations`, in their order and since the scenario's start, with what can be judged up to `horizon`.
    ///
    /// Order and number are exact, instants may be off by `tolerance`; what came after the horizon is not looked at.
    public static func judge(
        _ scenario: Scenario, _ observations: [Observation], until horizon: Instant, speed: Int, tolerance: Tolerance
    ) -> Judgement {
        let view = OutsideView(scenario, until: horizon)
        let near = NearInstants(view.scenario, tolerance, speed: speed)
        // What is expected just before the horizon may come just after it.
        let seen = near.snapped(observations.filter { $0.channel.isSeenFromOutside }).filter { $0.at <= horizon }
        return Judgement(
            mismatches: ScenarioJudge.mismatches(near.lenientScenario, seen, looks: []),
            notJudged: view.notJudged, hasExpectations: view.hasExpectations)
    }
}
