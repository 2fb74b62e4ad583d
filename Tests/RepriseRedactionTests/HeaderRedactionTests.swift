import RepriseRecording
import Testing

@testable import RepriseRedaction

@Suite struct HeaderRedactionTests {
    @Test("S-173: nothing of the safe list is touched, in whatever case its names are written")
    func theSafeListIsKept() throws {
        let fields = [
            ("Content-Type", "application/json; charset=utf-8"), ("content-length", "1234567890"),
            ("ACCEPT", "application/json, text/event-stream"), ("User-Agent", "python-httpx/0.28.1"),
            ("Host", "127.0.0.1:38123"), ("Origin", "http://localhost:6274"), ("Connection", "keep-alive"),
            ("MCP-Protocol-Version", "2025-11-25"), ("Last-Event-ID", "d2a5b6f0-stream-00000017"),
            ("Mcp-Method", "tools/call"), ("Mcp-Name", "get_weather_forecast"), ("Cache-Control", "no-cache"),
            ("Transfer-Encoding", "chunked"), ("Date", "Sat, 21 Nov 2026 02:00:00 GMT"), ("Server", "uvicorn"),
            ("Allow", "GET, POST, DELETE"), ("Vary", "Origin"), ("Retry-After", "120"),
            ("Access-Control-Allow-Headers", "Authorization, Mcp-Session-Id"), ("X-Accel-Buffering", "no"),
            ("Mcp-Param-Region", "eu-central-1"),
        ]
        var redactor = try EventRedactor.standard()
        for (name, value) in fields {
            #expect(redactor.field(name, value) == HTTPField(name, value))
        }
    }

    @Test("S-179: a value off the safe list becomes a placeholder, marked, with names and duplicates kept")
    func otherValuesGo() throws {
        var redactor = try EventRedactor.standard()
        let fields = [
            HTTPField("X-Tenant", "blue-goose-77"), HTTPField("x-tenant", "blue-goose-77"), HTTPField("X-Empty", ""),
            HTTPField("ETag", "\"goose-1\""), HTTPField("X-Tenant", "grey-goose-78"),
        ]
        let event = HTTPExchange().event(.serverToClient, .response(ResponseHead(status: 200, fields: fields)))
        guard case .response(let head) = redactor.redact(event).kind else { return }
        #expect(
            head.fields == [
                HTTPField("X-Tenant", "reprise-secret-1", placeholders: [0..<16]),
                HTTPField("x-tenant", "reprise-secret-1", placeholders: [0..<16]), HTTPField("X-Empty", ""),
                HTTPField("ETag", "\"reprise-secret-2\"", placeholders: [1..<17]),
                HTTPField("X-Tenant", "reprise-secret-3", placeholders: [0..<16]),
            ])
    }

    @Test(
        "S-179: of fields with a form of their own the secret parts alone go",
        arguments: [
            ("Authorization", "Bearer grey-goose-77", "Bearer §1"), ("authorization", "grey-goose-77", "§1"),
            ("Authorization", "Basic Z29vc2U6Z3JleQ==", "Basic §1"), ("Authorization", "Bearer", "Bearer"),
            ("Authorization", "Digest username=\"a\", response=\"b\"", "Digest §1"),
            ("Proxy-Authorization", "Basic Z29vc2U6Z3JleQ==", "Basic §1"),
            ("Cookie", "a=grey-goose-77; b=blue-goose-78", "a=§1; b=§2"),
            (
                "Set-Cookie", "sid=grey-goose-77; Path=/; HttpOnly; Max-Age=3600",
                "sid=§1; Path=/; HttpOnly; Max-Age=3600"
            ),
            ("Mcp-Session-Id", "5f0c2a", "§1"), ("X-API-Key", "grey", "§1"),
            (
                "WWW-Authenticate",
                #"Bearer error="invalid_token", error_description="The access token expired", scope="a b", "#
                    + #"resource_metadata="http://127.0.0.1:1/.well-known/oauth-protected-resource/mcp""#,
                #"Bearer error="invalid_token", error_description="The access token expired", scope="a b", "#
                    + #"resource_metadata="http://127.0.0.1:1/.well-known/oauth-protected-resource/mcp""#
            ),
            (
                "WWW-Authenticate", #"Digest realm="r", nonce="grey-goose-77", qop="auth", Basic realm="x""#,
                #"Digest realm="r", nonce="§1", qop="auth", Basic realm="x""#
            ),
            ("WWW-Authenticate", "Negotiate YIIgoose==", "Negotiate §1"), ("WWW-Authenticate", "Bearer", "Bearer"),
            (
                "WWW-Authenticate", #"Bearer error_uri="https://a/?x=1&access_token=grey-goose-77""#,
                #"Bearer error_uri="https://a/?x=1&access_token=§1""#
            ),
            ("Location", "http://a:1/cb?code=grey-goose-77&iss=http://b", "http://a:1/cb?code=§1&iss=http://b"),
            ("Location", "/cb?code=404&page=2", "/cb?code=404&page=2"),
            ("Location", "/cb#access_token=grey-goose-77&token_type=bearer", "/cb#access_token=§1&token_type=bearer"),
            ("Referer", "https://me:grey-goose@a/b?q=1", "https://me:§1@a/b?q=1"),
            ("Referer", "https://grey-goose-77@a/b", "https://§1@a/b"),
            ("User-Agent", "tool/1 token=grey-goose-77", "tool/1 token=§1"),
            ("Mcp-Param-Password", "grey-goose-77", "§1"), ("Mcp-Param-City", "=?base64?Z3JleQ==?=", "§1"),
            ("Location", "/cb?state=0123456789abcdef&state=open", "/cb?state=§1&state=open"),
        ])
    func formsOfTheirOwn(_ name: String, _ value: String, _ expected: String) throws {
        var redactor = try EventRedactor.standard()
        let field = redactor.field(name, value)
        #expect(field.value == expected.replacing("§", with: "reprise-secret-"))
        #expect(field.placeholders == Placeholder.places(in: Array(field.value.utf8)))
    }

    @Test("S-179: a target loses the secret values of its query and keeps the rest")
    func targets() throws {
        var redactor = try EventRedactor.standard()
        let head = redactor.target(
            "/authorize?response_type=code&client_id=c-1&state=0123456789abcdef0&co%64e=goose%2F77&scope=a+b&code_challenge="
                + "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&resource=http%3A%2F%2Fa%2Fmcp"
        )
        #expect(
            head.target
                == "/authorize?response_type=code&client_id=c-1&state=reprise-secret-1&co%64e=reprise-secret-2&scope=a+b"
                + "&code_challenge=reprise-secret-3&code_challenge_method=S256&resource=http%3A%2F%2Fa%2Fmcp")
        #expect(head.targetPlaceholders == Placeholder.places(in: Array(head.target.utf8)))
        #expect(redactor.target("/mcp?page=2&q=token").target == "/mcp?page=2&q=token")
        #expect(redactor.field("X-Goose", "goose/77").value == "reprise-secret-2")
        #expect(
            redactor.redact(url: "https://a/mcp?api_key=goose%2F77&x=1") == "https://a/mcp?api_key=reprise-secret-2&x=1"
        )
    }

    @Test func rulesOfTheUserWin() throws {
        var redactor = try EventRedactor(rules: try RedactionRules(parsing: "keep X-Request-Id\nkey Accept-Language"))
        #expect(redactor.field("x-request-id", "token=grey-goose-77").value == "token=grey-goose-77")
        #expect(redactor.field("Accept-Language", "de-DE").value == "reprise-secret-1")
    }

    @Test func anOrdinaryWordInAnUnknownFieldIsNotSoughtElsewhere() throws {
        var redactor = try EventRedactor.standard()
        #expect(redactor.field("X-Tool", "get_weather").value == "reprise-secret-1")
        let json = #"{"name":"get_weather"}"#
        #expect(redactor.body(json, "application/json") == json)
    }

    @Test("the safe list is part of what a recording's digest of its rules names")
    func theDigestCoversTheSafeList() {
        let text = RedactionRules.standard.canonicalText
        #expect(text.contains("standard safe-header mcp-protocol-version\n"))
        #expect(text.contains("standard challenge-parameter nonce\n"))
    }
}
