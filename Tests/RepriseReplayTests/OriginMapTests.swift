import MCPWire
import RepriseRecording
import RepriseReplay
import Testing
import MCPCore

/// What changes on the way through a reverse proxy, and that nothing else does (S-172).
@Suite struct OriginMapTests {
    private let map = OriginMap(
        server: Origin(scheme: "https", host: "api.example.com", port: 8443),
        local: Origin(scheme: "http", host: "127.0.0.1", port: 4000))

    @Test(
        "origins are read from URLs with and without ports, and from IPv6 addresses",
        arguments: [
            ("http://Example.com", "http://example.com", 80), ("https://example.com/a?b#c", "https://example.com", 443),
            ("HTTP://a:8080/", "http://a:8080", 8080), ("https://a:443", "https://a", 443),
            ("http://[::1]:9/mcp", "http://[::1]:9", 9), ("http://[2001:DB8::1]", "http://[2001:db8::1]", 80),
            ("http://a:?x", "http://a", 80),
        ])
    func originsAreRead(url: String, origin: String, port: Int) throws {
        let read = try #require(Origin(url: url))
        #expect(read.description == origin)
        #expect(read.port == port)
    }

    @Test(
        "what is no origin is none",
        arguments: [
            "", "/mcp", "a.com", "ftp://a", "http://", "http:///mcp", "http://user:pw@a/", "http://a:0",
            "http://a:65536", "http://a:b", "http://[::1", "http://[]", "http://a b/", "http://a\r\nb/", "http://a:1:2",
            "//a", "null",
        ])
    func whatIsNoOriginIsNone(url: String) {
        #expect(Origin(url: url) == nil)
    }

    @Test func loopbackIsKnownByNameAndAddress() {
        func isLoopback(_ host: String) -> Bool? { Origin(scheme: "http", authority: host)?.isLoopback }
        for host in ["localhost", "LOCALHOST:80", "a.localhost", "127.0.0.1:1", "127.8.9.255", "[::1]:2"] {
            #expect(isLoopback(host) == true, "\(host)")
        }
        for host in ["localhost.example.com", "127.0.0.1.example.com", "127.1", "127.0.0.256", "10.0.0.1", "[::2]"] {
            #expect(isLoopback(host) == false, "\(host)")
        }
    }

    @Test func hostAndOwnOriginOfARequestAreRewritten() {
        let mapped = map.request([
            HTTPField("host", "127.0.0.1:4000"), HTTPField("Origin", "http://127.0.0.1:4000"),
            HTTPField("X", "http://127.0.0.1:4000"),
        ])
        #expect(
            mapped.value == [
                HTTPField("host", "api.example.com:8443"), HTTPField("Origin", "https://api.example.com:8443"),
                HTTPField("X", "http://127.0.0.1:4000"),
            ])
        #expect(
            mapped.notes == [
                "host rewritten to api.example.com:8443", "Origin rewritten to https://api.example.com:8443",
            ])
        let foreign = [HTTPField("Origin", "http://localhost:6274"), HTTPField("Origin", "null")]
        #expect(map.request(foreign) == .init(value: foreign, notes: []))
    }

    @Test(
        "a Location of the same origin is rewritten, every other stays",
        arguments: [
            ("https://api.example.com:8443/a?b=https://x#c", "http://127.0.0.1:4000/a?b=https://x#c"),
            ("HTTPS://API.example.com:8443", "http://127.0.0.1:4000"),
            ("//api.example.com:8443/a", "http://127.0.0.1:4000/a"),
            ("http://api.example.com:8443/a", nil), ("https://api.example.com/a", nil), ("/login", nil), ("login", nil),
            ("https://api.example.com:8443.evil.com/", nil), ("https://u@api.example.com:8443/", nil), ("", nil),
            ("//api.example.com/a", nil),
        ])
    func locationIsRewritten(url: String, expected: String?) {
        let mapped = map.response([HTTPField("LOCATION", url), HTTPField("Link", url)])
        #expect(mapped.value == [HTTPField("LOCATION", expected ?? url), HTTPField("Link", url)])
        #expect(mapped.notes == (expected.map { ["LOCATION rewritten to \($0)"] } ?? []))
    }

    @Test(
        "resource_metadata is rewritten in every challenge, and in no quoted string",
        arguments: [
            (
                #"Bearer resource_metadata="https://api.example.com:8443/.well-known/x", scope="a b""#,
                #"Bearer resource_metadata="http://127.0.0.1:4000/.well-known/x", scope="a b""#
            ),
            (
                #"Basic realm="a, resource_metadata=\"https://api.example.com:8443/\"", Bearer error="e","#
                    + #"Resource_Metadata = "https:\/\/api.example.com:8443/m""#,
                #"Basic realm="a, resource_metadata=\"https://api.example.com:8443/\"", Bearer error="e","#
                    + #"Resource_Metadata = "http://127.0.0.1:4000/m""#
            ),
            (
                "Bearer resource_metadata=https://api.example.com:8443/m, a=b",
                "Bearer resource_metadata=http://127.0.0.1:4000/m, a=b"
            ),
            (
                #"DPoP a="1", Bearer resource_metadata="https://api.example.com:8443/1", B resource_metadata="/2""#,
                #"DPoP a="1", Bearer resource_metadata="http://127.0.0.1:4000/1", B resource_metadata="/2""#
            ),
        ])
    func challengesAreRewritten(value: String, expected: String) {
        let mapped = map.response([HTTPField("WWW-Authenticate", value)])
        #expect(mapped.value == [HTTPField("WWW-Authenticate", expected)])
        #expect(mapped.notes == ["WWW-Authenticate rewritten to \(expected)"])
    }

    @Test(
        "challenges that name another place, or are none, keep every byte",
        arguments: [
            #"Bearer resource_metadata="https://other/.well-known/x""#, #"Bearer x_resource_metadata="https://a""#,
            #"Bearer resource_metadata"#, #"Bearer resource_metadata="#, #"Bearer resource_metadata=""#, #"""#, "",
            "Bearer", #"Bearer a="\"#, #"Bearer resource_metadata = "\"#, "Bearer resource_metadata=\t",
        ])
    func otherChallengesStay(value: String) {
        let field = [HTTPField("WWW-Authenticate", value)]
        #expect(map.response(field) == .init(value: field, notes: []))
    }

    @Test func metadataIsEditedInPlace() {
        let body = bytes(
            "{ \"resource\" : \"https:\\/\\/api.example.com:8443/m\\u0063p\",\n \"n\":1.0, "
                + "\"authorization_servers\":[\"https://api.example.com:8443\"], \"n\":2 } ")
        let mapped = map.metadata(body)
        let expected =
            "{ \"resource\" : \"http://127.0.0.1:4000/mcp\",\n \"n\":1.0, "
            + "\"authorization_servers\":[\"https://api.example.com:8443\"], \"n\":2 } "
        #expect(String(decoding: mapped.value, as: UTF8.self) == expected)
        #expect(mapped.notes == ["resource rewritten to http://127.0.0.1:4000/mcp"])
        for other in [#"{"resource":"https://other/mcp"}"#, #"{"resource":1}"#, "[]", "{", "", #"{"a":{}}"#] {
            #expect(map.metadata(bytes(other)) == .init(value: bytes(other), notes: []))
        }
    }

    @Test func theMetadataPathIsKnown() {
        for target in ["", "/", "/mcp", "?a=b", "/a/b?c"] {
            #expect(OriginMap.isResourceMetadata(target: "/.well-known/oauth-protected-resource" + target))
        }
        for target in ["/.well-known/oauth-protected-resources", "/mcp?/.well-known/oauth-protected-resource", "/"] {
            #expect(!OriginMap.isResourceMetadata(target: target))
        }
    }

    @Test(
        "an absolute endpoint is rewritten in its own bytes",
        arguments: [
            (
                "event: endpoint\r\ndata: https://api.example.com:8443/m?s=1\r\n\r\n",
                "event: endpoint\r\ndata: http://127.0.0.1:4000/m?s=1\r\n\r\n"
            ),
            (
                "data:https://api.example.com:8443/m\nevent:endpoint\n\n",
                "data:http://127.0.0.1:4000/m\nevent:endpoint\n\n"
            ),
            ("event: endpoint\ndata: /m?s=1\n\n", nil), ("event: endpoint\ndata: https://other/m\n\n", nil),
            ("data: https://api.example.com:8443/m\n\n", nil), (": comment\n\n", nil),
            ("event: endpoint\ndata\n\n", nil),
        ])
    func endpointsAreRewritten(block: String, expected: String?) throws {
        var decoder = SSEDecoder()
        let frame = try #require(decoder.receive(bytes(block).span).first)
        let mapped = map.endpoint(frame)
        #expect(String(decoding: mapped.value, as: UTF8.self) == expected ?? block)
        #expect(mapped.notes.count == (expected == nil ? 0 : 1))
    }

    @Test func whatIsAnythingNeverLosesBytes() {
        var random = SplitMix64(seed: 172)
        let pieces = [
            "resource_metadata", "=", "\"", "\\", "https://other/", " ", ",", "Bearer", "\t", "é", "a", "==", "https:",
        ]
        for _ in 0..<3000 {
            let value = (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }.joined()
            let fields = [HTTPField("WWW-Authenticate", value), HTTPField("Location", value)]
            #expect(map.response(fields) == .init(value: fields, notes: []))
        }
    }
}
