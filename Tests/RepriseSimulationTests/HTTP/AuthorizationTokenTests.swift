import MCPCore
import MCPWire
import Testing

@testable import RepriseSimulation

@Suite struct AuthorizationTokenTests {
    @Test func aCodeGivesTokensOnceAndItsSecondUseRevokesThem() throws {
        var desk = AuthorizationDesk()
        let code = desk.authorize().query["code"]
        let answer = desk.redeem(code)
        #expect(answer.status == 200 && answer.fields[.cacheControl] == "no-store")
        #expect(answer.json["token_type"] == "Bearer" && answer.json["expires_in"] == 3600)
        #expect(answer.json["scope"] == "mcp read")
        let token = try #require(AuthorizationDesk.minted(answer))
        #expect(
            token.name == "A" && token.audience == AuthorizationDesk.resource && token.issuer == "https://login.sim")
        #expect(token.issuedAt == 1_800_000_000 && token.expiresAt == 1_800_003_600)

        #expect(desk.redeem(code).error == "invalid_grant")
        #expect(desk.refresh(answer.json["refresh_token"]?.text).error == "invalid_grant")
    }

    @Test(
        arguments: [
            (["code_verifier": "wrong"], "invalid_grant"), (["code_verifier": nil], "invalid_grant"),
            (["redirect_uri": "http://127.0.0.1:1/"], "invalid_grant"), (["client_id": "other"], "invalid_client"),
            (["client_id": nil], "invalid_client"), (["resource": "https://files.sim/other"], "invalid_target"),
            (["grant_type": "password"], "unsupported_grant_type"), (["code": "code-x"], "invalid_grant"),
        ] as [([String: String?], String)])
    func aCodeGivesNothing(_ changes: [String: String?], _ error: String) {
        var desk = AuthorizationDesk()
        let code = desk.authorize().query["code"]
        #expect(desk.redeem(code, changes).error == error)
        #expect(desk.redeem(code).status == 200)
    }

    @Test func aCodeIsGoodForTenMinutes() {
        var desk = AuthorizationDesk()
        let codes = [desk.authorize(), desk.authorize()].map { $0.query["code"] }
        desk.now = .at(599.999)
        #expect(desk.redeem(codes[0]).status == 200)
        desk.now = .at(600)
        #expect(desk.redeem(codes[1]).error == "invalid_grant")
    }

    @Test func aRequestThatIsNoFormIsRefused() {
        var desk = AuthorizationDesk()
        #expect(desk.ask(.post, "/token", type: "application/json", body: Array("{}".utf8)).error == "invalid_request")
        #expect(desk.ask(.get, "/token", type: "application/x-www-form-urlencoded").error == "invalid_request")
        #expect(
            desk.token([("grant_type", "refresh_token"), ("grant_type", "refresh_token")]).error == "invalid_request")
    }

    @Test func aRefreshGivesTheNextTokenAndReplacesTheRefreshToken() throws {
        var desk = AuthorizationDesk()
        let credential = desk.server.onFile()
        #expect(MintedToken(credential.accessToken)?.name == "A")
        desk.now = .at(10)
        let first = desk.refresh(credential.refreshToken)
        let token = try #require(AuthorizationDesk.minted(first))
        #expect(token.name == "B" && token.issuedAt == 1_800_000_010)
        let second = desk.refresh(first.json["refresh_token"]?.text)
        #expect(AuthorizationDesk.minted(second)?.name == "C")
        #expect(
            Set([credential.refreshToken, first.json["refresh_token"]?.text, second.json["refresh_token"]?.text]).count
                == 3)
    }

    @Test func aRefreshTokenThatWasReplacedRevokesItsFamily() {
        for detectsReuse in [true, false] {
            var desk = AuthorizationDesk { $0.detectsReuse = detectsReuse }
            let credential = desk.server.onFile()
            let other = desk.server.onFile()
            let first = desk.refresh(credential.refreshToken)
            #expect(desk.refresh(credential.refreshToken).error == "invalid_grant")
            #expect(desk.refresh(first.json["refresh_token"]?.text).status == (detectsReuse ? 400 : 200))
            #expect(desk.refresh(other.refreshToken).status == 200, "another family")
        }
    }

    @Test func withinTheLeewayTheReplacedRefreshTokenGivesThePresentOne() {
        var desk = AuthorizationDesk { $0.leeway = .seconds(2) }
        let credential = desk.server.onFile()
        let first = desk.refresh(credential.refreshToken)
        desk.now = .at(1.999)
        let second = desk.refresh(credential.refreshToken)
        #expect(AuthorizationDesk.minted(second)?.name == "C")
        #expect(second.json["refresh_token"] == first.json["refresh_token"])
        desk.now = .at(2)
        #expect(desk.refresh(credential.refreshToken).error == "invalid_grant")
    }

    @Test func withoutRotationTheRefreshTokenStays() {
        var desk = AuthorizationDesk { $0.rotates = false }
        let credential = desk.server.onFile()
        for name in ["B", "C"] {
            let answer = desk.refresh(credential.refreshToken)
            #expect(AuthorizationDesk.minted(answer)?.name == name && answer.json["refresh_token"] == nil)
        }
    }

    @Test(arguments: ["", "refresh-0-0-0000000000000000", "refresh-0-1-", "refresh-9-0-x", "refresh--1-0-x", "x"])
    func aRefreshTokenThatWasNeverGivenOutIsRefused(_ text: String) {
        var desk = AuthorizationDesk()
        let credential = desk.server.onFile()
        #expect(desk.refresh(text).error == "invalid_grant")
        #expect(desk.refresh(desk.server.refreshToken(grant: 0, generation: 1)).error == "invalid_grant")
        #expect(desk.refresh(credential.refreshToken).status == 200)
    }

    @Test func aTokenIsForTheResourceThatIsAskedForAndWasAgreedTo() {
        var desk = AuthorizationDesk()
        let credential = desk.server.onFile()
        #expect(desk.refresh(credential.refreshToken, resource: "https://files.sim/other").error == "invalid_target")
        let answer = desk.refresh(credential.refreshToken, resource: nil)
        #expect(answer.status == 200 && AuthorizationDesk.minted(answer)?.audience == nil)
    }

    @Test func theUserGrantsWhatIsDeclared() {
        var desk = AuthorizationDesk { $0.grantedScope = "mcp" }
        let answer = desk.redeem(desk.authorize().query["code"])
        #expect(answer.json["scope"] == "mcp")
        let more = desk.token([
            ("grant_type", "refresh_token"), ("refresh_token", answer.json["refresh_token"]?.text ?? ""),
            ("client_id", AuthorizationServer.configuredClient), ("scope", "mcp read"),
        ])
        #expect(more.error == "invalid_scope")
    }

    @Test func requestsHaveTheirOutcomesInOrderAndTheLastOneStays() throws {
        var desk = AuthorizationDesk {
            $0.outcomes = [.reset, .status(503), .garbage, .sameToken, .grant, .error("invalid_grant")]
        }
        let credential = desk.server.onFile()
        #expect(desk.refresh(credential.refreshToken).isReset)
        #expect(desk.refresh(credential.refreshToken).status == 503)
        let garbage = desk.refresh(credential.refreshToken)
        #expect(garbage.status == 200 && garbage.json == .null)
        let same = desk.refresh(credential.refreshToken)
        #expect(same.json["access_token"]?.text == credential.accessToken)
        let granted = desk.refresh(same.json["refresh_token"]?.text)
        #expect(AuthorizationDesk.minted(granted)?.name == "B")
        for _ in 0..<2 {
            #expect(desk.refresh(granted.json["refresh_token"]?.text).error == "invalid_grant")
        }
    }

    @Test func aTokenRequestTakesItsTimeAndTheTokenLivesFromItsAnswer() throws {
        var desk = AuthorizationDesk {
            $0.takes = .milliseconds(1500)
            $0.lifetime = .seconds(60)
            $0.skew = .seconds(-5)
        }
        let credential = desk.server.onFile()
        #expect(!desk.refresh(credential.refreshToken).isComplete)
        #expect(desk.server.nextDeadline == .at(1.5))
        #expect(desk.server.advance(to: .at(1.499)).isEmpty)
        let answer = AuthorizationDesk.Answer(desk.server.advance(to: .at(1.5)))
        let token = try #require(AuthorizationDesk.minted(answer))
        #expect(answer.isComplete && answer.json["expires_in"] == 60)
        #expect(token.issuedAt == 1_799_999_996 && token.expiresAt == 1_800_000_056)
        #expect(desk.server.nextDeadline == nil)

        desk.refresh(answer.json["refresh_token"]?.text)
        #expect(desk.server.abandoned(exchange: desk.exchange, at: .at(1.6)).isEmpty)
        #expect(desk.server.nextDeadline == nil)
    }

    @Test func tokensHaveNamesInTheOrderOfTheirIssue() {
        #expect([0, 1, 25, 26, 27, 701, 702].map(MintedToken.name) == ["A", "B", "Z", "AA", "AB", "ZZ", "AAA"])
        for number in 0..<2000 { #expect(MintedToken.number(of: MintedToken.name(number)) == number) }
        #expect(MintedToken.number(of: "a") == nil && MintedToken.number(of: "") == nil)
        var desk = AuthorizationDesk()
        let credential = desk.server.onFile("D")
        #expect(AuthorizationDesk.minted(desk.refresh(credential.refreshToken))?.name == "E")
    }
}

extension AuthorizationServer {
    /// A credential on file that is good for an hour.
    mutating func onFile(_ name: String = "A") -> Credential {
        credential(token: name, resource: AuthorizationDesk.resource, scope: "mcp", expires: .at(3600))
    }
}
