import MCPCore
import RepriseScenarios
import RepriseSimulation
import Testing

/// Counts, instants, order across channels, prohibitions, looks, peaks, and what nothing expects.
@Suite struct ScenarioJudgeCountTests {
    typealias Run = ScenarioJudgeTests

    @Test(
        "numbers and instants of a route are compared",
        arguments: [
            ("2", [0, 1], []), ("2", [0], ["line 5: wire files connect: expected 2, got 1"]),
            ("2", [0, 1, 3], ["at 3 s, line 5: wire files connect: expected 2, got 3; one too many is one at 3 s"]),
            ("0", [3], ["at 3 s, line 5: wire files connect: expected 0, got 1; one too many is one at 3 s"]),
            ("{at-least: 1}", [], ["line 5: wire files connect: expected at least 1, got 0"]),
            ("{at-most: 1}", [], []),
            ("{at-least: 2, at-most: 3}", [1], ["line 5: wire files connect: expected 2 to 3, got 1"]),
            ("[0s, 1s]", [0, 1], []), ("[1s, 1s]", [1, 1], []), ("[{at: 1s, count: 2}]", [1, 1], []),
            ("[]", [1], ["at 1 s: wire files connect: expected nothing, got one at 1 s"]),
            ("[0s, 1s]", [0], ["at 1 s, line 5: wire files connect: expected 1 at 1 s, got none, and none later"]),
            (
                "[0s, 1s]", [0, 1.001],
                ["at 1 s, line 5: wire files connect: expected 1 at 1 s, got none, the next is at 1.001 s"]
            ),
            (
                "[0s, 1s]", [0, 0.5],
                ["at 0.5 s, line 5: wire files connect: expected the next at 1 s, got one at 0.5 s"]
            ),
            ("[0s, 1s]", [0, 1, 1], ["at 1 s, line 5: wire files connect: expected 1 at 1 s, got 2"]),
            (
                "[0s, 1s]", [0, 1, 2, 3],
                ["at 2 s, line 5: wire files connect: expected none after 1 s, got 2, the first at 2 s"]
            ),
        ] as [(String, [Double], [String])])
    func numbersAndInstantsAreCompared(expected: String, run: [Double], mismatches: [String]) throws {
        let text = "expect: {wire: {files: {connect: \(expected)}}}"
        #expect(try Run.mismatches(text, Run.connects(run)) == mismatches)
    }

    @Test func whatNothingExpectsIsAMismatchUnlessItsKindIsRelaxed() throws {
        let run = Run.connects([3, 4]) + [Run.observation(5, Channel(.effects, "other", "pay"), .effect)]
        #expect(
            try Run.mismatches("expect: {}", run) == [
                "at 3 s: wire files connect: expected nothing, got one at 3 s, the first of 2",
                "at 5 s: effects other pay: expected nothing, got one at 5 s",
            ])
        #expect(
            try Run.mismatches("expect: {}, relaxed: [wire]", run) == [
                "at 5 s: effects other pay: expected nothing, got one at 5 s"
            ])
        #expect(try Run.mismatches("relaxed: [wire, effects]", run) == [])
    }

    @Test func aRelaxedChannelStillHasToShowWhatIsExpected() throws {
        func text(_ expected: String) -> String { "expect: {wire: {files: {connect: \(expected)}}}, relaxed: [wire]" }
        #expect(try Run.mismatches(text("[1s, 3s]"), Run.connects([0, 1, 1, 2, 3, 4])) == [])
        #expect(try Run.mismatches(text("[{at: 1s, as: x}, {at: 3s}]"), Run.connects([0, 1, 1, 2, 3, 4])) == [])
        #expect(try Run.mismatches(text("[1s, 3s]"), Run.connects([0, 1, 2])).count == 1)
        #expect(try Run.mismatches(text("[{at: 1s, as: x}, {at: 3s}]"), Run.connects([0, 1, 2])).count == 1)
        #expect(try Run.mismatches(text("2"), Run.connects([0, 1, 2])).count == 1)
    }

    @Test func orderAcrossChannelsCountsOnlyWhereItIsSaid() throws {
        let up = Run.states([(1, .connected(generation: 1))])
        let connect = Run.connects([1])
        let channels =
            "{states: {files: [{state: connected, as: up}]}, wire: {files: {connect: [\n{at: 1s, after: up}]}}}"
        #expect(try Run.mismatches("expect: \(channels)", up + connect) == [])
        #expect(
            try Run.mismatches("expect: \(channels)", connect + up) == [
                "at 1 s, line 6: wire files connect: expected one at 1 s after \"up\", states files connected at 1 s, "
                    + "got it before"
            ])
        let free = "{states: {files: [{state: connected}]}, wire: {files: {connect: [1s]}}}"
        #expect(try Run.mismatches("expect: \(free)", connect + up) == [])
    }

    @Test func aLabelMayStandBelowTheEntryThatFollowsIt() throws {
        let text =
            "expect: {wire: {files: {connect: [{at: 1s, after: up}]}}, states: {files: [{state: connected, as: up}]}}"
        let up = Run.states([(1, .connected(generation: 1))])
        #expect(try Run.mismatches(text, up + Run.connects([1])) == [])
        #expect(try Run.mismatches(text, Run.connects([1]) + up).count == 1)
    }

    @Test func whatMustNeverBeIsNamedWithItsLine() throws {
        let text = "never: [\n{wire: files connect, from: 2s, until: 3s}], relaxed: [wire, states]"
        #expect(try Run.mismatches(text, Run.connects([1, 1.999, 3.001])) == [])
        #expect(
            try Run.mismatches(text, Run.connects([1, 2, 3])) == [
                "at 2 s, line 6: wire files connect: never from 2 s until 3 s, got one at 2 s, and 1 more"
            ])
        let any = "never: [{wire: files}], relaxed: [wire, states]"
        #expect(
            try Run.mismatches(any, Run.connects([7])) == [
                "at 7 s, line 5: wire files: never from 0 s until 100 s, got one at 7 s"
            ])
        let state = "never: [{states: files, state: failed}], relaxed: [states]"
        #expect(try Run.mismatches(state, Run.states([(1, .needsAuth)])) == [])
        #expect(
            try Run.mismatches(state, Run.states([(1, .needsAuth), (2, .failed(.network, willRetry: false))])) == [
                "at 2 s, line 5: states files: never failed from 0 s until 100 s, got failed (network, will not retry) at 2 s"
            ])
    }

    @Test func looksAreCompared() throws {
        let text = "expect: {looks: [\n{at: 7s, server: files, state: connected, attempt: 3, tools: 0, timers: 1}]}"
        func look(_ attempt: Int?, _ state: ServerState? = .connected) -> LookResult {
            LookResult(look: 0, client: 0, state: state, attempt: attempt, toolCount: 0, timerCount: 1)
        }
        #expect(try Run.mismatches(text, [], looks: [look(3)]) == [])
        #expect(
            try Run.mismatches(text, [], looks: [look(2)]) == [
                "at 7 s, line 6: look at files: expected connected, attempt 3, 0 tools, 1 timers, "
                    + "got connected, attempt 2, 0 tools, 1 timers"
            ])
        #expect(
            try Run.mismatches(text, [], looks: [look(nil, nil)]) == [
                "at 7 s, line 6: look at files: expected connected, attempt 3, 0 tools, 1 timers, "
                    + "got no such server, no attempt, 0 tools, 1 timers"
            ])
        #expect(
            try Run.mismatches(text, []) == [
                "at 7 s, line 6: look at files: expected connected, attempt 3, 0 tools, 1 timers, got nothing"
            ])
    }

    @Test func looksCountClients() throws {
        let looks = (0..<10).map { client in
            LookResult(
                look: 0, client: client, state: client == 4 ? .pending : .connected, attempt: 0, toolCount: 0,
                timerCount: 0)
        }
        func text(_ clients: String) -> String {
            "expect: {looks: [{at: 7s, server: files, state: connected\(clients)}]}"
        }
        #expect(
            try Run.mismatches(text(""), [], looks: looks, clients: 10) == [
                "at 7 s, line 5: look at files: expected connected of 10 clients, got 9; client 4 shows pending"
            ])
        #expect(try Run.mismatches(text(", clients: 9"), [], looks: looks, clients: 10) == [])
        #expect(try Run.mismatches(text(", clients: {at-least: 1}"), [], looks: looks, clients: 10) == [])
        #expect(
            try Run.mismatches(text(", clients: 0"), [], looks: looks, clients: 10) == [
                "at 7 s, line 5: look at files: expected connected of 0 clients, got 9; client 0 shows connected"
            ])
    }

    @Test func thefullestBucketCounts() throws {
        func text(_ most: Int) -> String {
            "expect: {peaks: [{server: files, route: connect, bucket: 100ms, at-most: \(most)}]}, relaxed: [wire]"
        }
        let run = Run.connects([0, 0.1, 0.15, 0.199, 0.2, 0.3])
        #expect(try Run.mismatches(text(3), run) == [])
        #expect(
            try Run.mismatches(text(2), run) == [
                "at 0.1 s, line 5: wire files connect: expected at most 2 in 0.1 s, got 3 from 0.1 s"
            ])
        #expect(try Run.mismatches(text(0), []) == [])
    }

    @Test func revisionsOfAClientHaveToRise() throws {
        let channel = Channel(.states, "files")
        let run = [(0.0, 3), (1, 3)].map { seconds, revision in
            Run.observation(seconds, channel, .state(.needsAuth, revision: revision))
        }
        #expect(
            try Run.mismatches("relaxed: [states]", run) == ["at 1 s: states files: expected a revision above 3, got 3"]
        )
    }

    @Test func clientsAreJudgedByThemselvesAndNamedOnce() throws {
        let text =
            "expect: {states: {files: [\n{at: 1s, state: connected}]}, wire: {files: {connect: [{at: 1s, count: 5}]}}}"
        var run: [Observation] = []
        for client in 0..<5 { run += Run.connects([1], client: client) }
        for client in 0..<5 { run += Run.states([(1, .connected(generation: 1))], client: client) }
        #expect(try Run.mismatches(text, run, clients: 5) == [])
        var late = run
        for client in [1, 3, 4] { late[5 + client] = Run.states([(2, .connected(generation: 1))], client: client)[0] }
        #expect(
            try Run.mismatches(text, late.sorted { $0.at < $1.at }, clients: 5) == [
                "at 1 s, line 6: states files, client 1: expected connected at 1 s, got connected at 2 s; "
                    + "the same entry fails for 2 more clients"
            ])
        #expect(
            try Run.mismatches(text, Array(run.dropLast()), clients: 5) == [
                "at 1 s, line 6: states files, client 4: expected connected at 1 s, got nothing more"
            ])
    }

    @Test func mismatchesStandInOrderOfTimeThenOfLine() throws {
        let text = """
            expect: {wire: {files: {connect: [5s], close: 1, ping: [2s]},
            other: {connect: [2s]}}}
            """
        let lines = try Run.mismatches(
            text, Run.connects([4]) + [Run.observation(9, Channel(.tools, "files"), .tools(count: 1))])
        #expect(
            lines == [
                "at 2 s, line 5: wire files ping: expected 1 at 2 s, got none, and none later",
                "at 2 s, line 6: wire other connect: expected 1 at 2 s, got none, and none later",
                "at 4 s, line 5: wire files connect: expected the next at 5 s, got one at 4 s",
                "at 9 s: tools files: expected nothing, got 1 tool at 9 s",
                "line 5: wire files close: expected 1, got 0",
            ])
    }
}
