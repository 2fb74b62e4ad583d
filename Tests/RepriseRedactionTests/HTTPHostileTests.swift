import RepriseRecording
import MCPCore
import Testing

@testable import RepriseRedaction

/// Heads and bodies put together from the pieces that their parsers look for, in no sensible order.
@Suite struct HTTPHostileTests {
    private static let pieces = [
        "?", "&", "=", "#", ";", ",", " ", "\t", "\"", "'", "\\", "%", "%2", "%2F", "+", "@", "://", ":", "/", "<", ">",
        "<input ", "name", "value", "type=password ", "code", "state", "token", "Bearer ", "Basic ", "Digest ", "nonce",
        "data:", "data: ", "id: ", "\n", "\r\n", "\r", "{", "}", "[", "]", "\"password\":", "1", "é",
        "reprise-secret-1",
        "abcdefgh12345678", "-----BEGIN PRIVATE KEY-----", "&#x2F;", "&amp;", "",
    ]

    private func text(_ random: inout SplitMix64) -> String {
        (0..<Int(random.next() % 14)).map { _ in Self.pieces[Int(random.next() % UInt64(Self.pieces.count))] }.joined()
    }

    @Test("S-179: whatever stands in a head or a body, redaction ends, marks what it put in and keeps all else")
    func whateverStandsThere() throws {
        var random = SplitMix64(seed: 41)
        let names = [
            "Authorization", "Cookie", "Set-Cookie", "WWW-Authenticate", "Location", "Referer", "X-Any", "Accept",
            "Mcp-Param-A",
        ]
        let types = ["application/x-www-form-urlencoded", "text/html", "application/json", "text/event-stream"]
        var redactor = try EventRedactor.standard()
        for round in 0..<600 {
            // A new one now and then: what is known by then would be most of what comes.
            if round % 40 == 0 { redactor = try EventRedactor.standard() }
            for name in names {
                let value = text(&random)
                let field = redactor.field(name, value)
                expectKept(value, field.value, field.placeholders)
            }
            let target = text(&random)
            let head = redactor.target(target)
            expectKept(target, head.target, head.targetPlaceholders)
            for type in types {
                let body = text(&random)
                var exchange = HTTPExchange(
                    response: ResponseHead(status: 200, fields: [HTTPField("Content-Type", type)]))
                exchange.responseBody = body
                exchange.events = [HTTPExchange.frame(body), HTTPExchange.sse("id: \(body)\ndata: ", text(&random))]
                for event in exchange.recorded {
                    let redacted = redactor.redact(event)
                    guard let before = event.frame?.wireBytes, let frame = redacted.frame else { continue }
                    let shift = frame.pre.count
                    expectKept(
                        String(decoding: before, as: UTF8.self), String(decoding: frame.wireBytes ?? [], as: UTF8.self),
                        frame.placeholders.map { $0.lowerBound + shift..<$0.upperBound + shift })
                }
            }
        }
    }

    /// Every mark stands on a placeholder, and what stands before the first and after the last stood there before.
    private func expectKept(
        _ original: String, _ redacted: String, _ placeholders: [Range<Int>],
        at place: SourceLocation = #_sourceLocation
    ) {
        let bytes = Array(redacted.utf8)
        for range in placeholders {
            #expect(Placeholder.places(in: Array(bytes[range])) == [0..<range.count], sourceLocation: place)
        }
        guard let first = placeholders.first, let last = placeholders.last else {
            #expect(original == redacted, sourceLocation: place)
            return
        }
        // A number that was a secret has become a string, with quotes that may be escaped.
        func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") }
        let head = bytes[..<first.lowerBound].reversed().drop(while: isQuote).reversed()
        let tail = bytes[last.upperBound...].drop(while: isQuote)
        let whole = Array(original.utf8)
        #expect(whole.starts(with: head), "\(original) \(redacted)", sourceLocation: place)
        #expect(whole.reversed().starts(with: tail.reversed()), "\(original) \(redacted)", sourceLocation: place)
    }
}
