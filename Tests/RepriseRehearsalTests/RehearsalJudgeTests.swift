import MCPCore
import RepriseScenarios
import RepriseSimulation
import Testing

@testable import RepriseRehearsal

@Suite struct RehearsalJudgeTests {
    private static let five = Instant(nanoseconds: 5_000_000_000)

    private func judge(
        _ text: String, _ observed: [(route: String, milliseconds: Int64)], until horizon: Instant = five,
        end: String = "5s"
    ) throws -> RehearsalJudge.Judgement {
        let observations = observed.map { route, milliseconds in
            Observation(
                at: Instant(nanoseconds: milliseconds * 1_000_000), client: 0, channel: Channel(.wire, "files", route),
                fact: .request(ExchangeDetail(route: route, token: route == "GET" ? "\(milliseconds)" : nil)))
        }
        return RehearsalJudge.judge(
            try SampleScenario.overHTTP(text, until: end), observations, until: horizon, speed: 1, tolerance: .standard)
    }

    @Test func anInstantMayBeOffByTheToleranceAndNoMore() throws {
        let text = "expect: {wire: {files: {tools/call: [0s, 2s]}}}"
        #expect(try judge(text, [("tools/call", 100), ("tools/call", 2200)]).mismatches == [])
        #expect(try judge(text, [("tools/call", 0), ("tools/call", 1800)]).mismatches == [])
        #expect(try judge(text, [("tools/call", 101), ("tools/call", 2000)]).mismatches.count == 1)
        #expect(try judge(text, [("tools/call", 0), ("tools/call", 2201)]).mismatches.count == 1)
    }

    @Test func numberAndOrderAreExact() throws {
        let text = "expect: {wire: {files: {tools/call: [1s, 1s]}}}"
        #expect(try judge(text, [("tools/call", 1000)]).mismatches.count == 1)
        #expect(
            try judge(text, [("tools/call", 1000), ("tools/call", 1001), ("tools/call", 1002)]).mismatches.count == 1)
        let ordered = """
            expect:
              wire:
                files: {GET: [{at: 1s, as: first}], tools/call: [{at: 1s, after: first}]}
            """
        #expect(try judge(ordered, [("GET", 1001), ("tools/call", 1002)]).mismatches == [])
        #expect(try judge(ordered, [("tools/call", 1001), ("GET", 1002)]).mismatches.count == 1)
    }

    @Test func whatIsDueAtOneInstantMayComeInAnyOrder() throws {
        let text = "expect: {wire: {files: {GET: [{at: 1s, token: \"990\"}, {at: 1s, token: \"980\"}, {at: 2s}]}}}"
        #expect(try judge(text, [("GET", 980), ("GET", 990), ("GET", 2000)]).mismatches == [])
        #expect(try judge(text, [("GET", 980), ("GET", 991), ("GET", 2000)]).mismatches.count == 1)
    }

    @Test func whatNothingExpectsIsAMismatch() throws {
        let text = "expect: {wire: {files: {initialize: 1}}}"
        #expect(try judge(text, [("initialize", 0)]).mismatches == [])
        #expect(try judge(text, [("initialize", 0), ("DELETE", 100)]).mismatches.count == 1)
    }

    @Test func aProhibitionGivesWayByTheTolerance() throws {
        let text = "never: [{wire: files GET, from: 1s, until: 2s}]\nrelaxed: [wire]"
        #expect(try judge(text, [("GET", 1149), ("GET", 1801)]).mismatches == [])
        #expect(try judge(text, [("GET", 1151)]).mismatches.count == 1)
    }

    @Test func whatComesAfterTheHorizonIsNotJudged() throws {
        let text = """
            expect:
              wire: {files: {tools/call: [1s, 10s], GET: [{at: 1s}, {at: 10s}, {}], DELETE: 2}}
              states: {files: [{state: pending}]}
              looks: [{at: 1s, server: files, state: connected}]
            """
        let judgement = try judge(
            text, [("tools/call", 1000), ("GET", 1000), ("GET", 9000)], end: "24h")
        #expect(judgement.mismatches == [])
        #expect(
            judgement.notJudged == [
                "wire files tools/call, the last 1, line 8", "wire files GET, the last 2, line 8",
                "wire files DELETE, that there are 2, line 8", "states files, line 9", "looks at clients, line 10",
                "what happens after 5 s",
            ])
        #expect(judgement.hasExpectations)
    }

    @Test func aScenarioOfStatesAloneHasNothingToJudge() throws {
        #expect(try !judge("expect: {states: {files: [{state: pending}]}}", []).hasExpectations)
    }

    @Test func theHorizonIsFiveSecondsAfterTheLastExpectation() throws {
        let scenario = try SampleScenario.overHTTP("expect: {wire: {files: {tools/call: [2s]}}}", until: "24h")
        var options = RehearsalOptions(program: [])
        #expect(options.horizon(of: scenario) == Instant(nanoseconds: 7_000_000_000))
        options.limit = .seconds(3)
        #expect(options.horizon(of: scenario) == Instant(nanoseconds: 3_000_000_000))
        options.speed = 2
        #expect(options.horizon(of: scenario) == Instant(nanoseconds: 6_000_000_000))
        let late = try SampleScenario.overHTTP("expect: {wire: {files: {tools/call: [2h]}}}", until: "24h")
        options.limit = nil
        #expect(options.horizon(of: late) == Instant(nanoseconds: 60_000_000_000))
    }
}
