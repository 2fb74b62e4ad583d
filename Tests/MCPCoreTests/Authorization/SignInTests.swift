import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// The whole way from nothing to tokens.
@Suite struct SignInTests {
    private typealias Deviation = SignInRehearsal.Deviation

    /// Signs in with that deviation, and gives the error, nil if it succeeded, to `look`.
    private static func signIn(
        seed: UInt64 = 1, _ deviation: Deviation = Deviation(),
        _ look: @escaping @Sendable (SignInRehearsal, AuthorizationError?) async throws -> Void
    ) throws {
        try Simulation(seed: seed).run { simulation in
            let rehearsal = try SignInRehearsal(simulation, deviation)
            var problem: AuthorizationError?
            do throws(AuthorizationError) { try await rehearsal.authorizer.signIn() } catch { problem = error }
            try await look(rehearsal, problem)
        }
    }

    @Test("a user signs in: metadata, registration, PKCE, state, resource, scope, code, store")
    func aUserSignsIn() throws {
        try Self.signIn { rehearsal, problem in
            #expect(problem == nil)
            #expect(
                rehearsal.sender.lines == [
                    "GET https://mcp.test/.well-known/oauth-protected-resource/mcp",
                    "GET https://auth.test/.well-known/oauth-authorization-server", "POST https://auth.test/register",
                    "POST https://auth.test/token",
                ])
            let registration = rehearsal.sender.sent[2].json
            #expect(registration?["redirect_uris"] == ["http://127.0.0.1:7777/cb"])
            #expect(registration?["token_endpoint_auth_method"] == "none")
            let url = try #require(rehearsal.user.urls.first)
            #expect(url.description.hasPrefix("https://auth.test/authorize?tenant=1&response_type=code&"))
            #expect(url.value(of: "client_id") == "registered" && url.value(of: "code_challenge_method") == "S256")
            #expect(url.value(of: "resource") == "https://mcp.test/mcp" && url.value(of: "scope") == "a b")
            #expect(url.value(of: "state")?.count == 22)
            let form = rehearsal.sender.sent[3]
            #expect(form["grant_type"] == "authorization_code" && form["code"] == "secret-code")
            #expect(form["redirect_uri"] == "http://127.0.0.1:7777/cb" && form["resource"] == "https://mcp.test/mcp")
            var digest = SHA256()
            digest.update(Array(try #require(form["code_verifier"]).utf8))
            #expect(form["code_verifier"]?.count == 43)
            #expect(url.value(of: "code_challenge").map { Array($0.utf8) } == Base64URL.encoded(digest.finishBytes()))
            let stored = try #require(await rehearsal.store.load())
            #expect(stored.accessToken == "secret-T1" && stored.refreshToken == "secret-r1" && stored.issue == 1)
            #expect(stored.expiresAt == 1_800_000_060 && stored.scope == "a b" && stored.client.id == "registered")
            #expect(stored.tokenEndpoint == "https://auth.test/token" && stored.resource == "https://mcp.test/mcp")
            #expect(await rehearsal.authorizer.token() == AccessToken("secret-T1", issue: 1))
        }
    }

    @Test("until 2025-03-26 the server's origin is asked, and no resource is named")
    func theOriginIsAsked() throws {
        var deviation = Deviation()
        deviation.revision = .march2025
        deviation.client.scope = "mine"
        deviation.client.registered = RegisteredClient(id: "known", secret: "secret-c", sendsSecretInBody: true)
        try Self.signIn(deviation) { rehearsal, problem in
            #expect(problem == nil)
            #expect(
                rehearsal.sender.lines == [
                    "GET https://mcp.test/.well-known/oauth-authorization-server", "POST https://auth.test/token",
                ])
            #expect(rehearsal.sender.sent[0].head.headerFields[.init("MCP-Protocol-Version")!] == "2025-03-26")
            let url = rehearsal.user.urls[0]
            #expect(url.value(of: "resource") == nil && url.value(of: "scope") == "mine")
            let form = rehearsal.sender.sent[1]
            #expect(form["resource"] == nil && form["client_id"] == "known" && form["client_secret"] == "secret-c")
        }
        deviation.answers["/.well-known/oauth-authorization-server"] = .response(404, "")
        try Self.signIn(deviation) { rehearsal, problem in
            #expect(problem == nil)
            #expect(rehearsal.user.urls[0].description.hasPrefix("https://mcp.test/authorize?response_type=code&"))
            #expect(rehearsal.sender.lines.last == "POST https://mcp.test/token")
        }
    }

    @Test("the challenge's scope and place count before all others")
    func theChallengeCounts() throws {
        var deviation = Deviation()
        deviation.answers["/here"] = .response(200, SignInRehearsal.resourceMetadata)
        deviation.client.documentURL = "https://app.test/client.json"
        deviation.extraMetadata = #","client_id_metadata_document_supported":true"#
        let changed = deviation
        try Simulation(seed: 1).run { simulation in
            let rehearsal = try SignInRehearsal(simulation, changed)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await rehearsal.authorizer.run() }
                let challenge = #"Bearer scope="files:read", resource_metadata="https://mcp.test/here""#
                #expect(await rehearsal.authorizer.token() == nil)
                let recovery = await rehearsal.authorizer.recover(
                    from: AuthorizationRefusal(status: 401, challenges: [challenge], token: nil))
                #expect(recovery == .signIn("nobody has signed in"))
                try await rehearsal.authorizer.signIn()
                group.cancelAll()
            }
            #expect(rehearsal.sender.lines.first == "GET https://mcp.test/here")
            #expect(rehearsal.user.urls[0].value(of: "scope") == "files:read")
            #expect(rehearsal.user.urls[0].value(of: "client_id") == "https://app.test/client.json")
            #expect(!rehearsal.sender.lines.contains("POST https://auth.test/register"))
        }
    }

    @Test("AE-15: 403 insufficient_scope has the user asked once for both scopes, with no refresh")
    func aStepUpAsksTheUserOnce() throws {
        for seed in UInt64(1)...20 {
            try Simulation(seed: seed).run { simulation in
                let old = Credential(
                    accessToken: "secret-A", refreshToken: "secret-r", issue: 4, scope: "read",
                    client: RegisteredClient(id: "old"), tokenEndpoint: "https://auth.test/token")
                let rehearsal = try SignInRehearsal(simulation, stored: old)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await rehearsal.authorizer.run() }
                    let token = await rehearsal.authorizer.token()
                    let refusal = AuthorizationRefusal(
                        status: 403, challenges: [#"Bearer error="insufficient_scope", scope="write""#], token: token)
                    async let one = rehearsal.authorizer.recover(from: refusal)
                    async let two = rehearsal.authorizer.recover(from: refusal)
                    #expect(
                        await [one, two] == [
                            .retry(.init("secret-T1", issue: 5)), .retry(.init("secret-T1", issue: 5)),
                        ])
                    group.cancelAll()
                }
                #expect(rehearsal.user.urls.map { $0.value(of: "scope") } == ["read write"])
                #expect(
                    rehearsal.sender.sent.filter { $0["grant_type"] != nil }.map { $0["grant_type"] } == [
                        "authorization_code"
                    ])
            }
        }
    }

    /// Steps up with what is stored; whether the client was registered anew, and as whom the user signed in.
    private static func stepUp(
        _ stored: Credential, _ answers: [String: ScriptedSender.Answer] = [:], isRefreshedFirst: Bool = false
    ) throws -> (isRegistered: Bool, client: String?) {
        try Simulation(seed: 1).run { simulation in
            var deviation = Deviation()
            deviation.answers = answers
            let rehearsal = try SignInRehearsal(simulation, deviation, stored: stored)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await rehearsal.authorizer.run() }
                let token = await rehearsal.authorizer.token()
                let challenge = #"Bearer error="insufficient_scope", scope="write""#
                for status in isRefreshedFirst ? [401, 403] : [403] {
                    _ = await rehearsal.authorizer.recover(
                        from: AuthorizationRefusal(status: status, challenges: [challenge], token: token))
                }
                group.cancelAll()
            }
            return (
                rehearsal.sender.lines.contains("POST https://auth.test/register"),
                rehearsal.user.urls.first?.value(of: "client_id")
            )
        }
    }

    @Test("AE-15: a step-up uses the client that its issuer knows, as long as that is good, and else registers one")
    func aStepUpUsesTheClientThatIsKnown() throws {
        var stored = Credential(
            accessToken: "secret-A", refreshToken: "secret-r", scope: "read",
            client: RegisteredClient(id: "old", redirectURI: "http://127.0.0.1:7777/cb"), issuer: "https://auth.test",
            tokenEndpoint: "https://auth.test/token")
        func signedInAs(_ expected: String) throws -> Bool {
            let (isRegistered, client) = try Self.stepUp(stored)
            return client == expected && isRegistered == (expected == "registered")
        }
        #expect(try signedInAs("old"))
        stored.client.secretExpiresAt = 1_800_000_001
        #expect(try signedInAs("old"))
        stored.client.secretExpiresAt = 1_800_000_000
        #expect(try signedInAs("registered"))
        stored.client.secretExpiresAt = nil
        stored.client.redirectURI = "http://127.0.0.1:7778/cb"
        #expect(try signedInAs("registered"))
        stored.client.redirectURI = nil
        #expect(try signedInAs("old"))
        // A client of somebody else is nobody's business here.
        for issuer in ["https://other.test", nil] {
            stored.issuer = issuer
            #expect(try signedInAs("registered"))
        }
        // A server that has forgotten the client says so when it is to refresh.
        stored.issuer = "https://auth.test"
        let forgotten = ScriptedSender.Answer.response(401, #"{"error":"invalid_client"}"#)
        let again = try Self.stepUp(stored, ["/token": forgotten], isRefreshedFirst: true)
        #expect(again.isRegistered && again.client == "registered")
    }

    @Test("a client is used as it was registered, which need not be as it asked")
    func aClientIsUsedAsItWasRegistered() throws {
        func signIn(_ registration: String, extra: String = "") throws -> (head: String?, id: String?, secret: String?)
        {
            var deviation = Deviation()
            deviation.answers["/register"] = .response(201, registration)
            deviation.extraMetadata = extra
            let changed = deviation
            return try Simulation(seed: 1).run { simulation in
                let rehearsal = try SignInRehearsal(simulation, changed)
                try await rehearsal.authorizer.signIn()
                let form = try #require(rehearsal.sender.sent.last)
                return (form.head.headerFields[.authorization], form["client_id"], form["client_secret"])
            }
        }
        let secret = #""client_id":"c","client_secret":"s""#
        #expect(try signIn(#"{\#(secret),"token_endpoint_auth_method":"none"}"#) == (nil, "c", nil))
        #expect(try signIn(#"{\#(secret),"token_endpoint_auth_method":"client_secret_post"}"#) == (nil, "c", "s"))
        #expect(try signIn(#"{\#(secret),"client_secret_expires_at":0}"#) == ("Basic Yzpz", "c", nil))
        let onlyPost = #","token_endpoint_auth_methods_supported":["client_secret_post"]"#
        #expect(try signIn("{\(secret)}", extra: onlyPost) == (nil, "c", "s"))
    }

    @Test(
        "one sign-in at a time; the client that registered itself is used again, and what was stored before is replaced"
    )
    func oneSignInAtATime() throws {
        try Simulation(seed: 1).run { simulation in
            var deviation = Deviation()
            deviation.userTakes = .seconds(60)
            let rehearsal = try SignInRehearsal(simulation, deviation)
            async let first: Void = rehearsal.authorizer.signIn()
            try await simulation.clock.sleep(until: Instant(nanoseconds: 1_000_000_000))
            await #expect(throws: AuthorizationError(.setup, "a sign-in is under way")) {
                try await rehearsal.authorizer.signIn()
            }
            try await first
            try await rehearsal.authorizer.signIn()
            #expect(rehearsal.sender.lines.filter { $0.hasSuffix("/register") }.count == 1)
            #expect(await rehearsal.store.load()?.issue == 2)
            // Cancelling lets go at once.
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: AuthorizationError(.cancelled, "the task was cancelled")) {
                        try await rehearsal.authorizer.signIn()
                    }
                }
                try? await simulation.clock.sleep(until: simulation.now.advanced(by: .seconds(1)))
                group.cancelAll()
            }
            #expect(simulation.now == Instant(nanoseconds: 121_000_000_000))
        }
    }

    @Test("the same seed makes the same state and verifier, another seed others")
    func theSeedDecides() throws {
        func requests(_ seed: UInt64) throws -> [String] {
            var lines: [String] = []
            try Simulation(seed: seed).run { simulation in
                let rehearsal = try SignInRehearsal(simulation)
                try await rehearsal.authorizer.signIn()
                return rehearsal.user.urls.map(\.description)
                    + rehearsal.sender.sent.map { String(decoding: $0.body, as: UTF8.self) }
            }.forEach { lines.append($0) }
            return lines
        }
        #expect(try requests(1) == requests(1))
        #expect(try Set((1...20).map { try requests($0)[0] }).count == 20)
    }
}
