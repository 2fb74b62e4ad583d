import MCPCore
import RepriseScenarios

/// Puts what was observed in real time at the instants that are expected, where it lies near enough.
///
/// The order of observations stays, so that order and number are judged exactly.
struct NearInstants {
    private let scenario: Scenario
    private let tolerance: Tolerance
    private let speed: Int

    init(_ scenario: Scenario, _ tolerance: Tolerance, speed: Int) {
        self.scenario = scenario
        self.tolerance = tolerance
        self.speed = speed
    }

    /// The scenario whose prohibitions begin so much later, and end so much earlier, as instants are uncertain.
    var lenientScenario: Scenario {
        var lenient = scenario
        lenient.prohibitions = scenario.prohibitions.compactMap { prohibition in
            var narrower = prohibition
            if prohibition.from > .zero {
                narrower.from = prohibition.from.advanced(by: tolerance.span(at: prohibition.from, speed: speed))
            }
            if prohibition.until < scenario.end {
                let span = tolerance.span(at: prohibition.until, speed: speed)
                narrower.until = prohibition.until.advanced(by: .zero - span)
            }
            return narrower.from <= narrower.until ? narrower : nil
        }
        return lenient
    }

    /// The observations in their order, each at the expected instant that it stands for, if it is near.
    func snapped(_ observations: [Observation]) -> [Observation] {
        var result = observations
        for expected in scenario.expectations.channels {
            let indices = observations.indices.filter { observations[$0].channel == expected.channel }
            let isRelaxed = scenario.relaxed.contains(expected.channel.kind)
            var instants = instants(of: expected.content)[...]
            var latest = Instant.zero
            for index in indices {
                let at = observations[index].at
                if isRelaxed {
                    // Others may stand between those that are expected.
                    while let next = instants.first, let next, !isNear(at, next), next < at { instants.removeFirst() }
                }
                var place = at
                if let next = instants.first {
                    if let next, isNear(at, next) { place = next }
                    if !isRelaxed || next == nil || place == next { instants.removeFirst() }
                }
                latest = max(latest, place)
                result[index].at = latest
            }
            if case .sequence(let entries) = expected.content { order(&result, indices, entries) }
        }
        return result
    }

    /// Exchanges what stands at one instant until it meets the entries of that instant, as far as it can.
    ///
    /// In real time nothing says which of two things comes first that are due at once.
    private func order(_ observations: inout [Observation], _ indices: [Int], _ entries: [Expectations.Expected]) {
        var next = 0
        for entry in entries {
            for _ in 0..<entry.count {
                guard next < indices.count else { return }
                let here = indices[next]
                if !entry.isMet(by: observations[here]) {
                    let other = indices[next...].first {
                        observations[$0].at == observations[here].at && entry.isMet(by: observations[$0])
                    }
                    if let other { observations.swapAt(here, other) }
                }
                next += 1
            }
        }
    }

    /// One for each observation that is expected; nil is at any time.
    private func instants(of content: Expectations.Content) -> [Instant?] {
        switch content {
        case .sequence(let entries): entries.flatMap { [Instant?](repeating: $0.at, count: min($0.count, 100_000)) }
        case .instants(let instants):
            instants.flatMap { [Instant?](repeating: $0.at, count: min($0.count, 100_000)) }
        case .count: []
        }
    }

    private func isNear(_ at: Instant, _ expected: Instant) -> Bool {
        let span = tolerance.span(at: expected, speed: speed).wholeNanoseconds
        return at.duration(to: expected).wholeNanoseconds.magnitude <= UInt64(span)
    }
}
