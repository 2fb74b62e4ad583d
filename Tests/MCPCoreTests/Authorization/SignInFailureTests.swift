import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// Sign-ins that go wrong, each with an error that says where.
@Suite struct SignInFailureTests {
    private typealias Deviation = SignInRehearsal.Deviation

    private static func problem(_ deviation: Deviation) throws -> (text: String, lines: [String]) {
        try Simulation(seed: 1).run { simulation in
            let rehearsal = try SignInRehearsal(simulation, deviation)
            do throws(AuthorizationError) {
                try await rehearsal.authorizer.signIn()
                return ("signed in", rehearsal.sender.lines)
            } catch {
                #expect(await rehearsal.store.load() == nil)
                return ("\(error)", rehearsal.sender.lines)
            }
        }
    }

    private static let metadata = "/.well-known/oauth-authorization-server"
    private static let place = "https://auth.test\(metadata)"

    @Test(
        "bad answers on the way are refused, with the place and the limit",
        arguments: [
            (metadata, .response(200, "<html>"), "metadata: \(place): the body is no JSON object"),
            (
                metadata, .response(302, "", ["Location": "https://evil.test/"]),
                "metadata: \(place): redirected away from its origin, which is not followed"
            ),
            (
                metadata, .response(200, "{" + String(repeating: " ", count: 1 << 20) + "}"),
                "metadata: \(place): the body of the response is longer than the limit of 262144 bytes"
            ),
            (metadata, .failure(.reset), "metadata: \(place): the connection was reset"),
            (metadata, .failure(.refused), "metadata: \(place): the connection was refused"),
            (metadata, .silence, "metadata: \(place): no response within 30 s"),
            (
                metadata, .response(200, SignInRehearsal.serverMetadata("https://evil.test")),
                "metadata: \(place): issuer is not the https://auth.test that was asked for"
            ),
            ("/register", .response(400, "{}"), "registration: https://auth.test/register: status 400"),
            (
                "/register", .response(201, #"{"client_secret":"secret-x"}"#),
                "registration: https://auth.test/register: the response has no client_id"
            ),
            (
                "/register", .response(201, #"{"client_id":"x","redirect_uris":["https://other.test/cb"]}"#),
                "registration: https://auth.test/register: the redirect URI was not registered"
            ),
            (
                "/register", .response(201, #"{"client_id":"x","token_endpoint_auth_method":"private_key_jwt"}"#),
                "registration: https://auth.test/register: the client was registered for a token_endpoint_auth_method"
                    + " that it did not ask for"
            ),
            (
                "/token", .response(400, #"{"error":"invalid_grant","error_description":"secret-code"}"#),
                "token: https://auth.test/token: invalid_grant"
            ),
            ("/token", .response(503, ""), "token: https://auth.test/token: status 503"),
            (
                "/token", .response(200, "{}"),
                "token: https://auth.test/token: the token response has no access_token that a header can carry"
            ),
        ] as [(String, ScriptedSender.Answer, String)])
    func badAnswersAreRefused(path: String, answer: ScriptedSender.Answer, expected: String) throws {
        var deviation = Deviation()
        deviation.answers[path] = answer
        let (text, lines) = try Self.problem(deviation)
        #expect(text == expected)
        #expect(lines.last?.hasSuffix(path) == true && !lines.contains { $0.contains("evil") })
    }

    @Test("without a way to register, a client id is asked for")
    func withoutRegistrationAClientIsAskedFor() throws {
        var deviation = Deviation()
        deviation.extraMetadata = #","registration_endpoint":null"#
        #expect(
            try Self.problem(deviation).text
                == "registration: https://auth.test lets no client register itself, and no client id is configured")
    }

    @Test("what comes back has to be the answer to what was asked")
    func theWayBackIsChecked() throws {
        func problem(_ extra: String = "", _ wayBack: @escaping @Sendable (String) -> String) throws -> String {
            var deviation = Deviation()
            deviation.extraMetadata = extra
            deviation.wayBack = { url in wayBack(url.value(of: "state") ?? "") }
            let (text, lines) = try Self.problem(deviation)
            #expect(text == "signed in" || !lines.contains("POST https://auth.test/token"))
            return text
        }
        let base = "http://127.0.0.1:7777/cb"
        let wrongState = "user: the state on the way back is not the one that was sent"
        #expect(try problem { _ in "\(base)?code=x&state=y" } == wrongState)
        #expect(try problem { _ in "\(base)?code=x" } == wrongState)
        #expect(try problem { _ in base } == wrongState)
        #expect(try problem { "\(base)?state=\($0)&code=a&code=b" } == "user: code comes twice on the way back")
        #expect(try problem { "\(base)?state=\($0)" } == "user: there is no code on the way back")
        #expect(try problem { "\(base)?state=\($0)&code=" } == "user: there is no code on the way back")
        for other in ["http://127.0.0.1:7778/cb", "http://127.0.0.1:7777/cb/", "https://evil.test/cb", ""] {
            #expect(try problem { "\(other)?state=\($0)&code=x" } == "user: the way back is not the redirect URI")
        }
        let wrongIssuer = "user: the issuer on the way back is not the one that was asked"
        #expect(try problem { "\(base)?state=\($0)&code=x&iss=https%3A%2F%2Fevil.test" } == wrongIssuer)
        #expect(try problem { "\(base)?state=\($0)&code=x&iss=https%3A%2F%2Fauth.test" } == "signed in")
        let naming = #","authorization_response_iss_parameter_supported":true"#
        #expect(try problem(naming) { "\(base)?state=\($0)&code=x" } == wrongIssuer)
        #expect(
            try problem { "\(base)?state=\($0)&error=access_denied" }
                == "user: the user, or the server for them, did not agree")
        #expect(
            try problem { "\(base)?state=\($0)&error=invalid_scope" }
                == "user: the server sent the user back with invalid_scope")
        #expect(try problem { "\(base)?state=\($0)&error=secret-x" } == "user: the server sent an error")
        #expect(
            try problem { "\(base)?state=\($0)&code=\(String(repeating: "x", count: 9000))" }
                == "user: the URL of the way back is longer than 8192 bytes")
    }

    @Test("a user who gives up is no secret, what the agent saw is")
    func aUserWhoGivesUpIsSaid() throws {
        var deviation = Deviation()
        deviation.userGivesUp = true
        #expect(try Self.problem(deviation).text == "user: the user did not come back")
    }

    @Test("a way back or a document that the specification forbids is refused before anything is sent")
    func urlsOfTheClientAreChecked() throws {
        let redirectURI = AuthorizationError(
            .setup, "the redirect URI is neither https nor loopback nor of a scheme of its own")
        let document = AuthorizationError(.setup, "the client's document is not at an https URL with a path")
        for (uri, url, problem) in [
            ("http://app.test/cb", nil, redirectURI), ("https://[", nil, redirectURI), ("cb", nil, redirectURI),
            ("app.test:/cb", "http://app.test/client.json", document), ("x:/", "https://app.test/", document),
            ("http://localhost:1/cb", "app:client", document),
        ] as [(String, String?, AuthorizationError)] {
            var deviation = Deviation()
            deviation.client = OAuthClient(documentURL: url, redirectURI: uri, name: "Test")
            let changed = deviation
            try Simulation(seed: 1).run { simulation in
                _ = #expect(throws: problem) { try SignInRehearsal(simulation, changed) }
            }
        }
    }

    @Test("without an agent nobody can sign in, and nothing is sent")
    func withoutAnAgentNobodySignsIn() throws {
        try Simulation(seed: 1).run { simulation in
            let sender = ScriptedSender(simulation) { _ in .silence }
            let authorizer = try Authorizer(
                server: "http://localhost:3000/mcp", revision: .november2025, store: MemoryTokenStore(), sender: sender,
                time: simulation.clock, unixTime: { 0 }, client: OAuthClient(redirectURI: "x:/", name: "Test"),
                user: nil, generator: SplitMix64(seed: 1))
            await #expect(throws: AuthorizationError(.setup, "there is nobody who could sign in")) {
                try await authorizer.signIn()
            }
            #expect(sender.sent.isEmpty)
        }
    }
}
