import MCPWire
import RepriseRecording
import MCPCore
import Testing

@testable import RepriseRedaction

/// Whole exchanges with a secret in every place that HTTP has for one.
@Suite struct HTTPPlantedSecretTests {
    /// A secret and the exchange that holds it in one place.
    private struct Plant {
        var secret: String
        var exchange: HTTPExchange
    }

    private func plants(_ random: inout SplitMix64) -> [Plant] {
        var plants: [Plant] = []
        func plant(_ make: (String, inout HTTPExchange) -> Void) {
            let secret = random.secret(byteCount: 24) + "/+="
            var exchange = HTTPExchange(number: plants.count + 1)
            make(secret, &exchange)
            plants.append(Plant(secret: secret, exchange: exchange))
        }
        let names = [
            "Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Mcp-Session-Id", "X-Goose", "DPoP", "ETag",
            "X-Forwarded-Access-Token",
        ]
        for name in names {
            plant { $1.request.fields.append(HTTPField(name, $0)) }
            plant { $1.response.fields.append(HTTPField(name, $0)) }
        }
        plant { $1.request.fields.append(HTTPField("Authorization", "Bearer \($0)")) }
        plant { $1.request.fields.append(HTTPField("Authorization", "Basic " + base64("client:\($0)"))) }
        plant { $1.response.fields.append(HTTPField("Set-Cookie", "sid=\($0); Path=/; Secure")) }
        plant { $1.request.fields.append(HTTPField("Cookie", "a=b; sid=\($0); c=d")) }
        plant { $1.response.fields.append(HTTPField("WWW-Authenticate", "Digest realm=\"a\", nonce=\"\($0)\"")) }
        plant { $1.response.fields.append(HTTPField("Location", "http://a/cb?iss=b&code=\(encoded($0))")) }
        plant { $1.response.fields.append(HTTPField("Location", "http://a/cb#access_token=\(encoded($0))&x=y")) }
        plant { $1.request.fields.append(HTTPField("Referer", "http://me:\(encoded($0))@a/b")) }
        for name in [
            "code", "state", "access_token", "client_secret", "code_verifier", "api_key", "id_token_hint_token",
        ] {
            plant { $1.request.target = "/a?x=1&\(name)=\(encoded($0))&y=2" }
        }
        let fields = [
            "code", "code_verifier", "refresh_token", "client_secret", "access_token", "token", "password", "assertion",
            "client_assertion", "subject_token", "device_code",
        ]
        for name in fields {
            plant { secret, exchange in
                exchange.request.fields = [HTTPField("Content-Type", "application/x-www-form-urlencoded")]
                exchange.requestBody = "grant_type=x&\(name)=\(encoded(secret))&scope=a"
            }
        }
        for name in ["access_token", "refresh_token", "id_token", "client_secret", "registration_access_token"] {
            plant { $1.responseBody = #"{"token_type":"Bearer","\#(name)":"\#($0)","expires_in":1}"# }
        }
        plant { $1.requestBody = #"{"grant_type":"authorization_code","code":"\#($0)"}"# }
        plant { $1.events = [HTTPExchange.sse("id: 1\ndata: ", #"{"jsonrpc":"2.0","params":{"api_key":"\#($0)"}}"#)] }
        plant { $1.events = [HTTPExchange.frame("data: {\"password\":\ndata: \"\($0)\"}\n\n")] }
        plant { $1.events = [HTTPExchange.sse("event: endpoint\ndata: ", "/m?session_id=\(encoded($0))")] }
        plant { $1.events = [HTTPExchange.frame(": password=\($0)\n\n")] }
        plant { secret, exchange in
            exchange.response.fields = [HTTPField("Content-Type", "text/html")]
            exchange.responseBody = "<form><input name=\"csrf_token\" type=hidden value=\"\(secret)\"></form>"
        }
        return plants
    }

    @Test("S-179: no secret reaches a byte of the recording: not raw, not percent-encoded, not in base64")
    func plantedSecretsNeverReachTheFile() throws {
        var random = SplitMix64(seed: 2026)
        let plants = plants(&random)
        #expect(plants.count > 45)
        var redactor = try EventRedactor.standard()
        var again: [HTTPExchange] = []
        for plant in plants {
            var exchange = HTTPExchange(number: again.count + 1_000)
            exchange.request.fields = [HTTPField("User-Agent", "a/1 (\(plant.secret))")]
            exchange.requestBody = #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"text":"it is \#(plant.secret)!"}}"#
            exchange.events = [HTTPExchange.sse("id: \(plant.secret)\ndata: ", #""\#(plant.secret)""#)]
            again.append(exchange)
        }
        let file = redactor.lines(plants.map(\.exchange))
        // Each is known from then on wherever it comes: in a safe header, in JSON, in the id of an event.
        let later = redactor.lines(again)
        for plant in plants {
            for form in [plant.secret, encoded(plant.secret), base64(plant.secret), base64("client:\(plant.secret)")] {
                #expect(!file.contains(form), "\(plant.exchange.recorded)")
                #expect(!later.contains(form), "\(plant.exchange.recorded)")
            }
        }
        let lines = later.split(separator: "\n").filter { $0.contains("it is") }
        let numbers = lines.compactMap { $0.split(separator: "reprise-secret-").last?.prefix(while: \.isNumber) }
        #expect(Set(numbers).count == plants.count)
    }

    @Test("S-179: a redacted event is redacted for good: read again it holds no secret, and its places are marked")
    func redactingAgainFindsNothing() throws {
        var random = SplitMix64(seed: 7)
        var redactor = try EventRedactor.standard()
        let redacted = plants(&random).flatMap(\.exchange.recorded).map { redactor.redact($0) }
        #expect(redacted.reduce(0) { $0 + $1.placeholderCount } >= 50)
        var second = try EventRedactor.standard()
        for event in redacted {
            #expect(second.secretCount(in: event) == 0, "\(event)")
            #expect(second.redact(event) == event)
        }
    }

    @Test("S-180: what was marked is marked again when the file is read, so that a replay takes it for a variable")
    func marksSurviveTheFile() throws {
        var random = SplitMix64(seed: 8)
        var redactor = try EventRedactor.standard()
        let events = plants(&random).flatMap(\.exchange.recorded).map { redactor.redact($0) }
        let header = Header(
            start: "2026-11-21T00:00:00.000Z", recorder: "test", transport: "http",
            target: .url(redactor.redact(url: "https://me:grey-goose-1@a/mcp")),
            redaction: .rules(name: "standard", digest: RedactionRules.standard.digest))
        let bytes = Recording(header: header, events: events).encoded
        let read = try RecordingReader.read(bytes)
        guard case .url(let url) = read.header.target else { return }
        #expect(url.hasPrefix("https://me:reprise-secret-") && url.hasSuffix("@a/mcp"))
        #expect(Array(read.events.dropLast()).map(\.placeholderCount) == events.map(\.placeholderCount))
    }

    private func base64(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bytes = Array(text.utf8)
        var result = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0...3 {
                result.append(index <= group.count ? alphabet[bits >> (18 - 6 * index) & 63] : "=")
            }
        }
        return result
    }

    private func encoded(_ text: String) -> String {
        text.replacing("/", with: "%2F").replacing("+", with: "%2B").replacing("=", with: "%3D")
    }
}
