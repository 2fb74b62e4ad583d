import MCPCore

/// Compares what was observed with what a scenario expects.
public enum ScenarioJudge {
    /// Everything that was not met, by time and then by line; empty if the scenario held.
    ///
    /// `observations` stand in the order in which they happened, so that their instants do not fall. Each channel gives
    /// at most one mismatch for the same reason: the first place where it left what was expected.
    public static func mismatches(
        _ scenario: Scenario, _ observations: [Observation], looks: [LookResult]
    ) -> [ScenarioMismatch] {
        let observed = ObservedChannels(observations, clientCount: scenario.clientCount)
        var channels = ChannelJudge(scenario, observed)
        var mismatches = channels.mismatches()
        mismatches += prohibited(scenario, observed)
        mismatches += revisions(observed)
        mismatches += scenario.expectations.peaks.compactMap { peak($0, observed) }
        mismatches += LookJudge(scenario, looks).mismatches
        return mismatches.enumerated().sorted { left, right in
            key(left.element, left.offset) < key(right.element, right.offset)
        }.map(\.element)
    }

    /// What is not known comes last.
    private static func key(_ mismatch: ScenarioMismatch, _ offset: Int) -> (Int64, Int, Int) {
        (mismatch.at?.nanoseconds ?? .max, mismatch.line ?? .max, offset)
    }

    private static func prohibited(_ scenario: Scenario, _ observed: ObservedChannels) -> [ScenarioMismatch] {
        scenario.prohibitions.compactMap { prohibition in
            let found = observed.numbers(like: prohibition.channel).flatMap { number in
                observed.indices[number].filter { prohibition.forbids(observed.observations[$0]) }
            }
            guard let first = found.min() else { return nil }
            let observation = observed.observations[first]
            let state = prohibition.state.map { " \($0.rawValue)" } ?? ""
            let client = scenario.clientCount > 1 ? " from client \(observation.client)" : ""
            let more = found.count > 1 ? ", and \(found.count - 1) more" : ""
            return ScenarioMismatch(
                line: prohibition.line, at: observation.at,
                text: "\(prohibition.channel): never\(state) from \(prohibition.from) s until \(prohibition.until) s, "
                    + "got \(observation.fact.words) at \(observation.at) s\(client)\(more)")
        }
    }

    /// The revisions of a client's states rise from one to the next, whatever the scenario says.
    private static func revisions(_ observed: ObservedChannels) -> [ScenarioMismatch] {
        var last = [Int](repeating: .min, count: observed.clientCount)
        for observation in observed.observations {
            guard case .state(_, let revision) = observation.fact else { continue }
            guard revision > last[observation.client] else {
                let client = observed.clientCount > 1 ? ", client \(observation.client)" : ""
                return [
                    ScenarioMismatch(
                        line: nil, at: observation.at,
                        text: "\(observation.channel)\(client): expected a revision above \(last[observation.client]), "
                            + "got \(revision)")
                ]
            }
            last[observation.client] = revision
        }
        return []
    }

    private static func peak(_ peak: Expectations.Peak, _ observed: ObservedChannels) -> ScenarioMismatch? {
        let channel = Channel(.wire, peak.server, peak.route)
        guard let number = observed.numbers[channel] else { return nil }
        let length = max(1, peak.bucket.wholeNanoseconds)
        var fullest = (bucket: Int64(0), count: 0)
        var current = (bucket: Int64(0), count: 0)
        for index in observed.indices[number] {
            let bucket = observed.observations[index].at.nanoseconds / length
            current = bucket == current.bucket ? (bucket, current.count + 1) : (bucket, 1)
            if current.count > fullest.count { fullest = current }
        }
        guard fullest.count > peak.atMost else { return nil }
        let start = Instant(nanoseconds: fullest.bucket * length)
        return ScenarioMismatch(
            line: peak.line, at: start,
            text: "\(channel): expected at most \(peak.atMost) in \(peak.bucket.secondsText) s, "
                + "got \(fullest.count) from \(start) s")
    }
}

extension Prohibition {
    fileprivate func forbids(_ observation: Observation) -> Bool {
        guard observation.at >= from, observation.at <= until else { return false }
        guard let state else { return true }
        if case .state(let status, _) = observation.fact { return status.state == state }
        return false
    }
}
