import RepriseRecording
import RepriseReplay
import Testing
import MCPCore

/// Requests and responses are read alike in any chunks, and what could be read in two ways is refused (RFC 9112).
@Suite struct HTTPMessageReaderTests {
    /// What was read, in few words: heads, bodies joined, ends, and at last what was wrong.
    private static func read(
        _ text: [UInt8], as role: HTTPMessageReader.Role, sizes: () -> Int, methods: [String] = [], ends: Bool = true
    ) -> [String] {
        var reader = HTTPMessageReader(role, headByteCountMax: 1000, fieldCountMax: 5)
        for method in methods { reader.expectResponse(to: method) }
        var parts: [HTTPMessageReader.Part] = []
        var failure: HTTPMessageReader.Failure?
        var rest = text[...]
        do throws(HTTPMessageReader.Failure) {
            while !rest.isEmpty {
                let chunk = rest.prefix(max(1, sizes()))
                rest = rest.dropFirst(chunk.count)
                try reader.receive(Array(chunk), into: &parts)
            }
            if ends { try reader.finish(into: &parts) }
        } catch {
            failure = error
        }
        return describe(parts) + (failure.map { ["\($0.status): \($0)"] } ?? [])
    }

    private static func describe(_ parts: [HTTPMessageReader.Part]) -> [String] {
        var words: [String] = []
        var body: [UInt8]?
        for part in parts {
            if case .body(let bytes) = part {
                body = (body ?? []) + bytes
                continue
            }
            if let whole = body { words.append("body \(String(decoding: whole, as: UTF8.self))") }
            body = nil
            switch part {
            case .request(let head, let info):
                words.append("\(head.method) \(head.target) \(fields(head.fields)) \(describe(info))")
            case .response(let head, let info):
                words.append("\(head.status) '\(head.reason)' \(fields(head.fields)) \(describe(info))")
            case .end(let trailers):
                words.append(trailers.isEmpty ? "end" : "end \(fields(trailers))")
            case .body:
                break
            }
        }
        if let whole = body { words.append("body \(String(decoding: whole, as: UTF8.self))") }
        return words
    }

    private static func fields(_ fields: [HTTPField]) -> String {
        "[\(fields.map { "\($0.name)=\($0.value)" }.joined(separator: "|"))]"
    }

    private static func describe(_ info: HTTPMessageReader.Info) -> String {
        "1.\(info.minorVersion) \(info.framing)\(info.keepsAlive ? "" : " close")"
            + (info.remarks.isEmpty ? "" : " (\(info.remarks.joined(separator: "; ")))")
    }

    struct Sample: Sendable, CustomTestStringConvertible {
        var text: String
        var role = HTTPMessageReader.Role.request
        var methods: [String] = []
        var expected: [String]
        var testDescription: String { String(text.prefix(60)) }

        static func request(_ text: String, _ expected: String...) -> Sample { Sample(text: text, expected: expected) }

        static func response(_ text: String, to methods: String..., gives expected: [String]) -> Sample {
            Sample(text: text, role: .response, methods: methods.isEmpty ? ["GET"] : methods, expected: expected)
        }
    }

    static let requests: [Sample] = [
        .request("GET / HTTP/1.1\r\n\r\n", "GET / [] 1.1 none", "end"),
        .request(
            "\r\n\nPOST /a?b=%20 HTTP/1.1\r\nHost:a\r\nhost:  b c \t\r\nX:\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.0\n\n",
            "POST /a?b=%20 [Host=a|host=b c|X=|Content-Length=3] 1.1 length(3)", "body abc", "end",
            "GET /2 [] 1.0 none close", "end"),
        .request(
            "BREW /é HTTP/1.1\r\nConnection: a, CLOSE\r\nContent-Length: 0\r\n\r\n",
            "BREW /é [Connection=a, CLOSE|Content-Length=0] 1.1 length(0) close", "end"),
        .request(
            "P * HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "P * [Connection=keep-alive] 1.0 none", "end"),
        .request(
            "PUT / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=\"b\"\r\nab\r\nc\r\nA \r\n0123456789\r\n000\r\nT: 1\r\n\r\n",
            "PUT / [Transfer-Encoding=Chunked] 1.1 chunked", "body ab\r\nc0123456789", "end [T=1]"),
        // What is refused.
        .request("GET / HTTP/2.0\r\n\r\n", "505: HTTP/2.0 instead of HTTP/1.1"),
        .request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505: HTTP/2.0 instead of HTTP/1.1"),
        .request("GET  / HTTP/1.1\r\n\r\n", "400: the first line is no request line of HTTP/1"),
        .request("GET /a b HTTP/1.1\r\n\r\n", "400: the first line names no version of HTTP"),
        .request("GET /\r\n\r\n", "400: the first line is no request line of HTTP/1"),
        .request("G@T / HTTP/1.1\r\n\r\n", "400: the first line is no request line of HTTP/1"),
        .request("GET / HTTP/1.1\r\nA : b\r\n\r\n", "400: a header name that is none"),
        .request("GET / HTTP/1.1\r\n: b\r\n\r\n", "400: a header name that is none"),
        .request("GET / HTTP/1.1\r\nA\r\n\r\n", "400: a header line without a colon"),
        .request("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "400: a folded line in the head"),
        .request("GET / HTTP/1.1\r\nA: b\rX: c\r\n\r\n", "400: a CR or NUL within a line of the head"),
        .request("GET / HTTP/1.1\r\nA: b\0\r\n\r\n", "400: a CR or NUL within a line of the head"),
        .request(
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
            "400: both a content length and a transfer encoding"),
        .request(
            "P / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", "400: two different content lengths"),
        .request("P / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", "400: two content lengths"),
        .request("P / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n", "400: a content length that is no number of bytes"),
        .request("P / HTTP/1.1\r\nContent-Length: +3\r\n\r\n", "400: a content length that is no number of bytes"),
        .request("P / HTTP/1.1\r\nContent-Length: \r\n\r\n", "400: a content length that is no number of bytes"),
        .request(
            "P / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "400: a content length that is no number of bytes"),
        .request("P / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "501: a transfer encoding other than chunked"),
        .request(
            "P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "501: a transfer encoding other than chunked"),
        .request("P / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400: a transfer encoding in HTTP/1.0"),
        .request("A / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 6), "431: more than 5 header fields"),
        .request("A / HTTP/1.1\r\na: " + String(repeating: "b", count: 1000), "431: a head of more than 1000 bytes"),
        .request(String(repeating: "\r\n", count: 501), "431: a head of more than 1000 bytes"),
    ]

    static let chunks: [Sample] = [
        ("3\r\nabcd\r\n", "a chunk longer than its size"), ("3\r\nabcdefg", "a chunk longer than its size"),
        ("x\r\n", "the size of a chunk is no hexadecimal number"), ("\r\n", "a chunk without a size"),
        ("-1\r\n", "the size of a chunk is no hexadecimal number"), (";a\r\n", "a chunk without a size"),
        ("fffffffffffffffff\r\n", "a chunk of more than \(Int.max) bytes"), ("1\r2\r\n", "a CR or NUL within a line"),
        ("1;" + String(repeating: "a", count: 5000), "a chunk's size with more than 4096 bytes of extensions"),
        ("3\r\nab", "the connection ended in the middle of a message"), ("0\r\na\r\n\r\n", "a header line without"),
        ("0\r\n", "the connection ended in the middle of a message"),
    ].map { Sample.request("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + $0.0, $0.1) }

    static let responses: [Sample] = [
        .response(
            "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nab",
            gives: ["200 '' [Content-Length=2] 1.1 length(2)", "body ab", "end"]),
        .response(
            "HTTP/1.0 299 It is so\r\nA: b\r\n\r\nuntil the end",
            gives: ["299 'It is so' [A=b] 1.0 untilEnd close", "body until the end", "end"]),
        .response("HTTP/1.1 204\r\n\r\n", gives: ["204 '' [] 1.1 none", "end"]),
        .response(
            "HTTP/1.1 304 NM\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", to: "GET",
            "HEAD",
            gives: [
                "304 'NM' [Content-Length=9] 1.1 none", "end", "200 'OK' [Content-Length=9] 1.1 none", "end",
            ]),
        .response(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            gives: [
                "100 'Continue' [] 1.1 untilEnd", "103 'Hints' [A=b] 1.1 untilEnd",
                "200 'OK' [Content-Length=0] 1.1 length(0)",
                "end",
            ]),
        .response(
            "HTTP/1.1 200 OK\r\nA : b\r\nC: d\r\n\te\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            gives: [
                "200 'OK' [A=b|C=d e|Content-Length=7|Transfer-Encoding=chunked] 1.1 chunked "
                    + "(white space after a header name was removed; a folded header line was joined; "
                    + "content length ignored, as the body is chunked)", "end",
            ]),
        .response(
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            gives: ["200 'OK' [Content-Length=1|Content-Length=1] 1.1 length(1)", "body x", "end"]),
        // Longer and shorter than promised.
        .response(
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz",
            gives: [
                "200 'OK' [Content-Length=1] 1.1 length(1)", "body x", "end", "400: 2 bytes that answer no request",
            ]),
        .response(
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxyz",
            gives: [
                "200 'OK' [Content-Length=9] 1.1 length(9)", "body xyz",
                "400: the connection ended in the middle of a message",
            ]),
        .response("", gives: ["400: the connection ended before a response"]),
        .response("HTTP/1.1 200", gives: ["400: the connection ended in the middle of a message"]),
        .response("HTTP/1.1 2000 OK\r\n\r\n", gives: ["400: a response without a status of three digits"]),
        .response("HTTP/1.1\r\n\r\n", gives: ["400: a response without a status of three digits"]),
        .response("SSH-2.0-OpenSSH_9\r\n\r\n", gives: ["400: the first line names no version of HTTP"]),
        .response("\u{16}\u{3}\u{1}\0\n\n", gives: ["400: a CR or NUL within a line of the head"]),
        .response(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n", gives: ["501: a transfer encoding other than chunked"]),
    ]

    @Test("messages in one read, byte by byte, and in random chunks", arguments: requests + chunks + responses)
    func anyChunksGiveTheSame(sample: Sample) {
        let text = Array(sample.text.utf8)
        var random = SplitMix64(seed: UInt64(text.count))
        let whole = Self.read(text, as: sample.role, sizes: { text.count }, methods: sample.methods)
        let isAsExpected =
            sample.expected.count == 1
            ? whole.last?.contains(sample.expected[0]) == true || whole == sample.expected : whole == sample.expected
        #expect(isAsExpected, "\(whole)")
        // How many stray bytes are named depends on the read.
        func settled(_ words: [String]) -> [String] {
            words.map { $0.contains("that answer no request") ? "stray" : $0 }
        }
        let single = Self.read(text, as: sample.role, sizes: { 1 }, methods: sample.methods)
        #expect(settled(single) == settled(whole))
        for _ in 0..<20 {
            let cut = Self.read(text, as: sample.role, sizes: { 1 + random.below(9) }, methods: sample.methods)
            #expect(settled(cut) == settled(whole))
        }
    }

    @Test func valuesThatAreNoTextKeepTheirBytes() throws {
        var reader = HTTPMessageReader(.request)
        var parts: [HTTPMessageReader.Part] = []
        try reader.receive(Array("GET / HTTP/1.1\r\nA: \t".utf8) + [0xE9, 0x20, 0x0D, 0x0A, 0x0D, 0x0A], into: &parts)
        guard case .request(let head, let info) = parts.first else {
            Issue.record("no head")
            return
        }
        #expect(head.fields == [HTTPField("A", "\u{FFFD}")])
        #expect(info.rawValues == [[0xE9]])
    }

    @Test func nothingIsReadAfterAFault() {
        var reader = HTTPMessageReader(.request)
        var parts: [HTTPMessageReader.Part] = []
        #expect(throws: HTTPMessageReader.Failure.self) { try reader.receive(Array("\0\n".utf8), into: &parts) }
        #expect(throws: HTTPMessageReader.Failure.self) {
            try reader.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8), into: &parts)
        }
        #expect(parts.isEmpty)
    }

    @Test("random bytes are never a crash", arguments: 0..<20 as Range<UInt64>)
    func randomBytes(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let pieces = [
            "GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n",
            "\r\n",
            "\n", "\r", "\0", "3\r\nabc\r\n", "0\r\n\r\n", ":", " ", "a", "é", "Connection: close\r\n", "5", ";x",
        ]
        for _ in 0..<300 {
            let text = (0..<random.below(14)).flatMap { _ in Array(pieces[random.below(pieces.count)].utf8) }
            for role in [HTTPMessageReader.Role.request, .response] {
                let whole = Self.read(text, as: role, sizes: { 1000 }, methods: ["GET", "HEAD"])
                let cut = Self.read(text, as: role, sizes: { 1 + random.below(5) }, methods: ["GET", "HEAD"])
                #expect(whole.filter { !$0.contains("answer no") } == cut.filter { !$0.contains("answer no") })
            }
        }
    }
}
