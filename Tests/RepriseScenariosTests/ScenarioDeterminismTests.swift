import RepriseScenarios
import Testing

/// The same scenario and seed give the same events, however often and beside whatever else they are run.
@Suite struct ScenarioDeterminismTests {
    /// The thousand runs of the promise are `scripts/check-determinism`'s, in release; the large ones are left to it.
    @Test("S-174: every scenario gives the same events in every run of a seed", arguments: ScenarioFolder.small)
    func everyRunOfASeedIsTheSame(path: String) async throws {
        let seed = try #require(try ScenarioFolder.scenario(path).seeds.first)
        let difference: String? = try await ScenarioFolder.aside {
            for runner in try ScenarioFolder.runners(path) {
                let first = runner.run(seed: seed)
                guard first.stepCount > 0 else { return "nothing was run" }
                for _ in 0..<20 {
                    let again = runner.run(seed: seed)
                    guard again.events != first.events || again.stepCount != first.stepCount else { continue }
                    return "\(String(describing: zip(first.events, again.events).first { $0 != $1 }))"
                }
            }
            return nil
        }
        #expect(difference == nil)
    }

    @Test func aTranscriptHasALineForEveryEvent() throws {
        let result = try ScenarioFolder.runner("scenarios/reconnect-storm/rs-01.yaml").run(seed: 1)
        let lines = result.transcript.split(separator: "\n")
        #expect(lines.count == result.events.count)
        #expect(lines.contains("7\tclient 0\tfiles\tconnected, generation 4 (revision 6)"))
    }
}
