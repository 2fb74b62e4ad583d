import MCPCore
import MCPWire
import Testing

/// Who authorizes for a server, and where a client asks.
@Suite struct MetadataDiscoveryTests {
    /// The places asked, and what came of it, when each has that document; a missing one is 404.
    private static func discover(
        _ server: String, _ revision: ProtocolRevision, challenge: String? = nil, requiresHTTPS: Bool = true,
        _ documents: [String: MetadataDiscovery.Reply]
    ) throws -> (places: [String], end: MetadataDiscovery.Step) {
        var discovery = MetadataDiscovery(
            server: try #require(HTTPURL(server)), revision: revision,
            challenge: challenge.flatMap { Challenge.bearer(in: [$0]) }, requiresHTTPS: requiresHTTPS)
        var step = discovery.begin()
        var places: [String] = []
        while case .fetch(let url) = step {
            places.append(url.description)
            try #require(places.count < 20)
            step = discovery.receive(documents[url.description] ?? .init(status: 404))
        }
        return (places, step)
    }

    private static func resource(_ resource: String, _ servers: String = #""https://auth.test""#)
        -> MetadataDiscovery.Reply
    {
        json(#"{"resource":"\#(resource)","authorization_servers":[\#(servers)],"scopes_supported":["a","b"]}"#)
    }

    private static func server(
        _ issuer: String, token: String = "https://auth.test/token", extra: String = ""
    ) -> MetadataDiscovery.Reply {
        json(
            #"{"issuer":"\#(issuer)","authorization_endpoint":"https://auth.test/authorize","#
                + #""token_endpoint":"\#(token)","code_challenge_methods_supported":["S256"]\#(extra)}"#)
    }

    private static func json(_ text: String) -> MetadataDiscovery.Reply { .init(status: 200, body: Array(text.utf8)) }

    private static func text(_ step: MetadataDiscovery.Step) -> String {
        if case .failed(let error) = step { "\(error)" } else { "\(step)" }
    }

    private static let wellKnown = "/.well-known/oauth-protected-resource"
    private static let asked = "https://auth.test/.well-known/oauth-authorization-server"

    @Test("until 2025-03-26 the server's origin authorizes, with metadata or without")
    func theOriginAuthorizes() throws {
        let place = "https://mcp.test/.well-known/oauth-authorization-server"
        for revision in [ProtocolRevision.november2024, .march2025] {
            let (places, end) = try Self.discover(
                "https://mcp.test/v1/mcp", revision, challenge: #"Bearer resource_metadata="https://x.test/""#, [:])
            #expect(places == [place])
            guard case .found(let authority) = end else { throw AuthorizationError(.metadata, Self.text(end)) }
            #expect(authority.resource == nil)
            #expect(authority.server.authorizationEndpoint.description == "https://mcp.test/authorize")
            #expect(authority.server.tokenEndpoint.description == "https://mcp.test/token")
            #expect(authority.server.registrationEndpoint?.description == "https://mcp.test/register")
        }
        let (_, end) = try Self.discover(
            "https://mcp.test/v1/mcp", .march2025, [place: Self.server("https://mcp.test/")])
        guard case .found(let authority) = end else { throw AuthorizationError(.metadata, Self.text(end)) }
        #expect(authority.server.tokenEndpoint.description == "https://auth.test/token")
        #expect(authority.server.registrationEndpoint == nil)
    }

    @Test("from 2025-06-18 on the challenge says where, else well-known places with the path first")
    func theChallengeSaysWhere() throws {
        let documents = [
            "https://mcp.test/meta?x=1": Self.resource("https://mcp.test/v1/mcp"),
            "https://mcp.test\(Self.wellKnown)": Self.resource("https://mcp.test"),
            Self.asked: Self.server("https://auth.test"),
        ]
        let told = try Self.discover(
            "https://mcp.test/v1/mcp", .june2025, challenge: #"Bearer resource_metadata="https://mcp.test/meta?x=1""#,
            documents)
        #expect(told.places == ["https://mcp.test/meta?x=1", Self.asked])
        let found = try Self.discover("https://mcp.test/v1/mcp", .november2025, documents)
        #expect(
            found.places == [
                "https://mcp.test\(Self.wellKnown)/v1/mcp", "https://mcp.test\(Self.wellKnown)", Self.asked,
            ])
        guard case .found(let authority) = found.end else { throw AuthorizationError(.metadata, Self.text(found.end)) }
        #expect(authority.resource?.resource == "https://mcp.test")
        #expect(authority.resource?.scopes == ["a", "b"])
        #expect(authority.server.issuer == "https://auth.test")
        let none = try Self.discover("https://mcp.test/", .june2025, [:])
        #expect(none.places == ["https://mcp.test\(Self.wellKnown)"])
        #expect(Self.text(none.end).hasSuffix("status 404, and there is no other place"))
    }

    @Test("an issuer with a path is asked before its path, and from 2025-11-25 on as OpenID Connect too")
    func anIssuerWithAPathIsAsked() throws {
        let resource = [
            "https://mcp.test\(Self.wellKnown)": Self.resource("https://mcp.test", #""https://auth.test/tenant/""#)
        ]
        let june = try Self.discover("https://mcp.test", .june2025, resource)
        #expect(june.places.dropFirst() == [Self.asked + "/tenant"])
        let november = try Self.discover("https://mcp.test", .november2025, resource)
        #expect(
            november.places.dropFirst() == [
                Self.asked + "/tenant", "https://auth.test/.well-known/openid-configuration/tenant",
                "https://auth.test/tenant/.well-known/openid-configuration",
            ])
        let root = try Self.discover(
            "https://mcp.test", .november2025, ["https://mcp.test\(Self.wellKnown)": Self.resource("https://mcp.test")])
        #expect(root.places.dropFirst() == [Self.asked, "https://auth.test/.well-known/openid-configuration"])
    }

    @Test(
        "metadata that is not to be trusted is refused, with its place and what is wrong",
        arguments: [
            ("{}", "resource is missing"), ("<html>", "the body is no JSON object"),
            ("[]", "the body is no JSON object"),
            (#"{"resource":"https://evil.test/mcp"}"#, "resource is not the server at https://mcp.test/mcp"),
            (#"{"resource":"https://mcp.test/mcp2"}"#, "resource is not the server at https://mcp.test/mcp"),
            (#"{"resource":"https://mcp.test/mc"}"#, "resource is not the server at https://mcp.test/mcp"),
            (#"{"resource":"http://mcp.test/mcp"}"#, "resource is not the server at https://mcp.test/mcp"),
            (#"{"resource":"https://mcp.test/mcp"}"#, "authorization_servers is missing or empty"),
            (
                #"{"resource":"https://mcp.test","authorization_servers":[]}"#,
                "authorization_servers is missing or empty"
            ),
            (
                #"{"resource":"https://mcp.test/mcp/","authorization_servers":["javascript:x"]}"#,
                "authorization_servers begins with what is no issuer"
            ),
        ])
    func resourceMetadataIsChecked(body: String, problem: String) throws {
        let place = "https://mcp.test\(Self.wellKnown)/mcp"
        let (_, end) = try Self.discover("https://mcp.test/mcp", .november2025, [place: Self.json(body)])
        #expect(Self.text(end) == "metadata: \(place): \(problem)")
    }

    @Test func serversThatAreNotToBeTrustedAreRefused() throws {
        func problem(
            _ reply: MetadataDiscovery.Reply, _ revision: ProtocolRevision = .november2025,
            issuer: String = "https://auth.test"
        ) throws -> String {
            let resource = Self.resource("https://mcp.test", "\"\(issuer)\"")
            return Self.text(
                try Self.discover(
                    "https://mcp.test", revision, ["https://mcp.test\(Self.wellKnown)": resource, Self.asked: reply]
                ).end)
        }
        #expect(
            try problem(Self.server("https://evil.test")).hasSuffix(
                "issuer is not the https://auth.test that was asked for"))
        #expect(try problem(Self.json("{}")).hasSuffix("issuer is missing"))
        #expect(
            try problem(Self.json(#"{"issuer":"https://auth.test"}"#)).hasSuffix("authorization_endpoint is missing"))
        #expect(
            try problem(Self.server("https://auth.test", token: "http://auth.test/token"))
                .hasSuffix("token_endpoint is neither https nor loopback"))
        #expect(
            try problem(Self.server("https://auth.test", token: "file:///etc/passwd"))
                .hasSuffix("token_endpoint is no URL for HTTP"))
        #expect(try problem(Self.server("https://auth.test", token: "http://127.0.0.1:9/token")).contains("127.0.0.1"))
        #expect(try problem(.init(status: 500)).hasSuffix("oauth-authorization-server: status 500"))
        // A server that has no time now may have metadata all the same.
        #expect(try problem(.init(status: 429)).hasSuffix("oauth-authorization-server: status 429"))
        let busy = try Self.discover(
            "https://mcp.test", .march2025,
            ["https://mcp.test/.well-known/oauth-authorization-server": .init(status: 408)])
        #expect(Self.text(busy.end).hasSuffix("oauth-authorization-server: status 408"))
        #expect(
            try problem(Self.server("https://auth.test"), issuer: "http://auth.test")
                .hasSuffix("http://auth.test/.well-known/oauth-authorization-server is neither https nor loopback"))
        // PKCE has to be declared, but only from 2025-11-25 on.
        let plain = Self.json(
            #"{"issuer":"https://auth.test","authorization_endpoint":"https://auth.test/a","token_endpoint":"https://auth.test/t"}"#
        )
        #expect(try problem(plain).hasSuffix("code_challenge_methods_supported has no S256"))
        #expect(try problem(plain, .june2025).contains("https://auth.test/t"))
        let weak = Self.json(
            String(decoding: plain.body, as: UTF8.self).dropLast() + #","code_challenge_methods_supported":["plain"]}"#)
        #expect(try problem(weak, .june2025).hasSuffix("code_challenge_methods_supported has no S256"))
    }

    @Test func redirectsAreFollowedWithinTheOriginAndNotForEver() throws {
        func end(_ location: String?) throws -> (places: [String], end: MetadataDiscovery.Step) {
            let place = "https://mcp.test\(Self.wellKnown)"
            return try Self.discover(
                "https://mcp.test", .november2025,
                [
                    place: .init(status: 302, location: location),
                    "https://mcp.test/there": Self.resource("https://mcp.test"),
                    "https://mcp.test/loop": .init(status: 307, location: "/loop"),
                ])
        }
        #expect(try end("/there").places.count == 4)
        #expect(try end("https://MCP.test:443/there").places.count == 4)
        #expect(try end("there").places[1] == "https://mcp.test/.well-known/there")
        #expect(try end("../there?x#y").places[1] == "https://mcp.test/there?x")
        for location in [nil, "https://[/", "/a b"] {
            #expect(try Self.text(end(location).end).hasSuffix("redirected to nowhere"))
        }
        for location in ["https://evil.test/there", "//evil.test/there", "http://mcp.test/there"] {
            #expect(
                try Self.text(end(location).end).hasSuffix("redirected away from its origin, which is not followed"))
        }
        let loop = try end("/loop")
        #expect(loop.places.count == 1 + MetadataDiscovery.redirectsMax)
        #expect(Self.text(loop.end).hasSuffix("more than 3 redirects"))
    }

    @Test func aChallengeWithoutAUsableURLIsSaid() throws {
        let none = try Self.discover(
            "https://mcp.test", .june2025, challenge: #"Bearer resource_metadata="/meta""#, [:])
        #expect(Self.text(none.end) == "metadata: the challenge's resource_metadata is no URL for HTTP")
        let plain = try Self.discover(
            "https://mcp.test", .june2025, challenge: #"Bearer resource_metadata="http://mcp.test/a?secret""#, [:])
        #expect(Self.text(plain.end) == "metadata: http://mcp.test/a is neither https nor loopback")
        #expect(plain.places.isEmpty)
        let open = try Self.discover(
            "http://mcp.test", .june2025, challenge: #"Bearer resource_metadata="http://mcp.test/a""#,
            requiresHTTPS: false, [:])
        #expect(open.places == ["http://mcp.test/a"])
    }
}
