import MCPCore
import MCPWire
@testable import RepriseScenarios
import Testing

/// Every key of what is expected and forbidden, and the value that it becomes.
@Suite struct ExpectationReadingTests {
    static func scenario(_ yaml: String) throws -> Scenario {
        let world = """
            servers: {files: {}, other: {}}
            client: [{at: 0s, call: pay, server: files, id: c1}, {at: 0s, settle: s1, timeout: 1s}]

            """
        return try ScenarioReadingTests.read(ScenarioReadingTests.head + world + yaml)
    }

    /// What one channel expects; the text begins in line 7.
    static func content(_ yaml: String) throws -> Expectations.ExpectedChannel {
        try #require(try scenario("expect:\n" + yaml).expectations.channels.first)
    }

    static func entry(_ line: Int, _ change: (inout Expectations.Expected) -> Void) -> Expectations.Expected {
        var entry = Expectations.Expected(line: line)
        change(&entry)
        return entry
    }

    static func seconds(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func statesAreRead() throws {
        let channel = try Self.content(
            """
              states:
                files:
                  - {at: 0s, state: pending, attempt: 0}
                  - {at: 0s, state: failed, reason: notResponding, will-retry: true, times: 2}
                  - {state: needs-auth, as: up}
                  - state: disabled
                    after: up
            """)
        #expect(channel.channel == Channel(.states, "files") && channel.line == 8)
        #expect(
            channel.content
                == .sequence([
                    Self.entry(9) { ($0.at, $0.state, $0.attempt) = (.zero, .pending, 0) },
                    Self.entry(10) {
                        ($0.at, $0.state, $0.reason, $0.willRetry, $0.count) = (.zero, .failed, .notResponding, true, 2)
                    },
                    Self.entry(11) { ($0.state, $0.label) = (.needsAuth, "up") },
                    Self.entry(12) { ($0.state, $0.after) = (.disabled, "up") },
                ]))
    }

    @Test(
        "numbers, limits and instants of a route are read",
        arguments: [
            ("4", .count(4...4)), ("0", .count(0...0)), ("{at-least: 1, at-most: 3}", .count(1...3)),
            ("{at-least: 1}", .count(1...Int.max)), ("{at-most: 3}", .count(0...3)), ("[]", .sequence([])),
            ("[0s, 1s, 1s, 7s]", .instants([(seconds(0), 1), (seconds(1), 2), (seconds(7), 1)])),
            ("[{at: 1s, count: 10000}, 3s]", .instants([(seconds(1), 10_000), (seconds(3), 1)])),
        ] as [(String, Expectations.Content)])
    func numbersAndInstantsAreRead(yaml: String, content: Expectations.Content) throws {
        for (kind, name) in [("wire", "tools/call"), ("effects", "pay")] {
            let channel = try Self.content("  \(kind): {files: {\(name): \(yaml)}}")
            #expect(channel.channel == Channel(kind == "wire" ? .wire : .effects, "files", name))
            #expect(channel.content == content && channel.line == 7)
        }
    }

    @Test func labelsMakeASequenceOfInstants() throws {
        let channel = try Self.content("  wire: {files: {connect: [0s, {at: 1s, as: up, count: 2}, {after: up}]}}")
        #expect(
            channel.content
                == .sequence([
                    Self.entry(7) { $0.at = .zero },
                    Self.entry(7) { ($0.at, $0.label, $0.count) = (Self.seconds(1), "up", 2) },
                    Self.entry(7) { $0.after = "up" },
                ]))
    }

    @Test func toolsAndResultsAreRead() throws {
        let scenario = try Self.scenario(
            """
            expect:
              tools: {files: [{at: 7s, count: 3}], other: 0}
              results:
                c1: [{at: 1s, error: outcome-unknown, times: 50}, {result: {a: 1}}]
                s1: [{settled: {other: pending, files: connected}}]
            """)
        #expect(
            scenario.expectations.channels == [
                .init(
                    channel: Channel(.tools, "files"),
                    content: .sequence([Self.entry(7) { ($0.at, $0.toolCount) = (Self.seconds(7), 3) }]), line: 7),
                .init(channel: Channel(.tools, "other"), content: .count(0...0), line: 7),
                .init(
                    channel: Channel(.results, "c1"),
                    content: .sequence([
                        Self.entry(9) { ($0.at, $0.error, $0.count) = (Self.seconds(1), "outcome-unknown", 50) },
                        Self.entry(9) { $0.result = ["a": 1] },
                    ]), line: 9),
                .init(
                    channel: Channel(.results, "s1"),
                    content: .sequence([
                        Self.entry(10) {
                            $0.settled = [
                                .init(server: "files", state: .connected), .init(server: "other", state: .pending),
                            ]
                        }
                    ]), line: 10),
            ])
    }

    @Test func looksAndPeaksAreRead() throws {
        let expectations = try Self.scenario(
            """
            expect:
              looks:
                - {at: 7s, server: files, state: connected, attempt: 3, tools: 0, timers: 1, clients: 1}
                - {at: 8s, server: other, timers: 0, clients: {at-most: 5}}
                - {at: 9s, server: other, tools: 2}
              peaks:
                - {server: files, route: connect, bucket: 100ms, at-most: 1150}
            """
        ).expectations
        #expect(
            expectations.looks == [
                .init(
                    at: Self.seconds(7), server: "files", state: .connected, attempt: 3, toolCount: 0, timerCount: 1,
                    clientCount: 1...1, line: 8),
                .init(at: Self.seconds(8), server: "other", timerCount: 0, clientCount: 0...5, line: 9),
                .init(at: Self.seconds(9), server: "other", toolCount: 2, line: 10),
            ])
        #expect(
            expectations.peaks == [
                .init(server: "files", route: "connect", bucket: .milliseconds(100), atMost: 1150, line: 12)
            ])
    }

    @Test func prohibitionsAreRead() throws {
        let prohibitions = try Self.scenario(
            """
            never:
              - {wire: files connect, from: 31.1s, until: 24h}
              - {states: other, state: failed}
              - {wire: files}
              - {effects: files pay, until: 5s}
              - {results: c1}
              - {tools: files, from: 5s}
            """
        ).prohibitions
        let end = Self.seconds(100)
        #expect(
            prohibitions == [
                .init(
                    channel: Channel(.wire, "files", "connect"), from: Instant(nanoseconds: 31_100_000_000),
                    until: Self.seconds(86_400), line: 7),
                .init(channel: Channel(.states, "other"), state: .failed, from: .zero, until: end, line: 8),
                .init(channel: Channel(.wire, "files"), from: .zero, until: end, line: 9),
                .init(channel: Channel(.effects, "files", "pay"), from: .zero, until: Self.seconds(5), line: 10),
                .init(channel: Channel(.results, "c1"), from: .zero, until: end, line: 11),
                .init(channel: Channel(.tools, "files"), from: Self.seconds(5), until: end, line: 12),
            ])
    }

    @Test func everyErrorOfTheConnectionManagerHasAWord() throws {
        let errors: [ConnectionError] = [
            .notConnected(server: "a"), .outcomeUnknown(server: "a", cause: .reset), .notInManagerContext,
            .unknownServer("a"), .disabled(server: "a", .user), .needsAuth(server: "a"),
            .refused(code: 1, message: "a"),
            .undeclared(server: "a", capability: "tools"), .rejected(server: "a", status: 400, text: "a"),
            .timedOut(server: "a"), .cancelled(server: "a"),
            .illegalTransition(from: nil, to: .failed),
        ]
        #expect(Set(errors.map { Outcome.word(for: $0) }) == Set(Outcome.errorWords))
        #expect(Outcome.errorWords.count == errors.count)
    }
}
