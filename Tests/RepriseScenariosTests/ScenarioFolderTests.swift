import RepriseScenarios
import Testing

/// Every scenario of the repository holds with every seed and revision that it names; what it proves stands in its file.
@Suite struct ScenarioFolderTests {
    @Test(arguments: ScenarioFolder.paths)
    func everyScenarioHolds(path: String) async throws {
        let scenario = try ScenarioFolder.scenario(path)
        #expect(!scenario.proves.isEmpty && !scenario.seeds.isEmpty)
        let failed = try await ScenarioFolder.aside {
            for runner in try ScenarioFolder.runners(path) {
                if let failed = scenario.seeds.lazy.map({ runner.run(seed: $0) }).first(where: { !$0.isPassed }) {
                    return failed as ScenarioResult?
                }
            }
            return nil
        }
        let mismatches = failed?.mismatches.prefix(5).map { "\n\($0)" }.joined() ?? ""
        #expect(failed == nil, "\(failed?.command ?? "")\(mismatches)")
    }

    @Test func namesAreFileNamesAndNoScenarioIsForgotten() throws {
        #expect(ScenarioFolder.paths.count >= 34)
        for path in ScenarioFolder.paths {
            #expect(path.hasSuffix("/\(try ScenarioFolder.scenario(path).name).yaml"))
        }
        let proven = Set(try ScenarioFolder.paths.flatMap { try ScenarioFolder.scenario($0).proves })
        #expect((1...16).allSatisfy { proven.contains($0 < 10 ? "RS-0\($0)" : "RS-\($0)") })
    }
}
