import MCPCore
import MCPWire
@testable import RepriseScenarios
import RepriseSimulation
import Testing

/// Every key of servers, faults and steps, and the value that it becomes.
@Suite struct WorldReadingTests {
    static func servers(_ yaml: String) throws -> [Scenario.Server] {
        try ScenarioReadingTests.read(ScenarioReadingTests.head + "servers:\n" + yaml).servers
    }

    static func description(_ yaml: String) throws -> ServerDescription {
        let server = try #require(try servers("  files: {\(yaml)}").first)
        guard case .declared(let description) = server.behaviour else { return ServerDescription() }
        return description
    }

    static func faults(_ yaml: String) throws -> [Fault] {
        let servers = "servers: {files: {}, other: {}}\nclients: 3\n"
        return try ScenarioReadingTests.read(ScenarioReadingTests.head + servers + "faults:\n" + yaml).faults
    }

    static func actions(_ yaml: String) throws -> [Scenario.Action] {
        let servers = "servers: {files: {}, other: {}}\n"
        return try ScenarioReadingTests.read(ScenarioReadingTests.head + servers + "client:\n" + yaml).steps.map(
            \.action)
    }

    // MARK: Servers

    @Test func serversAreReadInTheirOrder() throws {
        let servers = try Self.servers(
            """
              files: {transport: stdio, connect: on-first-use, static-authorization: true, load: disabled,
                link: {latency: 10ms, jitter: 2ms, bandwidth: 1000000}}
              b: {load: {disabled: because}, recording: ../x.stdio.jsonl}
              a: {load: without-credential, transport: claudeai-proxy, connect: at-once}
              c: {load: {misconfigured: no command}}
            """)
        #expect(servers.map(\.configuration.name) == ["files", "b", "a", "c"])
        #expect(servers.map(\.configuration.transport) == [.stdio, .http, .claudeAIProxy, .http])
        #expect(servers.map(\.configuration.connect) == [.onFirstUse, .atOnce, .atOnce, .atOnce])
        #expect(
            servers.map(\.configuration.load) == [
                .disabled(.user), .disabled(.policy("because")), .withoutCredential, .misconfigured("no command"),
            ])
        #expect(servers.map(\.configuration.hasStaticAuthorization) == [true, false, false, false])
        #expect(
            servers[0].link
                == Link(latency: .milliseconds(10), jitter: .milliseconds(2), bandwidth: 1_000_000))
        #expect(servers[1].behaviour == .recording(path: "../x.stdio.jsonl"))
    }

    @Test func declarationsAreRead() throws {
        let description = try Self.description(
            "tools: 2, tools-of-connection: {2: [a], 3: 1}, prompts: 2, resources: [file:///a], page-size: 100, "
                + "handshake: 500ms, closes-after: 1ms, exits: 1")
        #expect(
            description
                == ServerDescription(
                    tools: [ToolDescription(name: "tool-1"), ToolDescription(name: "tool-2")],
                    prompts: ["prompt-1", "prompt-2"], resources: ["file:///a"], pageSize: 100,
                    handshake: .milliseconds(500), closesAfter: .milliseconds(1), exitsAtStart: 1,
                    toolsByConnection: [2: [ToolDescription(name: "a")], 3: [ToolDescription(name: "tool-1")]]))
        #expect(try Self.description("resources: 1, prompts: [p]").resources == ["file:///resource-1"])
        #expect(try Self.description("tools: []").tools == [])
    }

    @Test func toolsAreRead() throws {
        let tools = try Self.description(
            "tools: [plain, {name: pay, executes: 100ms, answers: never, idempotent: true}, "
                + "{name: fail, answers: 300ms, error: {code: -32000, message: no}}, {name: give, result: {a: [1, x]}}]"
        ).tools
        #expect(
            tools == [
                ToolDescription(name: "plain"),
                ToolDescription(
                    name: "pay", executesAfter: .milliseconds(100), answersAfter: nil, idempotentHint: true),
                ToolDescription(
                    name: "fail", answersAfter: .milliseconds(300), error: .init(code: -32000, message: "no")),
                ToolDescription(name: "give", result: ["a": [1, "x"]]),
            ])
    }

    @Test(
        "JSON keeps what is quoted as text, and numbers as they are written",
        arguments: [
            ("1", 1), ("'1'", "1"), ("1.50", .number("1.50")), ("true", true), ("\"true\"", "true"), ("null", .null),
            ("yes", "yes"), ("~", .null), ("", .null), ("-", .array([.null])), ("01", "01"), ("1e3", .number("1e3")),
            ("-5", -5), ("0x10", "0x10"), ("[1, [a]]", [1, ["a"]]), ("{b: 1, a: {}}", ["b": 1, "a": [:]]), (".5", ".5"),
        ] as [(String, JSONValue)])
    func jsonKeepsWhatIsQuotedAsText(yaml: String, value: JSONValue) throws {
        let text = yaml == "-" ? "\n          - null" : yaml
        let servers = try Self.servers("  files:\n    tools:\n      - name: a\n        result: \(text)\n")
        #expect(servers.first?.behaviour == .declared(ServerDescription(tools: [.init(name: "a", result: value)])))
    }

    // MARK: Faults

    @Test(
        "each effect of a fault is read",
        arguments: [
            ("refuse: refused", .refuse(.refused)), ("refuse: reset", .refuse(.reset)),
            ("refuse: closed", .refuse(.closed)), ("refuse: {exits: 1}", .refuse(.exited(code: 1))),
            ("refuse: {status: 503, retry-after: \"30\"}", .refuse(.unavailable(status: 503, retryAfter: "30"))),
            ("refuse: {status: 429, retry-after: -5}", .refuse(.unavailable(status: 429, retryAfter: "-5"))),
            ("refuse: {status: 401}", .refuse(.unauthorized(status: 401))),
            ("refuse: {status: 503}", .refuse(.unavailable(status: 503, retryAfter: nil))),
            ("refuse: {misconfigured: no such command}", .refuse(.misconfigured("no such command"))),
            ("refuse: {broken: no JSON}", .refuse(.protocolBroken("no JSON"))),
            ("delay-connect: 500ms", .delayConnect(.milliseconds(500))), ("hang-connect: true", .hangConnect),
            ("partition: true", .partition), ("drop: true", .drop), ("delay: 2.2s", .delay(.milliseconds(2_200))),
            ("duplicate: 2", .duplicate(2)), ("reorder: true", .reorder), ("cut: 17", .cut(17)),
            ("hold: {until-message: ping}", .hold(release: .init(method: "ping"))),
            ("slow-reader: 1000", .slowReader(bytesPerSecond: 1_000)),
        ] as [(String, Fault.Effect)])
    func eachEffectIsRead(yaml: String, effect: Fault.Effect) throws {
        #expect(try Self.faults("  - {\(yaml)}") == [Fault(effect)])
    }

    @Test func effectsThatNeedAnInstantAreRead() throws {
        let faults = try Self.faults(
            """
              - {reset: closed, from: 1s}
              - {half-close: s2c, method: ping}
              - {hold: true, until: 2s}
              - {hold-close: true, until: 3s}
            """)
        #expect(
            faults == [
                Fault(.reset(.closed), .init(from: Instant(nanoseconds: 1_000_000_000))),
                Fault(.halfClose(.serverToClient), .init(method: "ping")),
                Fault(.hold(release: nil), .init(until: Instant(nanoseconds: 2_000_000_000))),
                Fault(.holdClose, .init(until: Instant(nanoseconds: 3_000_000_000))),
            ])
    }

    @Test func placementsAreRead() throws {
        let faults = try Self.faults(
            """
              - {drop: true, server: other, client: 2, connection: 1, direction: c2s, method: tools/call, from: 1s,
                 until: 2s, skip: 3, count: 4, after: {method: ping, direction: s2c, number: 2}, late: true}
              - {drop: true, after: tools/list}
            """)
        let placement = Fault.Placement(
            server: "other", client: 2, connection: 1, direction: .clientToServer, method: "tools/call",
            from: Instant(nanoseconds: 1_000_000_000), until: Instant(nanoseconds: 2_000_000_000), skip: 3, count: 4,
            after: .init(method: "ping", direction: .serverToClient, number: 2), isLate: true)
        #expect(faults == [Fault(.drop, placement), Fault(.drop, .init(after: .init(method: "tools/list")))])
    }

    @Test func downResetsWhatStandsAndRefusesConnects() throws {
        let (from, until) = (Instant(nanoseconds: 1_000_000_000), Instant(nanoseconds: 5_000_000_000))
        #expect(
            try Self.faults("  - {down: files, from: 1s, until: 5s, client: 1}") == [
                Fault(.reset(.reset), .init(server: "files", client: 1, from: from)),
                Fault(.refuse(.refused), .init(server: "files", client: 1, from: from, until: until)),
            ])
        #expect(
            try Self.faults("  - down: files") == [
                Fault(.reset(.reset), .init(server: "files", from: .zero)),
                Fault(.refuse(.refused), .init(server: "files", from: .zero)),
            ])
    }

    // MARK: Steps

    @Test(
        "each action of a step is read",
        arguments: [
            ("enable: files", .enable(server: "files")), ("disable: other", .disable(server: "other")),
            ("reconnect: files", .reconnect(server: "files", id: nil)),
            ("reconnect: files, id: r1", .reconnect(server: "files", id: "r1")),
            ("begin-sign-in: files", .beginSignIn(server: "files")),
            ("sign-in: files", .completeSignIn(server: "files", succeeded: true)),
            ("sign-in: {server: files, succeeded: false}", .completeSignIn(server: "files", succeeded: false)),
            ("settle: s1, timeout: 5s", .settle(id: "s1", timeout: .seconds(5))),
            ("ready: files, id: r1", .ready(server: "files", id: "r1")),
            (
                "call: pay, server: files, id: c1",
                .call(
                    .init(
                        id: "c1", server: "files", tool: "pay", arguments: [:], count: 1, timeout: nil,
                        reconnectsOnFailure: false))
            ),
            (
                "call: pay, server: files, id: c1, arguments: {a: 1}, count: 50, timeout: 5s, on-failure: reconnect",
                .call(
                    .init(
                        id: "c1", server: "files", tool: "pay", arguments: ["a": 1], count: 50, timeout: .seconds(5),
                        reconnectsOnFailure: true))
            ),
        ] as [(String, Scenario.Action)])
    func eachActionIsRead(yaml: String, action: Scenario.Action) throws {
        #expect(try Self.actions("  - {at: 0s, \(yaml)}") == [action])
    }

    @Test func stepsKnowTheirInstantAndLine() throws {
        let yaml =
            ScenarioReadingTests.minimal + "client:\n  - {at: 2.5s, disable: files}\n  - at: 10s\n    enable: files\n"
        let steps = try ScenarioReadingTests.read(yaml).steps
        #expect(steps.map(\.at.nanoseconds) == [2_500_000_000, 10_000_000_000])
        #expect(steps.map(\.line) == [6, 7])
    }
}
