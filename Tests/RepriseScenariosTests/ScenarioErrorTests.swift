import RepriseScenarios
import Testing

/// Errors say where.
@Suite struct ScenarioErrorTests {
    @Test func anErrorNamesFileLineAndKey() {
        let error = ScenarioError(path: "a.yaml", line: 3, key: "faults[0].count", problem: "-1 is below 0")
        #expect(error.description == "a.yaml:3: faults[0].count: -1 is below 0")
        #expect(ScenarioError(path: "a.yaml", line: 1, key: "", problem: "empty").description == "a.yaml:1: empty")
    }
}
