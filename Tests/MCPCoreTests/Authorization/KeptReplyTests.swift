import HTTPTypes
import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// Answers to token requests that nobody waits for any more.
@Suite struct KeptReplyTests {
    private static func seconds(_ seconds: Double) -> Instant { .zero.advanced(by: .seconds(seconds)) }

    /// An authorization server that rotates refresh tokens and revokes all when one is used twice.
    private static func network(
        _ simulation: Simulation, takes: Duration
    ) -> (sender: any HTTPSender, credential: Credential) {
        var description = AuthorizationServerDescription()
        description.takes = takes
        let network = Network(simulation)
        let origins = ["login": network.origin(of: "login"), "files": network.origin(of: "files")]
        var server = AuthorizationServer(description, name: "login", origins: origins, seed: simulation.seed)
        let credential = server.credential(resource: network.origin(of: "files") + "/mcp", expires: .zero)
        network.add(server, named: "login")
        network.activateFaults()
        return (network.httpSender(client: 0), credential)
    }

    private static func authorizer(
        _ simulation: Simulation, _ sender: any HTTPSender, _ store: any TokenStore
    ) throws -> Authorizer {
        var policy = AuthorizationPolicy()
        policy.requiresHTTPS = false
        return try Authorizer(
            server: "http://files.sim/mcp", revision: .november2025, store: store, sender: sender,
            time: simulation.clock, unixTime: { 1_800_000_000 }, policy: policy,
            client: OAuthClient(redirectURI: "http://127.0.0.1:1/cb", name: "Test"), user: nil,
            generator: SplitMix64(seed: simulation.seed))
    }

    /// Has a token refreshed by an authorizer that ends after half a second.
    private static func breakOff(
        _ simulation: Simulation, _ sender: any HTTPSender, _ store: any TokenStore
    ) async throws {
        let authorizer = try authorizer(simulation, sender, store)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await authorizer.run() }
            let refusal = AuthorizationRefusal(status: 401, challenges: [], token: await authorizer.token())
            group.addTask { _ = await authorizer.recover(from: refusal) }
            try? await simulation.clock.sleep(until: seconds(0.5))
            group.cancelAll()
        }
    }

    @Test("AE-16: a refresh token that was rotated while the authorizer ended is stored, and good afterwards")
    func aRotatedRefreshTokenIsNotLost() throws {
        for seed in UInt64(1)...20 {
            try Simulation(seed: seed).run { simulation in
                let (sender, credential) = Self.network(simulation, takes: .seconds(1))
                let store = MemoryTokenStore(credential)
                try await Self.breakOff(simulation, sender, store)
                #expect(simulation.now == Self.seconds(1))
                let stored = await store.load()
                #expect(stored?.issue == 2 && stored?.refreshToken != credential.refreshToken)
                // The server would revoke everything if the old one were used again.
                let next = try Self.authorizer(simulation, sender, store)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await next.run() }
                    let token = await next.token()
                    let recovery = await next.recover(
                        from: AuthorizationRefusal(status: 401, challenges: [], token: token))
                    guard case .retry(let other) = recovery else {
                        Issue.record("\(recovery)")
                        return group.cancelAll()
                    }
                    #expect(token?.issue == 2 && other.issue == 3)
                    group.cancelAll()
                }
            }
        }
    }

    @Test("AE-16: an authorizer that ends waits 5 s for a token request, and no longer")
    func theWaitIsBounded() throws {
        try Simulation(seed: 1).run { simulation in
            let (sender, credential) = Self.network(simulation, takes: .seconds(20))
            let store = MemoryTokenStore(credential)
            try await Self.breakOff(simulation, sender, store)
            #expect(simulation.now == Self.seconds(5.5))
            #expect(await store.load()?.issue == 1)
        }
    }

    @Test("a sign-in that is cancelled while its code is redeemed stores what comes of that")
    func aRedeemedCodeIsNotLost() throws {
        try Simulation(seed: 1).run { simulation in
            var deviation = SignInRehearsal.Deviation()
            deviation.answers["/token"] = .response(
                200, #"{"access_token":"secret-T","token_type":"Bearer"}"#, after: .seconds(1))
            let rehearsal = try SignInRehearsal(simulation, deviation)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await rehearsal.authorizer.signIn() }
                try? await simulation.clock.sleep(until: Self.seconds(0.5))
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(simulation.now == Self.seconds(1))
            #expect(await rehearsal.store.load()?.accessToken == "secret-T")
        }
    }

    @Test("a body that never ends is given up when the time of its request is over", arguments: [true, false])
    func aStallingBodyIsGivenUp(isCancelled: Bool) throws {
        try Simulation(seed: 1).run { simulation in
            // Whoever reads such a body does not notice that its task is cancelled.
            let sender = ScriptedHTTP(simulation) { exchange in
                exchange.respond(200, "application/json")
                exchange.write("{")
            }
            let authorizer = try Authorizer(
                server: "https://mcp.test/mcp", revision: .november2025, store: MemoryTokenStore(), sender: sender,
                time: simulation.clock, unixTime: { 0 }, client: OAuthClient(redirectURI: "x:/", name: "Test"),
                user: SignInRehearsal.User(simulation, .init()), generator: SplitMix64(seed: 1))
            let error = await withTaskGroup(of: AuthorizationError?.self) { group in
                group.addTask {
                    do throws(AuthorizationError) { try await authorizer.signIn() } catch { return error }
                    return nil
                }
                if isCancelled {
                    try? await simulation.clock.sleep(until: Self.seconds(0.5))
                    group.cancelAll()
                }
                return await group.next() ?? nil
            }
            let place = "https://mcp.test/.well-known/oauth-protected-resource/mcp"
            let late = AuthorizationError(.metadata, "\(place): no response within 30 s")
            #expect(error == (isCancelled ? .init(.cancelled, "the task was cancelled") : late))
            #expect(simulation.now == Self.seconds(isCancelled ? 0.5 : 30))
        }
    }
}
