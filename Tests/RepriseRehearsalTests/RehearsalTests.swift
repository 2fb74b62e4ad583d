import MCPCore
import RepriseScenarios
import Testing

@testable import RepriseRehearsal

@Suite struct RehearsalTests {
    /// Plays a scenario of one server to a shell script, which gets the server's URL as `$1`.
    private func play(
        _ script: String, _ text: String, begin: String = "cold", until: String = "1s"
    ) throws -> RehearsalResult {
        let scenario = try SampleScenario.overHTTP(text, begin: begin, until: until)
        return try Rehearsal(scenario, seed: 1, options: RehearsalOptions(program: [])) { _, _, _, _ in PlainService() }
            .run(["bash", "-c", script, "client"])
    }

    private static let search = "expect: {wire: {files: {initialize: [0s]}}}"

    @Test func aClientThatNeverConnectsIsNotJudged() throws {
        let result = try play("echo hello; exit 3", Self.search)
        #expect(result.verdict == .notJudged)
        #expect(result.output == "hello\n")
        #expect(result.remarks.contains { $0.contains("ended by itself before the scenario began, with exit code 3") })
        #expect(result.remarks.contains { $0.contains("never connected") })
    }
}
