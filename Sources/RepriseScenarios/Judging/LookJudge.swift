import MCPCore

/// Compares what clients showed at looks with what a scenario expects.
struct LookJudge {
    /// What was not met, in the order of the looks.
    let mismatches: [ScenarioMismatch]

    init(_ scenario: Scenario, _ results: [LookResult]) {
        let looks = scenario.expectations.looks
        var tallies = [Tally](repeating: Tally(), count: looks.count)
        for result in results where looks.indices.contains(result.look) {
            tallies[result.look].add(result, meets: looks[result.look].isMet(by: result))
        }
        mismatches = zip(looks, tallies).compactMap { look, tally in
            let range = look.clientCount ?? scenario.clientCount...scenario.clientCount
            guard !range.contains(tally.metCount) else { return nil }
            return ScenarioMismatch(
                line: look.line, at: look.at, text: Self.text(look, tally, range, isOne: scenario.clientCount == 1))
        }
    }

    /// How many clients met a look, with the first one that did and the first one that did not.
    private struct Tally {
        var metCount = 0
        var met: LookResult?
        var failed: LookResult?

        mutating func add(_ result: LookResult, meets: Bool) {
            if meets {
                metCount += 1
                met = met ?? result
            } else {
                failed = failed ?? result
            }
        }
    }

    private static func text(
        _ look: Expectations.Look, _ tally: Tally, _ range: ClosedRange<Int>, isOne: Bool
    ) -> String {
        let isTooMany = tally.metCount > range.upperBound
        let example = isTooMany ? tally.met : tally.failed
        let shown = example.map { look.words(of: $0) } ?? "nothing"
        if isOne, !isTooMany { return "look at \(look.server): expected \(look.words), got \(shown)" }
        let client = example.map { "; client \($0.client) shows \(shown)" } ?? ""
        return
            "look at \(look.server): expected \(look.words) of \(range.words) clients, got \(tally.metCount)\(client)"
    }
}

extension Expectations.Look {
    fileprivate func isMet(by result: LookResult) -> Bool {
        state.map { $0 == result.state } ?? true && attempt.map { $0 == result.attempt } ?? true
            && toolCount.map { $0 == result.toolCount } ?? true && timerCount.map { $0 == result.timerCount } ?? true
    }

    fileprivate var words: String {
        Self.words(
            state.map(\.rawValue), attempt.map { "attempt \($0)" }, toolCount.map { "\($0) tools" },
            timerCount.map { "\($0) timers" })
    }

    /// What a client showed of that which is looked at.
    fileprivate func words(of result: LookResult) -> String {
        Self.words(
            state.map { _ in result.state?.rawValue ?? "no such server" },
            attempt.map { _ in result.attempt.map { "attempt \($0)" } ?? "no attempt" },
            toolCount.map { _ in "\(result.toolCount) tools" }, timerCount.map { _ in "\(result.timerCount) timers" })
    }

    private static func words(_ words: String?...) -> String { words.compactMap(\.self).joined(separator: ", ") }
}
