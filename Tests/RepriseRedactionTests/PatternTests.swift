import Testing

@testable import RepriseRedaction

/// A text with a planted credential, put together here so that no scanner takes this file for a leak.
private struct Sample: CustomTestStringConvertible, Sendable {
    var name: String
    var text: String
    var secret: String
    var testDescription: String { name }

    init(_ name: String, _ before: String, _ secret: [String], _ after: String = "") {
        self.name = name
        self.secret = secret.joined()
        text = before + self.secret + after
    }
}

private let alphabet = "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5Ef6Gh7Ij8Kl9Mn0Op1Qr2St3"
private func digits(_ count: Int) -> String { String(alphabet.prefix(count)) }
private func hexadecimal(_ count: Int) -> String {
    String(String(repeating: "0f1e2d3c4b5a6978", count: 8).prefix(count))
}

private let samples: [Sample] = [
    Sample("bearer", "Authorization: Bearer ", [digits(20)], " was sent"),
    Sample("bearer in prose", "curl -H 'authorization: bearer ", [digits(12)], "' http://localhost/"),
    Sample("basic", "Authorization: Basic ", ["dXNlcjpodW50ZXIyaHVudGVyMg=="]),
    Sample("authorization without scheme", "authorization: ", [digits(24)]),
    Sample("AWS access key id", "id=", ["AK", "IA", "IOSFODNN7EXAMPLE"], " and"),
    Sample("AWS secret access key", "aws_secret_access_key = ", ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]),
    Sample("GitHub classic", "remote: ", ["gh", "p_", digits(36)]),
    Sample("GitHub OAuth", "remote: ", ["gh", "o_", digits(36)]),
    Sample("GitHub fine-grained", "remote: ", ["github", "_pat_", digits(22), "_", digits(59)]),
    Sample("GitLab", "using ", ["gl", "pat-", digits(20)]),
    Sample("Slack", "bot ", ["xo", "xb-", "123456789012-", digits(24)]),
    Sample("Slack webhook", "https://hooks.slack.com/services/", ["T00000000/B00000000/", digits(24)]),
    Sample("OpenAI", "with ", ["s", "k-", digits(48)]),
    Sample("OpenAI project", "with ", ["s", "k-proj-", digits(40), "_", digits(20)]),
    Sample("Anthropic", "with ", ["s", "k-ant-api03-", digits(60), "-AA"]),
    Sample("Google", "maps?x=", ["AI", "za", digits(35)]),
    Sample("Google OAuth", "got ", ["ya", "29.", digits(40)]),
    Sample("Stripe", "stripe ", ["s", "k_live_", digits(24)]),
    Sample("Stripe restricted", "stripe ", ["r", "k_test_", digits(24)]),
    Sample("npm", "//registry/:_x=", ["np", "m_", digits(36)]),
    Sample("PyPI", "upload with ", ["py", "pi-AgEIcHlwaS5vcmc", digits(40)]),
    Sample("SendGrid", "mail ", ["S", "G.", digits(22), ".", digits(43)]),
    Sample("Hugging Face", "login ", ["h", "f_", digits(34)]),
    Sample("DigitalOcean", "doctl ", ["do", "p_v1_", hexadecimal(64)]),
    Sample("Telegram", "bot123456789:", ["A", "A", digits(33)]),
    Sample("URL password", "postgres://app:", ["pw-7-pw-7"], "@db.example.com/main"),
    Sample("URL query", "GET https://example.com/a?x=1&access_token=", [digits(10)], "&y=2"),
    Sample("URL query key", "https://example.com/a?key=", [digits(10)], " ok"),
    Sample("URL signature", "https://example.com/a?X-Amz-Signature=", [hexadecimal(64)], "#top"),
    Sample("OAuth code", "redirect https://client/cb?state=7&code=", [digits(16)]),
    Sample("form body", "grant_type=refresh_token&refresh_token=", [digits(16)], "&client_id=web"),
    Sample("password assignment", "login failed for password=", ["hunter2hunter2"], ", retrying"),
    Sample("export", "export OPENAI_API_KEY=", [digits(20)]),
    Sample("YAML", "api_key: ", [digits(20)]),
    Sample("words", "The API key: ", [digits(20)], "."),
    Sample("JSON in prose", #"body was {"user":"a","secret": ""#, ["correct horse battery"], #"","n":1}"#),
    Sample("JSON key with a prefix", #"{"githubToken":""#, [digits(20)], #""} <- sent"#),
    Sample("Python", "client = Client(api_key='", [digits(20)], "')"),
    Sample("option", "run --api-key ", [digits(20)], " --verbose"),
    Sample("words without a sign", "the password is ", ["hunter2hunter2"], ", he said"),
    Sample("constant", "SECRET_KEY_BASE=", [digits(20)], " TOKEN_URL=http://localhost/"),
    Sample("user of a URL", "clone https://x-access-token:", [digits(20)], "@example.com/a"),
    Sample("escaped query", "next=https%3A%2F%2Fh%2F%3Faccess_token%3D", [digits(20)], "%26n%3D1"),
    Sample("JSON in a log line", #"received: {"env": {"MODE": ""#, ["grey-goose"], #""}, "id": 1} at 12:00"#),
    Sample("XML", "<password>", ["hunter2hunter2"], "</password>"),
    Sample("cookie", "Cookie: sid=", [digits(20)]),
    Sample("set-cookie", "Set-Cookie: sid=", [digits(20)], "; Path=/; HttpOnly"),
    Sample(
        "private key", "-----BEGIN RSA PRIVATE KEY-----\n", ["MIIE", digits(60)], "\n-----END RSA PRIVATE KEY-----\n"),
    Sample("long value", "token=", [String(repeating: digits(60), count: 40)], " end"),
]

private let ordinary: [String] = [
    "550e8400-e29b-41d4-a716-446655440000", "ada@example.com and bob@example.org", "10.0.0.1:8080 and [::1]:443",
    "commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "the task-list-of-the-day-2024-01-02-and-more", "basic authentication is required", "Basic usage of the tool",
    "bearer token required", "The bearer authentication scheme", "password: required", "Please enter your password.",
    "password: string", "let token: String = read()", "the secret: never give up", "tokens: 1200, maxTokens: 4096",
    "progressToken: abc-123-def", #"{"progressToken":"abc-123-def"}, said the log"#, "nextPageToken=abc123def456",
    "https://example.com:8080/path?page=2&sort=key", "https://example.com/a?code=404", "ssh://git@example.com/a.git",
    "http://localhost:3000/@scope/name", "C:\\Users\\me\\file.txt", "password=${DB_PASSWORD}", "token = $TOKEN",
    "api_key=<your-key>", "password=None", "if token == null { }", "sk-fading-circle sk-cube-grid-animated",
    "risk-averse-investors-2024",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "2026-01-02T03:04:05.678Z", "eyJ.a.b", "eyJhbGciOi", "SG. is short", "the key-value store", "cookie: consent",
    "Authorization: none", "monkey=banana7split", "keyboard: azerty123", "tokenizer=gpt2-medium-355", "x = y?z=1&w=2",
    "password = get_password()", "secret = os.environ[\"X\"]", "self.token = token", "session=550e8400-e29b-41d4",
    "TOKEN_URL=https://example.com/token SECRET_NAME=alpha-beta-1", "the token is required", "100%3D ok %22 %40",
    "def f(password: str = 'x', token: Optional[str] = None)", "if (secret) { return token; }",
    "Credentials: AWS4-HMAC-SHA256", "authorization: AWS4-HMAC-SHA256",
]

@Suite struct PatternTests {
    @Test("S-179: each credential is replaced in text, and nothing else is", arguments: samples)
    private func replacesCredential(_ sample: Sample) throws {
        var redactor = try Redactor.standard()
        let line = redactor.line(sample.text)
        #expect(line == sample.text.replacing(sample.secret, with: "reprise-secret-1"))
    }

    @Test("S-179: each credential is replaced in a JSON string, plain and escaped", arguments: samples)
    private func replacesCredentialInJSON(_ sample: Sample) throws {
        for string in [quoted(sample.text), fullyEscaped(sample.text)] {
            var redactor = try Redactor.standard()
            let result = redactor.redact(json: Array("{\"text\":\(string)}".utf8))
            let strings = try decodedStrings(of: result.bytes)
            #expect(strings == ["text", sample.text.replacing(sample.secret, with: "reprise-secret-1")])
            #expect(result.placeholders.count == 1)
        }
    }

    @Test(arguments: ordinary) func leavesOrdinaryTextAlone(_ text: String) throws {
        var redactor = try Redactor.standard()
        #expect(redactor.line(text) == text)
        let json = "{\"text\":\(quoted(text))}"
        #expect(redactor.json(json) == json)
    }

    @Test func redactingTwiceChangesNothing() throws {
        for sample in samples {
            var redactor = try Redactor.standard()
            let once = redactor.line(sample.text)
            var other = try Redactor.standard()
            #expect(other.line(once) == once)
        }
    }

    @Test func percentEncodedAndPlainFormsAreOneSecret() throws {
        var redactor = try Redactor.standard()
        #expect(redactor.line("http://h/?token=ab%2Fcd%2Bef12") == "http://h/?token=reprise-secret-1")
        #expect(redactor.line("it was ab/cd+ef12") == "it was reprise-secret-1")
        #expect(redactor.json(#"{"password":"x y/z&12345"}"#) == #"{"password":"reprise-secret-2"}"#)
        #expect(redactor.line("http://h/?q=x%20y%2Fz%2612345") == "http://h/?q=reprise-secret-2")
    }

    @Test func identifiersOfSourceCodeAreNotSoughtElsewhere() throws {
        var redactor = try Redactor.standard()
        _ = redactor.line("Client(password=user_input_field)")
        #expect(redactor.line("user_input_field") == "user_input_field")
    }

    @Test func hugeAndHostileTextsEnd() throws {
        var redactor = try Redactor.standard()
        let hostile = [
            String(repeating: "progressToken=", count: 20_000), String(repeating: "?a=", count: 80_000),
            String(repeating: "://a:", count: 50_000), String(repeating: "eyJ", count: 80_000),
            String(repeating: "bearer ", count: 30_000), String(repeating: "-----BEGIN ", count: 20_000),
            String(repeating: "\\u0041", count: 40_000), String(repeating: "sk-", count: 80_000),
            String(repeating: "api_key: \"", count: 20_000), String(repeating: "\\", count: 200_000),
            String(repeating: "aws aws_", count: 30_000), String(repeating: "--", count: 100_000) + "token ",
            String(repeating: "<password>", count: 20_000), String(repeating: "[\"", count: 100_000),
            String(repeating: "{", count: 100_000) + "}", String(repeating: "%3D", count: 60_000),
            String(repeating: "PASSWORD_", count: 30_000), String(repeating: "token is ", count: 20_000),
        ]
        for text in hostile {
            let result = redactor.redact(text: Array(text.utf8), stream: 2)
            #expect(result.edits.count == result.placeholders.count)
        }
        #expect(redactor.exhaustedPatterns.isEmpty)
        #expect(redactor.redact(text: [], stream: 2) == Redacted(bytes: []))
    }
}
