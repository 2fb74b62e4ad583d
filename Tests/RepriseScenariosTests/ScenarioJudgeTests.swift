import MCPCore
import MCPWire
import RepriseScenarios
import RepriseSimulation
import Testing

/// What the judge says of each way in which a run can leave what its scenario expects.
@Suite struct ScenarioJudgeTests {
    /// A scenario with two servers and the steps `c1` and `s1`; the text begins in line 5.
    static func scenario(_ text: String, clients: Int = 1) throws -> Scenario {
        try Scenario(
            yaml: """
                {scenario: a, title: A, until: 100s, clients: \(clients), servers: {files: {}, other: {}}, client: [
                {at: 0s, call: pay, server: files, id: c1}, {at: 0s, settle: s1, timeout: 1s}],


                \(text)}
                """, path: "a.yaml")
    }

    static func mismatches(
        _ text: String, _ observations: [Observation], looks: [LookResult] = [], clients: Int = 1
    ) throws -> [String] {
        let scenario = try scenario(text, clients: clients)
        return ScenarioJudge.mismatches(scenario, observations, looks: looks).map(\.description)
    }

    static func observation(_ seconds: Double, _ channel: Channel, _ fact: Observation.Fact, _ client: Int = 0)
        -> Observation
    {
        let at = Instant(nanoseconds: Int64((seconds * 1_000).rounded()) * 1_000_000)
        return Observation(at: at, client: client, channel: channel, fact: fact)
    }

    static func connects(_ instants: [Double], client: Int = 0) -> [Observation] {
        instants.map { observation($0, Channel(.wire, "files", "connect"), .wire, client) }
    }

    static func states(_ states: [(Double, ServerStatus)], client: Int = 0) -> [Observation] {
        states.enumerated().map { number, state in
            observation(state.0, Channel(.states, "files"), .state(state.1, revision: number + 1), client)
        }
    }

    static func result(_ seconds: Double, _ outcome: Outcome) -> Observation {
        observation(seconds, Channel(.results, "c1"), .result(outcome))
    }

    // MARK: Sequences

    static let twoStates = """
        expect: {states: {files: [
        {at: 0s, state: pending, attempt: 0},
        {at: 1s, state: failed, reason: network, will-retry: false}]}}
        """

    @Test func whatIsExpectedHolds() throws {
        let run = Self.states([(0, .pending(attempt: 0, maxAttempts: 5)), (1, .failed(.network, willRetry: false))])
        #expect(try Self.mismatches(Self.twoStates, run) == [])
    }

    @Test(
        "the first difference in a sequence is named, with what was expected, what came, and the line",
        arguments: [
            ([], "at 0 s, line 6: states files: expected pending (attempt 0) at 0 s, got nothing more"),
            (
                [(0, .pending(attempt: 0, maxAttempts: 5))],
                "at 1 s, line 7: states files: expected failed (network, will not retry) at 1 s, got nothing more"
            ),
            (
                [(0, .pending(attempt: 1, maxAttempts: 5))],
                "at 0 s, line 6: states files: expected pending (attempt 0) at 0 s, got pending (attempt 1) at 0 s"
            ),
            (
                [(0, .pending(attempt: 0, maxAttempts: 5)), (1.5, .failed(.network, willRetry: false))],
                "at 1 s, line 7: states files: expected failed (network, will not retry) at 1 s, "
                    + "got failed (network, will not retry) at 1.5 s"
            ),
            (
                [(0, .pending(attempt: 0, maxAttempts: 5)), (0.5, .failed(.network, willRetry: true))],
                "at 0.5 s, line 7: states files: expected failed (network, will not retry) at 1 s, "
                    + "got failed (network, will retry) at 0.5 s"
            ),
            (
                [
                    (0, .pending(attempt: 0, maxAttempts: 5)), (1, .failed(.network, willRetry: false)),
                    (2, .disabled(.user)), (3, .needsAuth),
                ],
                "at 2 s: states files: expected nothing more, got disabled (by the user) at 2 s, the first of 2"
            ),
            (
                [(0, .pending(attempt: 0, maxAttempts: 5)), (1, .failed(.auth, willRetry: false))],
                "at 1 s, line 7: states files: expected failed (network, will not retry) at 1 s, "
                    + "got failed (auth, will not retry) at 1 s"
            ),
        ] as [([(Double, ServerStatus)], String)])
    func theFirstDifferenceInASequenceIsNamed(run: [(Double, ServerStatus)], expected: String) throws {
        #expect(try Self.mismatches(Self.twoStates, Self.states(run)) == [expected])
    }

    @Test func equalEntriesAreCounted() throws {
        let lost = Outcome.error("outcome-unknown")
        let text = "expect: {results: {c1: [\n{at: 1s, error: outcome-unknown, times: 3}]}}"
        #expect(try Self.mismatches(text, [Self.result(1, lost), Self.result(1, lost), Self.result(1, lost)]) == [])
        #expect(
            try Self.mismatches(text, [Self.result(1, lost), Self.result(1, lost)]) == [
                "at 1 s, line 6: results c1: expected error outcome-unknown at 1 s, 3 of 3, got nothing more"
            ])
    }

    @Test func resultsAreComparedByMeaning() throws {
        let text = #"expect: {results: {c1: [{result: {a: 1.0, b: [x, null]}}]}}"#
        #expect(try Self.mismatches(text, [Self.result(1, .result(["b": ["x", .null], "a": 1]))]) == [])
        #expect(
            try Self.mismatches(text, [Self.result(1, .result(["b": ["x"], "a": 1]))]) == [
                #"at 1 s, line 5: results c1: expected result {"a":1.0,"b":["x",null]}, got result {"b":["x"],"a":1} "#
                    + "at 1 s"
            ])
    }

    @Test func whatSettleFoundIsCompared() throws {
        let text = "expect: {results: {s1: [{settled: {other: pending, files: connected}}]}}"
        let channel = Channel(.results, "s1")
        func found(_ state: ServerState) -> Observation {
            let servers: [Outcome.Settled] = [
                .init(server: "files", state: .connected), .init(server: "other", state: state),
            ]
            return Self.observation(1, channel, .result(.settled(servers)))
        }
        #expect(try Self.mismatches(text, [found(.pending)]) == [])
        #expect(
            try Self.mismatches(text, [found(.failed)]) == [
                "at 1 s, line 5: results s1: expected settled (files connected, other pending), "
                    + "got settled (files connected, other failed) at 1 s"
            ])
    }

    @Test func toolsAreCounted() throws {
        let text = "expect: {tools: {files: [{at: 1s, count: 5}, {at: 2s, count: 0}]}}"
        let channel = Channel(.tools, "files")
        let run = [Self.observation(1, channel, .tools(count: 5)), Self.observation(2, channel, .tools(count: 1))]
        #expect(
            try Self.mismatches(text, run) == [
                "at 2 s, line 5: tools files: expected 0 tools at 2 s, got 1 tool at 2 s"
            ])
    }
}
