import MCPCore
import MCPWire
import RepriseSimulation
import Synchronization
import Testing

/// An authorizer at work in virtual time, with a token endpoint by script.
@Suite struct AuthorizerTests {
    private static let endpoint = "https://auth.test/token"

    private static func credential(issue: Int = 1, endpoint: String = endpoint) -> Credential {
        Credential(
            accessToken: "secret-A", refreshToken: "secret-r1", issue: issue,
            client: RegisteredClient(id: "c", secret: nil), tokenEndpoint: endpoint)
    }

    private static func grant(_ number: Int, after delay: Duration = .zero) -> ScriptedSender.Answer {
        let body = #"{"access_token":"T\#(number)","token_type":"Bearer","refresh_token":"secret-r\#(number)"}"#
        return .response(200, body, after: delay)
    }

    private static func authorizer(
        _ simulation: Simulation, _ sender: any HTTPSender, _ store: any TokenStore,
        revision: ProtocolRevision = .november2025, policy: AuthorizationPolicy = .init()
    ) throws -> Authorizer {
        try Authorizer(
            server: "https://mcp.test/mcp", revision: revision, store: store, sender: sender, time: simulation.clock,
            unixTime: { 1_800_000_000 }, policy: policy,
            client: OAuthClient(redirectURI: "http://127.0.0.1:1/cb", name: "Test"), user: nil,
            generator: SplitMix64(seed: simulation.seed))
    }

    private static func refusal(_ token: AccessToken?) -> AuthorizationRefusal {
        AuthorizationRefusal(status: 401, challenges: ["Bearer"], token: token)
    }

    /// Runs `body` beside the authorizer, in 20 seeds.
    private static func simulate(_ body: @escaping @Sendable (Simulation) async throws -> Void) throws {
        for seed in UInt64(1)...20 { try Simulation(seed: seed).run(body) }
    }

    /// Runs `body` while the authorizer runs.
    private static func withRunning(_ authorizer: Authorizer, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await authorizer.run() }
            try await body()
            group.cancelAll()
        }
    }

    @Test("AE-03: ten requests refused at once cause one token request, and each is told to retry with its token")
    func tenRefusalsCauseOneRequest() throws {
        try Self.simulate { simulation in
            let sender = ScriptedSender(simulation) { _ in Self.grant(2, after: .milliseconds(200)) }
            let store = MemoryTokenStore(Self.credential())
            let authorizer = try Self.authorizer(simulation, sender, store)
            try await Self.withRunning(authorizer) {
                let token = await authorizer.token()
                #expect(token == AccessToken("secret-A", issue: 1))
                await withTaskGroup(of: AuthorizationRecovery.self) { group in
                    for _ in 1...10 { group.addTask { await authorizer.recover(from: Self.refusal(token)) } }
                    for await recovery in group { #expect(recovery == .retry(AccessToken("T2", issue: 2))) }
                }
                #expect(simulation.now == Instant(nanoseconds: 200_000_000))
                #expect(await authorizer.token()?.value == "T2")
            }
            #expect(sender.lines == ["POST \(Self.endpoint)"])
            let form = sender.sent[0]
            #expect(
                form["grant_type"] == "refresh_token" && form["refresh_token"] == "secret-r1"
                    && form["client_id"] == "c")
            #expect(form["resource"] == "https://mcp.test/mcp")
            #expect(await store.load()?.refreshToken == "secret-r2")
        }
    }

    @Test("AE-07: the token endpoint resets at 0, says 503 at 1, and grants at 3")
    func passingFailuresAreRetried() throws {
        try Self.simulate { simulation in
            let sender = ScriptedSender(simulation) { sent in
                switch sent.at.nanoseconds {
                case 0: .failure(.reset)
                case 1_000_000_000: .response(503, "")
                default: Self.grant(2)
                }
            }
            let authorizer = try Self.authorizer(simulation, sender, MemoryTokenStore(Self.credential()))
            try await Self.withRunning(authorizer) {
                let recovery = await authorizer.recover(from: Self.refusal(await authorizer.token()))
                #expect(recovery == .retry(AccessToken("T2", issue: 2)))
            }
            #expect(sender.times == ["0", "1", "3"])
        }
    }

    @Test("AE-16: a refresh goes on when nobody waits for it any more, and its token is stored")
    func aRefreshOutlivesWhoWaited() throws {
        try Self.simulate { simulation in
            let sender = ScriptedSender(simulation) { _ in Self.grant(2, after: .seconds(1)) }
            let store = MemoryTokenStore(Self.credential())
            let authorizer = try Self.authorizer(simulation, sender, store)
            try await Self.withRunning(authorizer) {
                let token = await authorizer.token()
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let recovery = await authorizer.recover(from: Self.refusal(token))
                        #expect(recovery == .refused("the request was cancelled"))
                        #expect(simulation.now == Instant(nanoseconds: 500_000_000))
                    }
                    try? await simulation.clock.sleep(until: Instant(nanoseconds: 500_000_000))
                    group.cancelAll()
                }
                #expect(await store.load()?.issue == 1)
                try await simulation.clock.sleep(until: Instant(nanoseconds: 1_000_000_001))
                #expect(await store.load()?.accessToken == "T2")
            }
            #expect(sender.sent.count == 1)
        }
    }

    @Test("AE-05: of two that share a store, the one that comes too late takes the other's token and clears nothing")
    func theLoserTakesTheOthersToken() throws {
        try Self.simulate { simulation in
            // A refresh token is good once; each request takes 20 or 40 ms, and both are under way at once.
            let uses = Mutex(0)
            let sender = ScriptedSender(simulation) { sent in
                let use = uses.withLock { uses in
                    uses += 1
                    return uses
                }
                if sent["refresh_token"] == "secret-r1", use == 1 { return Self.grant(2, after: .milliseconds(20)) }
                return .response(400, #"{"error":"invalid_grant"}"#, after: .milliseconds(40))
            }
            let store = MemoryTokenStore(Self.credential())
            let first = try Self.authorizer(simulation, sender, store)
            let second = try Self.authorizer(simulation, sender, store)
            let token = await first.token()
            _ = await second.token()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await first.run() }
                group.addTask { await second.run() }
                async let one = first.recover(from: Self.refusal(token))
                async let two = second.recover(from: Self.refusal(token))
                #expect(await one == .retry(AccessToken("T2", issue: 2)))
                #expect(await two == .retry(AccessToken("T2", issue: 2)))
                group.cancelAll()
            }
            #expect(await store.load()?.refreshToken == "secret-r2")
            #expect(sender.sent.count == 2)
        }
    }

    @Test("AE-16: when it is stopped, everybody is told at once, and a token request is waited for 5 s longer")
    func whenItIsStoppedEverybodyIsTold() throws {
        try Self.simulate { simulation in
            let sender = ScriptedSender(simulation) { _ in .silence }
            let authorizer = try Self.authorizer(simulation, sender, MemoryTokenStore(Self.credential()))
            let token = await authorizer.token()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await authorizer.run() }
                async let recovery = authorizer.recover(from: Self.refusal(token))
                try? await simulation.clock.sleep(until: Instant(nanoseconds: 1_000_000_000))
                group.cancelAll()
                #expect(await recovery == .refused("authorization has been stopped"))
                #expect(simulation.now == Instant(nanoseconds: 1_000_000_000))
            }
            #expect(simulation.now == Instant(nanoseconds: 6_000_000_000))
            #expect(await authorizer.recover(from: Self.refusal(token)) == .refused("authorization has been stopped"))
            #expect(await authorizer.token() == token)
            await authorizer.run()
            #expect(simulation.now == Instant(nanoseconds: 6_000_000_000))
        }
    }

    @Test("S-140: a silent token endpoint is given up after 30 s each time, and at last altogether")
    func aSilentEndpointIsGivenUp() throws {
        try Simulation(seed: 1).run { simulation in
            let sender = ScriptedSender(simulation) { _ in .silence }
            let authorizer = try Self.authorizer(simulation, sender, MemoryTokenStore(Self.credential()))
            try await Self.withRunning(authorizer) {
                let recovery = await authorizer.recover(from: Self.refusal(await authorizer.token()))
                #expect(
                    recovery == .signIn("the token endpoint failed 6 times, at last with: no response within 30 s"))
            }
            #expect(sender.times == ["0", "31", "63", "97", "135", "181"])
        }
    }

    @Test(
        "bad answers of a token endpoint end the refresh with what is wrong",
        arguments: [
            (
                String(repeating: "x", count: 262_145), 200,
                "the body of the response is longer than the limit of 262144 bytes"
            ),
            (#"{"access_token":"a b"}"#, 200, "the token response has no access_token that a header can carry"),
            ("", 302, "status 302"), (#"{"error":"secret-r1"}"#, 400, "status 400"),
            (#"{"error":"invalid_client"}"#, 401, "invalid_client"),
        ])
    func badAnswersEndTheRefresh(body: String, status: Int, problem: String) throws {
        try Simulation(seed: 1).run { simulation in
            let sender = ScriptedSender(simulation) { _ in
                .response(status, body, ["Location": "https://evil.test/token"])
            }
            let authorizer = try Self.authorizer(simulation, sender, MemoryTokenStore(Self.credential()))
            try await Self.withRunning(authorizer) {
                let recovery = await authorizer.recover(from: Self.refusal(await authorizer.token()))
                #expect(recovery == .signIn("the token endpoint refused to refresh: \(problem)"))
            }
            #expect(sender.lines == ["POST \(Self.endpoint)"])
        }
    }

    @Test func aRefreshTokenIsNeverSentInTheClear() throws {
        try Simulation(seed: 1).run { simulation in
            for endpoint in ["http://auth.test/token", "ftp://auth.test/token", ""] {
                let sender = ScriptedSender(simulation) { _ in Self.grant(2) }
                let store = MemoryTokenStore(Self.credential(endpoint: endpoint))
                let authorizer = try Self.authorizer(simulation, sender, store)
                try await Self.withRunning(authorizer) {
                    let recovery = await authorizer.recover(from: Self.refusal(await authorizer.token()))
                    let problem = "the stored token endpoint is no URL that tokens may be sent to"
                    #expect(recovery == .signIn("the token endpoint refused to refresh: \(problem)"))
                }
                #expect(sender.sent.isEmpty)
            }
            let sender = ScriptedSender(simulation) { _ in Self.grant(2) }
            for server in ["http://mcp.test/mcp", "mcp.test", "stdio:x"] {
                #expect(throws: AuthorizationError.self) {
                    try Authorizer(
                        server: server, revision: .june2025, store: MemoryTokenStore(), sender: sender,
                        time: simulation.clock, unixTime: { 0 }, client: OAuthClient(redirectURI: "x:/", name: "Test"),
                        user: nil, generator: SplitMix64(seed: 1))
                }
            }
        }
    }

    @Test("tokens for one origin are taken to no other")
    func tokensStayInTheirOrigin() throws {
        try Simulation(seed: 1).run { simulation in
            let sender = ScriptedSender(simulation) { _ in Self.grant(2) }
            let authorizer = try Self.authorizer(simulation, sender, MemoryTokenStore(Self.credential()))
            let connector = StreamableHTTPConnector(
                sender: sender, time: simulation.clock, authorizers: ["a": authorizer], seed: 1)
            for url in ["http://mcp.test/mcp", "https://mcp.test:8443/mcp", "https://other.test/mcp"] {
                let server = ServerConfiguration(name: "a", target: ["url": .string(url)])
                let reason = #"the tokens for a are those of another origin than its "url""#
                await #expect(throws: TransportFailure.misconfigured(reason)) {
                    try await connector.connect(to: server)
                }
            }
            let server = ServerConfiguration(name: "a", target: ["url": "https://MCP.test:443/other"])
            _ = try await connector.connect(to: server)
            #expect(sender.sent.isEmpty)
        }
    }

    @Test("before 2025-06-18 no resource is named")
    func beforeJune2025NoResourceIsNamed() throws {
        try Simulation(seed: 1).run { simulation in
            let sender = ScriptedSender(simulation) { _ in Self.grant(2) }
            var credential = Self.credential()
            credential.client = RegisteredClient(id: "c d", secret: "s:?")
            let authorizer = try Self.authorizer(
                simulation, sender, MemoryTokenStore(credential), revision: .march2025)
            try await Self.withRunning(authorizer) {
                _ = await authorizer.recover(from: Self.refusal(await authorizer.token()))
            }
            #expect(sender.sent[0]["resource"] == nil && sender.sent[0]["client_secret"] == nil)
            #expect(sender.sent[0]["client_id"] == "c d")
            // "c%20d:s%3A%3F" in Base64.
            #expect(sender.sent[0].head.headerFields[.authorization] == "Basic YyUyMGQ6cyUzQSUzRg==")
        }
    }

    @Test("AE-15: a refused static header is beyond help")
    func aStaticHeaderIsBeyondHelp() async {
        let authorizer = StaticAuthorizer(token: "secret-A")
        await authorizer.run()
        let token = await authorizer.token()
        #expect(token?.value == "secret-A")
        for status in [401, 403] {
            let refusal = AuthorizationRefusal(status: status, challenges: ["Bearer"], token: token)
            let text = "the server refused the configured Authorization header with status \(status)"
            #expect(await authorizer.recover(from: refusal) == .refused(text))
        }
    }

    @Test func nothingThatIsPrintedHoldsASecret() throws {
        var texts: [String] = []
        func see(_ value: Any) {
            var dumped = ""
            dump(value, to: &dumped)
            texts += ["\(value)", String(reflecting: value), dumped]
        }
        var credential = Self.credential()
        credential.client.secret = "secret-c"
        see(credential)
        see(credential.client)
        see(credential.token)
        see(OAuthClient(registered: credential.client, redirectURI: "x:/", name: "Test"))
        see(AuthorizationRecovery.retry(credential.token))
        see(Self.refusal(credential.token))
        see(TokenReply.granted(GrantedToken(accessToken: "secret-A", refreshToken: "secret-r")))
        see(TokenMachine.Action.replace(issue: 1, with: credential))
        see(MemoryTokenStore(credential))
        see(StaticAuthorizer(token: "secret-A"))
        var machine = TokenMachine(canStepUp: true, seed: 1)
        _ = machine.receive(.loaded(credential), at: .zero, unixTime: 0)
        _ = machine.receive(.refusal(waiter: 1, Self.refusal(credential.token)), at: .zero, unixTime: 0)
        _ = machine.receive(.loaded(credential), at: .zero, unixTime: 0)
        see(machine)
        #expect(texts.count == 33)
        for text in texts { #expect(!text.contains("secret-"), "\(text)") }
    }
}
