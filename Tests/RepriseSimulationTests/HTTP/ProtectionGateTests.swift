import HTTPTypes
import MCPCore
import MCPWire
import Testing

@testable import RepriseSimulation

@Suite struct ProtectionGateTests {
    static func request(path: String = "/mcp", authorization: String? = nil) -> HTTPRequest {
        var head = HTTPRequest(method: .post, scheme: "https", authority: "files.sim", path: path)
        head.headerFields[.authorization] = authorization
        return head
    }

    private static func gate(_ change: (inout Protection) -> Void = { _ in }) -> ProtectionGate {
        var protection = Protection(authorizationServer: "login")
        change(&protection)
        var gate = ProtectionGate(protection, resource: AuthorizationDesk.resource, issuer: "https://login.sim")
        gate.activate(origin: .at(100))
        return gate
    }

    private static func token(
        _ name: String = "A", audience: String? = AuthorizationDesk.resource, scope: String? = nil,
        issuer: String = "https://login.sim", expiresAfter seconds: Int64 = 60
    ) -> String {
        let token = MintedToken(
            issuer: issuer, name: name, subject: "a", audience: audience, scope: scope, issuedAt: 0,
            expiresAt: AuthorizationServer.unixTimeAtOrigin + seconds)
        return "Bearer " + token.text
    }

    private static func challenge(
        _ gate: ProtectionGate, _ authorization: String?, route: String = "initialize",
        _ revision: ProtocolRevision = .november2025, at seconds: Double = 100
    ) -> String? {
        let head = request(authorization: authorization)
        return gate.check(head, route: route, revision: revision, at: .at(seconds)).map { response in
            "\(response.head.status.code) \(response.head.headerFields[.wwwAuthenticate] ?? "")"
        }
    }

    private static let metadata =
        #"resource_metadata="https://files.sim/.well-known/oauth-protected-resource/mcp""#

    @Test(arguments: [
        (ProtocolRevision.march2025, "401 Bearer", #"401 Bearer error="invalid_token""#),
        (.june2025, "401 Bearer \(metadata)", #"401 Bearer error="invalid_token", \#(metadata)"#),
        (
            .november2025, #"401 Bearer scope="mcp", \#(metadata)"#,
            #"401 Bearer error="invalid_token", scope="mcp", \#(metadata)"#
        ),
    ])
    func theChallengeSaysWhatItsRevisionSays(_ revision: ProtocolRevision, _ without: String, _ with: String) {
        #expect(Self.challenge(Self.gate(), nil, revision) == without)
        #expect(Self.challenge(Self.gate(), "Bearer garbage", revision) == with)
        #expect(Self.challenge(Self.gate(), "Basic abc", revision) == with)
        #expect(Self.challenge(Self.gate(), Self.token(), revision) == nil)
    }

    @Test func aTokenExpiresCountedFromTheOrigin() {
        let gate = Self.gate()
        #expect(Self.challenge(gate, Self.token(expiresAfter: 60), at: 159.999) == nil)
        #expect(Self.challenge(gate, Self.token(expiresAfter: 60), at: 160) != nil)
        let idle = ProtectionGate(
            Protection(authorizationServer: "login"), resource: AuthorizationDesk.resource, issuer: "https://login.sim")
        #expect(Self.challenge(idle, Self.token(expiresAfter: -60), at: 160) == nil)
    }

    @Test func aTokenOfAnotherServerOrForAnotherIsRefused() {
        let gate = Self.gate()
        #expect(Self.challenge(gate, Self.token(issuer: "https://other.sim")) != nil)
        for (audience, isFine) in [("https://other.sim/mcp", false), (nil, false), (AuthorizationDesk.resource, true)] {
            #expect((Self.challenge(gate, Self.token(audience: audience)) == nil) == isFine)
            #expect(Self.challenge(gate, Self.token(audience: audience), .march2025) == nil)
        }
        #expect(Self.challenge(gate, Self.token() + "x") != nil)
    }

    @Test func aTokenIsRefusedWhereAndWhenDeclared() {
        let gate = Self.gate {
            var refusal = Protection.Refusal(token: "B")
            refusal.route = "GET"
            refusal.from = .at(1)
            refusal.until = .at(2)
            $0.refusals = [refusal, .init(token: "C")]
        }
        #expect(Self.challenge(gate, Self.token("B"), route: "GET", at: 101.999) != nil)
        #expect(Self.challenge(gate, Self.token("B"), route: "GET", at: 102) == nil)
        #expect(Self.challenge(gate, Self.token("B"), route: "GET", at: 100.999) == nil)
        #expect(Self.challenge(gate, Self.token("B"), route: "DELETE", at: 101) == nil)
        #expect(Self.challenge(gate, Self.token("A"), route: "GET", at: 101) == nil)
        #expect(Self.challenge(gate, Self.token("C"), route: "ping", at: 500) != nil)
    }

    @Test func aRouteThatNeedsMoreScopeSaysSo() {
        let gate = Self.gate { $0.neededScopes = [.init(route: "tools/call", scope: "write")] }
        let held = Self.token(scope: "mcp read")
        #expect(
            Self.challenge(gate, held, route: "tools/call")
                == #"403 Bearer error="insufficient_scope", scope="mcp read write", \#(Self.metadata)"#)
        #expect(
            Self.challenge(gate, held, route: "tools/call", .march2025)
                == #"403 Bearer error="insufficient_scope", scope="mcp read write""#)
        #expect(Self.challenge(gate, Self.token(scope: "write"), route: "tools/call") == nil)
        #expect(Self.challenge(gate, held, route: "tools/list") == nil)
        #expect(Self.challenge(gate, nil, route: "tools/call") == #"401 Bearer scope="write", \#(Self.metadata)"#)
    }

    @Test func metadataNamesTheResourceAndWhoAuthorizesForIt() throws {
        let gate = Self.gate {
            $0.neededScopes = [.init(route: "a", scope: "write"), .init(route: "b", scope: "write")]
        }
        for path in ["", "/mcp", "/mcp?a"] {
            let response = try #require(gate.metadata(for: "/.well-known/oauth-protected-resource" + path))
            let value = try JSONValue(response.body)
            #expect(value["resource"] == "https://files.sim/mcp")
            #expect(value["authorization_servers"] == ["https://login.sim"])
            #expect(value["scopes_supported"] == ["mcp", "write"])
        }
        let old = try #require(gate.metadata(for: "/.well-known/oauth-authorization-server"))
        #expect(try JSONValue(old.body)["issuer"] == "https://files.sim")
        #expect(try JSONValue(old.body)["token_endpoint"] == "https://login.sim/token")
        #expect(gate.metadata(for: "/mcp") == nil)
        let impostor = try #require(
            Self.gate { $0.metadata = .impostor }.metadata(for: "/.well-known/oauth-protected-resource/mcp"))
        #expect(try JSONValue(impostor.body)["resource"] == "https://impostor.example")
        #expect(
            Self.gate { $0.metadata = .missing }.metadata(for: "/.well-known/oauth-protected-resource")?.head.status
                == 404)
    }

    @Test func aTokenIsCalledByItsName() {
        #expect(ProtectionGate.tokenName(in: Self.request()) == nil)
        #expect(ProtectionGate.tokenName(in: Self.request(authorization: Self.token("F"))) == "F")
        #expect(ProtectionGate.tokenName(in: Self.request(authorization: "bearer  x.y.z")) == "?")
        #expect(ProtectionGate.tokenName(in: Self.request(authorization: "")) == "?")
    }

    @Test func whateverATokenIsItIsReadOrRefused() {
        var random = SplitMix64(seed: 9)
        let good = Array(Self.token("A").dropFirst(7).utf8)
        for _ in 0..<2000 {
            var bytes = good
            bytes[random.below(bytes.count)] = UInt8(random.below(256))
            if random.below(4) == 0 { bytes.removeSubrange(random.below(bytes.count)...) }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(MintedToken(text) == nil || bytes == good)
        }
    }
}
