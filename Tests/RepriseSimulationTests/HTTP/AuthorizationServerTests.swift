import MCPCore
import MCPWire
import Testing

@testable import RepriseSimulation

@Suite struct AuthorizationServerTests {
    @Test func itsMetadataNamesItsIssuerAndEndpoints() {
        var desk = AuthorizationDesk()
        for path in ["oauth-authorization-server", "openid-configuration"] {
            let answer = desk.ask(.get, "/.well-known/\(path)")
            #expect(answer.status == 200 && answer.fields[.contentType] == "application/json" && answer.isComplete)
            #expect(answer.json["issuer"] == "https://login.sim")
            #expect(answer.json["token_endpoint"] == "https://login.sim/token")
            #expect(answer.json["registration_endpoint"] == "https://login.sim/register")
            #expect(answer.json["code_challenge_methods_supported"] == ["S256"])
        }
        var closed = AuthorizationDesk { $0.hasRegistration = false }
        #expect(closed.ask(.get, "/.well-known/oauth-authorization-server").json["registration_endpoint"] == nil)
        #expect(closed.ask(.post, "/register").status == 404)
    }

    @Test func itsMetadataIsWrongAsDeclared() {
        func answer(_ metadata: MetadataBehaviour) -> AuthorizationDesk.Answer {
            var desk = AuthorizationDesk { $0.metadata = metadata }
            return desk.ask(.get, "/.well-known/oauth-authorization-server?a=b")
        }
        #expect(answer(.missing).status == 404)
        #expect(answer(.notJSON).status == 200 && answer(.notJSON).json == .null)
        #expect(answer(.oversized(bytes: 1_000_000)).body.count == 1_000_000)
        #expect(answer(.oversized(bytes: 1_000_000)).json["issuer"] == "https://login.sim")
        #expect(answer(.oversized(bytes: 1)).json["issuer"] == "https://login.sim")
        let redirect = answer(.redirect(origin: "https://elsewhere.example"))
        #expect(redirect.status == 302)
        #expect(
            redirect.fields[.location] == "https://elsewhere.example/.well-known/oauth-authorization-server")
        #expect(answer(.impostor).json["issuer"] == "https://impostor.example")
        #expect(answer(.impostor).json["token_endpoint"] == "https://login.sim/token")
    }

    @Test func aClientThatRegistersMayUseItsRedirectURIAndItsSecretAlone() {
        var desk = AuthorizationDesk()
        let body = #"{"redirect_uris":["http://127.0.0.1:7000/callback"],"client_name":"a client"}"#
        let answer = desk.ask(.post, "/register", type: "application/json", body: Array(body.utf8))
        #expect(answer.status == 201)
        #expect(answer.json["client_id"] == "client-1" && answer.json["client_name"] == "a client")
        guard let secret = answer.json["client_secret"]?.text else { Issue.record("no secret"); return }

        #expect(
            desk.authorize(["client_id": "client-1", "redirect_uri": "http://127.0.0.1:7001/callback"]).status == 400)
        #expect(desk.authorize(["client_id": "client-2"]).status == 400)
        let code = desk.authorize(["client_id": "client-1"]).query["code"]
        #expect(code != nil)
        let wrong = desk.redeem(code, ["client_id": "client-1"])
        #expect(wrong.status == 401 && wrong.error == "invalid_client")
        let basic = String(decoding: Base64URL.encoded(Array("client-1:\(secret)".utf8)), as: UTF8.self)
        let fields = [
            ("grant_type", "authorization_code"), ("code", code ?? ""), ("code_verifier", AuthorizationDesk.verifier),
            ("redirect_uri", AuthorizationDesk.redirectURI), ("resource", AuthorizationDesk.resource),
        ]
        #expect(desk.token(fields, authorization: "Basic \(basic)").status == 200)
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"redirect_uris":[]}"#, #"{"redirect_uris":["nowhere"]}"#,
        #"{"redirect_uris":["http://a.example/#part"]}"#, #"{"redirect_uris":["http://a.example/\n"]}"#,
        #"{"redirect_uris":7}"#,
    ])
    func aRegistrationThatNamesNoPlaceToReturnToIsRefused(_ body: String) {
        var desk = AuthorizationDesk()
        #expect(desk.ask(.post, "/register", body: Array(body.utf8)).status == 400)
        #expect(desk.server.clients.isEmpty)
    }

    @Test func theUserAgreesAtOnceAndComesBackWithCodeStateAndIssuer() {
        var desk = AuthorizationDesk()
        let answer = desk.authorize()
        #expect(answer.status == 302)
        #expect(answer.fields[.location]?.hasPrefix(AuthorizationDesk.redirectURI + "?code=") == true)
        #expect(answer.query["state"] == "s 1" && answer.query["iss"] == "https://login.sim")
    }

    @Test(
        arguments: [
            (["response_type": "token"], "unsupported_response_type"), (["code_challenge": nil], "invalid_request"),
            (["code_challenge": "short"], "invalid_request"), (["code_challenge_method": "plain"], "invalid_request"),
            (["code_challenge_method": nil], "invalid_request"),
            (["resource": "https://elsewhere.example/mcp"], "invalid_target"),
        ] as [([String: String?], String)])
    func theUserComesBackWithAnError(_ changes: [String: String?], _ error: String) {
        var desk = AuthorizationDesk()
        let answer = desk.authorize(changes)
        #expect(answer.status == 302 && answer.query["error"] == error && answer.query["code"] == nil)
        #expect(answer.query["state"] == "s 1")
    }

    @Test func aRequestIsCalledByItsGrantOrItsPath() {
        let desk = AuthorizationDesk()
        func route(_ path: String, _ body: String = "") -> String {
            let head = ProtectionGateTests.request(path: path)
            let request = ServiceRequest(exchange: 1, client: 0, head: head, body: Array(body.utf8))
            return desk.server.detail(of: request).route
        }
        #expect(route("/token", "a=b&grant_type=refresh_token") == "refresh_token")
        #expect(route("/token", "grant_type=authorization_code") == "authorization_code")
        #expect(route("/token") == "token")
        #expect(route("/register") == "register" && route("/authorize?a=b") == "authorize")
        #expect(route("/.well-known/openid-configuration") == "metadata")
        #expect(route("/favicon.ico") == "/favicon.ico")
    }

    @Test func equalSeedsGiveEqualBytesAndOthersDoNot() {
        func transcript(_ seed: UInt64) -> [String] {
            var desk = AuthorizationDesk(seed: seed)
            let first = desk.authorize()
            let tokens = desk.redeem(first.query["code"])
            let more = desk.refresh(tokens.json["refresh_token"]?.text)
            return [first.fields[.location] ?? ""] + [tokens, more].map { String(decoding: $0.body, as: UTF8.self) }
        }
        for seed in UInt64(1)...20 {
            #expect(transcript(seed) == transcript(seed))
            #expect(transcript(seed)[0] != transcript(seed + 1)[0])
        }
    }

    @Test func whateverIsSentIsAnswered() {
        var random = SplitMix64(seed: 5)
        var desk = AuthorizationDesk()
        let paths = ["/token", "/register", "/authorize", "/authorize?%", "/.well-known/x", "", "?", "*"]
        let pieces = ["grant_type=", "refresh_token", "&", "=", "%", "%zz", "refresh-0-0-", "-", "code=", "\u{0}", "é"]
        for _ in 0..<2000 {
            var body = (0..<random.below(12)).flatMap { _ in Array(pieces[random.below(pieces.count)].utf8) }
            if random.below(3) == 0 { body += random.bytes(random.below(20)) }
            let answer = desk.ask(
                random.below(2) == 0 ? .post : .get, paths[random.below(paths.count)],
                type: "application/x-www-form-urlencoded", authorization: random.below(2) == 0 ? "Basic !" : nil,
                body: body)
            #expect(answer.isComplete && answer.status >= 302)
        }
        #expect(desk.server.grants.isEmpty)
    }
}
