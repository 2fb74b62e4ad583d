import MCPCore
import RepriseScenarios
import RepriseSimulation
import Testing

/// What the judge says of requests over HTTP, notifications, notices, statuses and pushed messages.
@Suite struct HTTPJudgeTests {
    static func mismatches(_ text: String, _ observations: [Observation]) throws -> [String] {
        try ScenarioJudgeTests.mismatches(text, observations)
    }

    static func request(_ seconds: Double, _ detail: ExchangeDetail) -> Observation {
        ScenarioJudgeTests.observation(seconds, Channel(.wire, "files", detail.route), .request(detail))
    }

    static func remarks(_ numbers: [Int], at seconds: Double = 1) -> [Observation] {
        numbers.map {
            ScenarioJudgeTests.observation(
                seconds, Channel(.notifications, "files"),
                .notification(method: "notifications/message", params: ["level": "info", "data": .int($0)]))
        }
    }

    // MARK: Requests

    @Test(
        "what a request carries is compared, as far as an entry says something of it",
        arguments: [
            ("{at: 1s}", nil), ("1s", nil), ("{token: A}", nil), ("{resumes: push 5, session: 1}", nil),
            (
                "{token: B}",
                "line 5: wire files GET: expected one (token B), got one (token A, session 1, resuming after push 5) at 1 s"
            ),
            (
                "{session: 2}",
                "line 5: wire files GET: expected one (session 2), "
                    + "got one (token A, session 1, resuming after push 5) at 1 s"
            ),
            (
                "{at: 1s, resumes: none}",
                "line 5: wire files GET: expected one (resuming after none) at 1 s, "
                    + "got one (token A, session 1, resuming after push 5) at 1 s"
            ),
        ] as [(String, String?)])
    func whatARequestCarriesIsCompared(entry: String, mismatch: String?) throws {
        let run = [Self.request(1, ExchangeDetail(route: "GET", token: "A", resumes: "push 5", session: 1))]
        let expected = mismatch.map { ["at 1 s, " + $0] } ?? []
        #expect(try Self.mismatches("expect: {wire: {files: {GET: [\(entry)]}}}", run) == expected)
    }

    @Test func whatIsNotCarriedIsNone() throws {
        let entry = "expect: {wire: {files: {GET: [{token: none, resumes: none, session: none}]}}}"
        #expect(try Self.mismatches(entry, [Self.request(1, ExchangeDetail(route: "GET"))]) == [])
        let found = try Self.mismatches(entry, [Self.request(1, ExchangeDetail(route: "GET", token: "A"))])
        #expect(
            found == [
                "at 1 s, line 5: wire files GET: expected one (token none, session none, resuming after none), "
                    + "got one (token A) at 1 s"
            ])
    }

    // MARK: Notifications and notices

    @Test("a range of data stands for as many entries, in order, each once")
    func aRangeOfDataStandsForAsManyEntries() throws {
        let text = "expect: {notifications: {files: [{method: notifications/message, data: 1...8}]}}"
        #expect(try Self.mismatches(text, Self.remarks(Array(1...8))) == [])
        let twice = try Self.mismatches(text, Self.remarks([1, 2, 3, 4, 5, 5, 6, 7, 8]))
        #expect(
            twice == [
                "at 1 s, line 5: notifications files: expected notifications/message with data 6, "
                    + "got notifications/message with data 5 at 1 s"
            ])
        let missing = try Self.mismatches(text, Self.remarks([1, 2, 3, 4, 5, 6, 7]))
        #expect(
            missing == [
                "line 5: notifications files: expected notifications/message with data 8, got nothing more"
            ])
        let more = try Self.mismatches(text, Self.remarks(Array(1...9)))
        #expect(
            more == [
                "at 1 s: notifications files: expected nothing more, got notifications/message with data 9 at 1 s"
            ])
    }

    @Test func otherMethodsAreOtherNotifications() throws {
        let found = try Self.mismatches(
            "expect: {notifications: {files: [{method: notifications/progress}]}}", Self.remarks([1]))
        #expect(
            found == [
                "at 1 s, line 5: notifications files: expected notifications/progress, "
                    + "got notifications/message with data 1 at 1 s"
            ])
        #expect(try Self.mismatches("expect: {notifications: {files: 1}}", Self.remarks([1])) == [])
    }

    @Test func nobodyIsToldOfWhatIsNotExpected() throws {
        let notice = ScenarioJudgeTests.observation(1, Channel(.notices, "files"), .notice(.pushDegraded))
        #expect(
            try Self.mismatches("expect: {}", Self.remarks([1]) + [notice]) == [
                "at 1 s: notifications files: expected nothing, got notifications/message with data 1 at 1 s",
                "at 1 s: notices files: expected nothing, got push-degraded at 1 s",
            ])
        #expect(try Self.mismatches("relaxed: [notifications, notices]", Self.remarks([1]) + [notice]) == [])
        #expect(try Self.mismatches("expect: {notices: {files: [{at: 1s, kind: push-degraded}]}}", [notice]) == [])
        #expect(
            try Self.mismatches("expect: {notices: {files: [{kind: history-lost}]}}", [notice]) == [
                "at 1 s, line 5: notices files: expected history-lost, got push-degraded at 1 s"
            ])
        #expect(
            try Self.mismatches("expect: {notices: {files: 1}}\n,never: [{notices: files, from: 1s}]", [notice]) == [
                "at 1 s, line 6: notices files: never from 1 s until 100 s, got push-degraded at 1 s"
            ])
    }

    // MARK: Statuses and what is pushed

    @Test("statuses and pushed messages are looked at only where the file mentions them")
    func statusesAndPushedMessagesAreLookedAtOnlyWhereMentioned() throws {
        let run = [
            ScenarioJudgeTests.observation(1, Channel(.statuses, "files", "GET"), .response(status: 405)),
            ScenarioJudgeTests.observation(1, Channel(.pushed, "files", "notifications/message"), .pushed),
        ]
        #expect(try Self.mismatches("expect: {}", run) == [])
        #expect(
            try Self.mismatches("expect: {statuses: {files: {GET: [{at: 1s, status: 405}]}}}", run) == [])
        #expect(
            try Self.mismatches("expect: {statuses: {files: {GET: [{status: 200}]}}}", run) == [
                "at 1 s, line 5: statuses files GET: expected status 200, got status 405 at 1 s"
            ])
        #expect(try Self.mismatches("expect: {pushed: {files: {notifications/message: [1s]}}}", run) == [])
        #expect(
            try Self.mismatches("expect: {pushed: {files: {notifications/message: 0}}}", run) == [
                "at 1 s, line 5: pushed files notifications/message: expected 0, got 1; one too many is one at 1 s"
            ])
    }
}
