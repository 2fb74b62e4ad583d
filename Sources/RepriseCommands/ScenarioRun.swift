import MCPCore
import RepriseScenarios
import RepriseSimulation

/// One run of `reprise run`: its cases one after the other, and what became of each.
struct ScenarioRun {
    /// A scenario with a seed.
    struct Case {
        var scenario: LoadedScenario
        var seed: UInt64

        init(_ scenario: LoadedScenario, seed: UInt64) {
            self.scenario = scenario
            self.seed = seed
        }

        /// Where one of the second to the `count`-th run leaves the first.
        func difference(to first: ScenarioResult, in count: Int) -> ScenarioMismatch? {
            for run in 1..<max(count, 2) where run < count {
                let again = scenario.run(seed: seed)
                guard again.events != first.events || again.stepCount != first.stepCount else { continue }
                let place = zip(first.events, again.events).first { $0 != $1 }
                let text = place.map { "expected \($0), got \($1)" } ?? "one has more events or steps than the other"
                return ScenarioMismatch(line: nil, at: nil, text: "run \(run + 1) of this seed differs: \(text)")
            }
            return nil
        }
    }

    /// What became of a case.
    struct Outcome {
        var scenario: Scenario
        var family: String
        /// Its events are kept only if transcripts are asked for: those of ten thousand clients are many.
        var result: ScenarioResult
        /// What to tell of a case that failed.
        var report: String?
        var seconds: Double

        var hasEscaped: Bool {
            if case .escaped = result.failure { true } else { false }
        }
    }

    private(set) var outcomes: [Outcome] = []
    private(set) var seconds = 0.0
    let shard: Shard?

    /// Runs all cases, each so many times, and says on a terminal how far it is.
    init(_ cases: [Case], shard: Shard?, repeatCount: Int, keepsTranscripts: Bool) {
        self.shard = shard
        let clock = ContinuousClock()
        let start = clock.now
        let line = ProgressLine()
        var told = start
        for (index, next) in cases.enumerated() {
            let began = clock.now
            if told.duration(to: began) > .milliseconds(50) {
                told = began
                line.show("\(index) of \(cases.count) cases, \(failedCount) failed")
            }
            var result = next.scenario.run(seed: next.seed)
            if let difference = next.difference(to: result, in: repeatCount) { result.mismatches.append(difference) }
            let report = result.isPassed ? nil : result.report
            if !keepsTranscripts { result.events = [] }
            outcomes.append(
                Outcome(
                    scenario: next.scenario.scenario, family: next.scenario.family, result: result,
                    report: report, seconds: Self.seconds(began.duration(to: clock.now))))
            if !result.isPassed { failedCount += 1 }
        }
        line.end()
        seconds = Self.seconds(start.duration(to: clock.now))
    }

    private(set) var failedCount = 0

    private static func seconds(_ duration: Duration) -> Double { Double(duration.wholeNanoseconds) / 1e9 }
}
