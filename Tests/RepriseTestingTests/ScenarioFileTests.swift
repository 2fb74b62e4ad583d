import RepriseTesting
import Testing

/// How cases are called.
@Suite struct ScenarioFileTests {
    @Test func aCaseIsCalledAfterItsFile() {
        #expect(ScenarioFile.self is any CustomTestStringConvertible.Type)
    }
}
