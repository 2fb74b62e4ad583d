import MCPCore
import RepriseScenarios
import Testing

@testable import RepriseRehearsal

@Suite struct ToleranceTests {
    @Test(arguments: [
        ("100ms+5%", Tolerance(base: .milliseconds(100), percent: 5)),
        ("0.2s", Tolerance(base: .milliseconds(200), percent: 0)),
        ("0ms+100%", Tolerance(base: .zero, percent: 100)),
    ])
    func aToleranceIsReadAsItIsWritten(_ text: String, _ tolerance: Tolerance) {
        #expect(Tolerance(text) == tolerance)
    }

    @Test(arguments: [
        "", "5%", "100", "-1s", "1s+", "1s+5", "1s+101%", "1s+-1%", "2h", "3601s", "1s+2%+3%", "nans", "infs",
    ])
    func whatIsNoToleranceIsRefused(_ text: String) {
        #expect(Tolerance(text) == nil)
    }

    @Test func aMismatchIsVoidWhenTheMachineWasLateByMoreThanHalfOfIt() {
        let mismatch = ScenarioMismatch(line: 1, at: .zero, text: "expected 1, got 0")
        let tolerance = Tolerance.standard
        #expect(tolerance.verdict(on: [], lateness: .seconds(1)) == .held)
        #expect(tolerance.verdict(on: [mismatch], lateness: .milliseconds(50)) == .broken)
        #expect(tolerance.verdict(on: [mismatch], lateness: .milliseconds(51)) == .void)
    }

    @Test func theSpanIsOfTheScenariosTime() {
        let at = Instant(nanoseconds: 10_000_000_000)
        #expect(Tolerance.standard.span(at: at, speed: 1) == .milliseconds(600))
        #expect(Tolerance.standard.span(at: at, speed: 10) == .milliseconds(1500))
        #expect("\(Tolerance.standard)" == "100 ms + 5 %")
        #expect("\(Tolerance(base: .seconds(1), percent: 0))" == "1000 ms")
    }
}
