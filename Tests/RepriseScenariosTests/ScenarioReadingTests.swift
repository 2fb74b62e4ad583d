import MCPCore
import MCPWire
import RepriseScenarios
import RepriseSimulation
import Testing

/// Every key of a scenario's file, and the value that it becomes.
@Suite struct ScenarioReadingTests {
    static let head = "scenario: a-1\ntitle: A title\nuntil: 100s\n"
    static let minimal = head + "servers: {files: {}}\n"

    static func read(_ yaml: String) throws -> Scenario { try Scenario(yaml: yaml, path: "a.yaml") }

    static func seconds(_ text: String) throws -> Instant {
        try read("scenario: a\ntitle: a\nuntil: \(text)\nservers: {files: }").end
    }

    @Test func whatIsNotSaidHasADefault() throws {
        let scenario = try Self.read(Self.minimal)
        #expect(scenario.name == "a-1" && scenario.title == "A title" && scenario.path == "a.yaml")
        #expect(scenario.proves.isEmpty && scenario.seeds == Array(1...10))
        #expect(scenario.policy == ConnectionPolicy(.chapter) && scenario.revision == "2025-11-25")
        #expect(scenario.begin == .cold && scenario.end == Instant(nanoseconds: 100_000_000_000))
        #expect(scenario.clientCount == 1 && scenario.faults.isEmpty && scenario.steps.isEmpty)
        #expect(scenario.expectations == Expectations() && scenario.prohibitions.isEmpty && scenario.relaxed.isEmpty)
        let server = try #require(scenario.servers.first)
        #expect(server.configuration == ServerConfiguration(name: "files"))
        #expect(server.behaviour == .declared(ServerDescription()) && server.link == Link())
    }

    @Test func theTopIsRead() throws {
        let scenario = try Self.read(
            Self.minimal + """
                proves: [RS-01, S-031]
                seeds: [7, 1...3]
                profile: current
                policy: {jitter: full, retries: 2, first-connect-retries: 1, backoff: 250ms, stability: 5s, connect-timeout: 1min}
                revision: 2025-03-26
                begin: connected
                clients: 10000
                relaxed: [tools, wire]
                """)
        var policy = ConnectionPolicy(.current)
        policy.jitter = .full
        policy.retries = 2
        policy.firstConnectRetries = 1
        policy.backoffBase = .milliseconds(250)
        policy.stabilityWindow = .seconds(5)
        policy.connectTimeout = .seconds(60)
        #expect(scenario.proves == ["RS-01", "S-031"] && scenario.seeds == [7, 1, 2, 3] && scenario.policy == policy)
        #expect(scenario.revision == "2025-03-26" && scenario.begin == .connected && scenario.clientCount == 10_000)
        #expect(scenario.relaxed == [.tools, .wire])
    }

    @Test(
        "instants are read exactly, to the nanosecond",
        arguments: [
            ("250ms", 250_000_000), ("2.5s", 2_500_000_000), ("1min", 60_000_000_000), ("24h", 86_400_000_000_000),
            ("1d", 86_400_000_000_000), ("100us", 100_000), ("1ns", 1), ("31.006", 31_006_000_000), ("0", 0),
            ("0.1", 100_000_000), ("0.000000001", 1), ("1.5h", 5_400_000_000_000), ("0.3000000000000s", 300_000_000),
            ("9223372036.854775807", Int64.max), ("0.000000000000694444444444h", nil), ("0.25us", 250),
            ("0.0000000000000025d", nil), ("1.0us", 1_000),
        ] as [(String, Int64?)])
    func instantsAreReadExactly(text: String, nanoseconds: Int64?) {
        #expect((try? Self.seconds(text))?.nanoseconds == nanoseconds)
    }
}
