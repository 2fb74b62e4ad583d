import MCPCore
import RepriseScenarios
import RepriseSimulation
import Testing

/// Every key of servers over HTTP, of authorization servers and of what clients have for them.
@Suite struct HTTPReadingTests {
    static func server(_ yaml: String) throws -> Scenario.Server {
        try #require(try WorldReadingTests.servers("  files: {\(yaml)}\n  login: {authorization: {}}\n").first)
    }

    static func http(_ yaml: String) throws -> HTTPBehaviour? { try server("http: \(yaml)").http }

    static func authorization(_ yaml: String) throws -> AuthorizationServerDescription? {
        let servers = try WorldReadingTests.servers("  files:\n  login: {authorization: \(yaml)}\n")
        #expect(servers.count == 2 && servers[1].isReachedByHTTP)
        if case .authorization(let description) = servers[1].behaviour { return description }
        return nil
    }

    @Test("without http a server is on the network of messages; an empty one has the defaults")
    func anEmptyMappingIsTheDefaults() throws {
        let none = try Self.server("tools: 1")
        #expect(none.http == nil && !none.isReachedByHTTP)
        for yaml in ["{}", ""] { #expect(try Self.http(yaml) == HTTPBehaviour()) }
        #expect(try Self.server("http: {}").isReachedByHTTP)
        for yaml in ["{}", ""] { #expect(try Self.authorization(yaml) == AuthorizationServerDescription()) }
    }

    @Test func behaviourOverHTTPIsRead() throws {
        let http = try Self.http(
            "{sessions: false, answers: json, event-ids: false, retry: 500ms, closes-calls-after: 1s, "
                + "pushes: [1s, {at: 2s, count: 5}], session-ends: [3s, 4s]}")
        var expected = HTTPBehaviour()
        expected.hasSessions = false
        expected.answers = .json
        expected.hasEventIDs = false
        expected.retry = .milliseconds(500)
        expected.closesCallsAfter = .seconds(1)
        expected.pushes = [
            .init(at: Instant(nanoseconds: 1_000_000_000)), .init(at: .init(nanoseconds: 2_000_000_000), count: 5),
        ]
        expected.sessionEnds = [Instant(nanoseconds: 3_000_000_000), Instant(nanoseconds: 4_000_000_000)]
        #expect(http == expected)
    }

    @Test func rulesAreRead() throws {
        let rules = try Self.http(
            "{rules: [{status: 405}, {route: GET, resuming: true, from: 1s, until: 2s, skip: 3, count: 4, status: 200, "
                + "headers: {content-type: text/plain, a: b}, body: \"\"}, {route: tools/call, status: 404, body: no}]}"
        )?.rules
        var second = ResponseRule(status: 200)
        second.route = "GET"
        second.isResuming = true
        second.from = Instant(nanoseconds: 1_000_000_000)
        second.until = Instant(nanoseconds: 2_000_000_000)
        (second.skip, second.count) = (3, 4)
        second.headers = [.init("content-type", "text/plain"), .init("a", "b")]
        var third = ResponseRule(status: 404)
        (third.route, third.body) = ("tools/call", "no")
        #expect(rules == [ResponseRule(status: 405), second, third])
    }

    @Test func protectionIsRead() throws {
        let protection = try Self.http(
            "{protected-by: login, refuses: [{}, {token: A, route: GET, from: 1s, until: 2s}], needs: {tools/call: write}, "
                + "resource-metadata: not-json}"
        )?.protection
        var expected = Protection(authorizationServer: "login")
        var refusal = Protection.Refusal(token: "A")
        refusal.route = "GET"
        refusal.from = Instant(nanoseconds: 1_000_000_000)
        refusal.until = Instant(nanoseconds: 2_000_000_000)
        expected.refusals = [.init(token: nil), refusal]
        expected.neededScopes = [.init(route: "tools/call", scope: "write")]
        expected.metadata = .notJSON
        #expect(protection == expected)
    }

    @Test(
        "each kind of metadata is read",
        arguments: [
            ("valid", .valid), ("missing", .missing), ("not-json", .notJSON), ("impostor", .impostor),
            ("{oversized: 1000000}", .oversized(bytes: 1_000_000)),
            ("{redirect: http://evil.sim}", .redirect(origin: "http://evil.sim")),
        ] as [(String, MetadataBehaviour)])
    func metadataIsRead(yaml: String, metadata: MetadataBehaviour) throws {
        #expect(try Self.http("{protected-by: login, resource-metadata: \(yaml)}")?.protection?.metadata == metadata)
        #expect(try Self.authorization("{metadata: \(yaml)}")?.metadata == metadata)
    }

    @Test func authorizationServersAreRead() throws {
        let description = try Self.authorization(
            "{takes: 200ms, outcomes: [grant, same-token, reset, garbage, {status: 503}, {error: invalid_grant}], "
                + "lifetime: 300s, rotates: false, detects-reuse: false, leeway: 1s, skew: -90s, registration: false, "
                + "grants: a b}")
        var expected = AuthorizationServerDescription()
        expected.takes = .milliseconds(200)
        expected.outcomes = [.grant, .sameToken, .reset, .garbage, .status(503), .error("invalid_grant")]
        expected.lifetime = .seconds(300)
        (expected.rotates, expected.detectsReuse, expected.hasRegistration) = (false, false, false)
        (expected.leeway, expected.skew) = (.seconds(1), .seconds(-90))
        expected.grantedScope = "a b"
        #expect(description == expected)
        #expect(try Self.authorization("{skew: 1.5s}")?.skew == .milliseconds(1500))
    }

    @Test func credentialsAndHeadersAreRead() throws {
        let http = "http: {protected-by: login}"
        for yaml in ["{}", ""] {
            #expect(try Self.server("\(http), credential: \(yaml)").credential == Scenario.Credential())
        }
        let credential = try Self.server("\(http), credential: {token: B, refresh: false, expires: 300s, scope: a}")
            .credential
        var expected = Scenario.Credential()
        (expected.token, expected.hasRefreshToken) = ("B", false)
        (expected.expiresAfter, expected.scope) = (.seconds(300), "a")
        #expect(credential == expected)
        let server = try Self.server("http: {}, headers: {X-A: b, authorization: Bearer x}")
        #expect(server.headers == [.init("X-A", "b"), .init("authorization", "Bearer x")])
        #expect(server.configuration.hasStaticAuthorization)
        #expect(try !Self.server("http: {}, headers: {X-A: b}").configuration.hasStaticAuthorization)
    }

    @Test func toolsSayWhatTheySendBeforeTheirAnswer() throws {
        let tools = try WorldReadingTests.description(
            "tools: [{name: a, remarks: [1s, 2s], progress: [500ms], asks: sampling/createMessage}]"
        ).tools
        var tool = ToolDescription(name: "a")
        tool.remarks = [.seconds(1), .seconds(2)]
        tool.progress = [.milliseconds(500)]
        tool.asks = "sampling/createMessage"
        #expect(tools == [tool])
    }

    // MARK: The world

    @Test("clients connect to all servers but authorization servers")
    func authorizationServersAreNoServersOfClients() throws {
        let scenario = try ScenarioReadingTests.read(
            ScenarioReadingTests.head + "servers: {login: {authorization: {}}, files: {http: {}}, plain: {}}\n")
        #expect(scenario.servers.map(\.configuration.name) == ["login", "files", "plain"])
        #expect(scenario.mcpServers.map(\.configuration.name) == ["files", "plain"])
    }

    @Test("a client may be a mapping with its steps")
    func clientsAreRead() throws {
        let head = ScenarioReadingTests.head + "servers: {files: {}}\n"
        let scenario = try ScenarioReadingTests.read(
            head + "client: {clock-skew: -90s, proactive-refresh: true, steps: [{at: 1s, enable: files}]}\n")
        #expect(scenario.steps.map(\.action) == [.enable(server: "files")])
        #expect(scenario.client.clockSkew == .seconds(-90) && scenario.client.refreshesProactively)
        let plain = try ScenarioReadingTests.read(head + "client: [{at: 1s, enable: files}]\n")
        #expect(plain.client == Scenario.Client() && plain.steps == scenario.steps)
    }

    @Test("sign-in is the whole way where a server is protected, unless it is told how it ends")
    func signInIsTheWholeWay() throws {
        let servers = "servers: {files: {http: {protected-by: login}}, login: {authorization: {}}, plain: {}}\n"
        let scenario = try ScenarioReadingTests.read(
            ScenarioReadingTests.head + servers
                + "client: [{at: 0s, sign-in: files}, {at: 0s, sign-in: {server: files}}, {at: 0s, sign-in: plain}]\n")
        #expect(
            scenario.steps.map(\.action) == [
                .signIn(server: "files"), .completeSignIn(server: "files", succeeded: true),
                .completeSignIn(server: "plain", succeeded: true),
            ])
    }

    @Test("several revisions make as many scenarios, told by their labels")
    func severalRevisionsAreRead() throws {
        let head = ScenarioReadingTests.head + "servers: {files: {}}\n"
        let several = try ScenarioReadingTests.read(head + "revisions: [2025-03-26, 2025-11-25]\n")
        #expect(several.revisions == ["2025-03-26", "2025-11-25"])
        #expect(several.onEachRevision.map(\.revision) == several.revisions)
        #expect(several.onEachRevision.map(\.label) == several.revisions.map { "\(several.name) \($0)" })
        let one = try ScenarioReadingTests.read(head + "revision: 2025-03-26\n")
        #expect(one.onEachRevision == [one] && one.label == one.name && one.revisions == ["2025-03-26"])
    }

    @Test("over HTTP faults of connecting take a route")
    func faultsOfConnectingTakeARoute() throws {
        let servers = "servers: {files: {http: {}}}\n"
        let faults = try ScenarioReadingTests.read(
            ScenarioReadingTests.head + servers + "faults: [{refuse: refused, server: files, method: GET}]\n"
        ).faults
        #expect(faults == [Fault(.refuse(.refused), .init(server: "files", method: "GET"))])
    }
}
