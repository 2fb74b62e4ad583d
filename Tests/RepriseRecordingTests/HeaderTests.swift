import RepriseRecording
import Testing

/// The first line: what it says, and what is no header.
@Suite struct HeaderTests {
    @Test(arguments: [
        sampleHeader,
        Header(
            start: "", recorder: "é\"\\\n", transport: "http", target: .url("https://a.example/mcp"), redaction: .none),
        Header(
            start: "2026-01-02T03:04:05.5Z", recorder: "r", transport: "stdio", target: .command([]),
            redaction: .rules(name: "default", digest: "abc")),
        Header(start: "s", recorder: "r", transport: "ws", target: .command(["a b", "", "\u{0}😀"]), redaction: .none),
    ])
    func aHeaderComesBack(header: Header) throws {
        let line = lines(of: [], header: header)[0]
        #expect(text(line).hasPrefix(#"{"reprise":1,"start":"#))
        #expect(line.last == 0x0A)
        #expect(line.count { $0 == 0x0A } == 1)
        #expect(try RecordingReader.read(line).header == header)
    }

    @Test func unknownKeysInAHeaderAreIgnored() throws {
        let line = text(lines(of: [])[0]).replacing(#""redaction":"none"}"#, with: #""later":[{}],"redaction":"none"}"#)
        #expect(line.contains("later"))
        #expect(try RecordingReader.read(bytes(line)).header == sampleHeader)
    }

    @Test func anEmptyFileIsNamed() {
        let error = RecordingError(line: 1, reason: .empty)
        #expect(throws: error) { try RecordingReader.read([]) }
        #expect(error.description.contains("empty"))
    }

    static let others = [
        "\n", "{}\n", "{\"reprise\"\n", "[\"reprise\",1]\n", "\"reprise\"\n", "hello\n",
        #"{"start":"x","reprise":1}"# + "\n",
        #"{"jsonrpc":"2.0","id":1,"method":"ping"}"# + "\n" + #"{"jsonrpc":"2.0","id":1,"result":{}}"# + "\n",
        "\u{FEFF}" + #"{"reprise":1}"# + "\n", "\u{7F}ELF\n\n",
    ]

    @Test("another kind of file is no recording", arguments: others)
    func anotherKindOfFileIsNoRecording(file: String) {
        #expect(throws: RecordingError(line: 1, reason: .notARecording)) { try RecordingReader.read(bytes(file)) }
    }

    @Test(arguments: [("2", "2"), ("1.0", "1.0"), ("\"1\"", "\"1\""), ("0", "0")])
    func anotherVersionIsNamed(written: String, named: String) {
        let file = text(lines(of: [])[0]).replacing(#"{"reprise":1,"#, with: #"{"reprise":\#(written),"#)
        let error = RecordingError(line: 1, reason: .unsupportedVersion(named))
        #expect(throws: error) { try RecordingReader.read(bytes(file)) }
        #expect(error.description.contains("version \(named)"))
    }

    @Test(arguments: [
        (#""start":"2026-01-02T03:04:05Z","#, "", "\"start\""),
        (#""recorder":"reprise 0.1""#, #""recorder":1"#, "\"recorder\""),
        (#""transport":"stdio","#, "", "\"transport\""),
        (#""target":{"command":["server","--stdio"]},"#, "", "\"target\""),
        (#"{"command":["server","--stdio"]}"#, "{}", "neither \"command\" nor \"url\""),
        (#"{"command":["server","--stdio"]}"#, "7", "neither \"command\" nor \"url\""),
        (#"{"command":["server","--stdio"]}"#, #"{"command":"server"}"#, "neither \"command\" nor \"url\""),
        (#"["server","--stdio"]"#, #"["server",1]"#, "no text"),
        (#"{"command":["server","--stdio"]}"#, #"{"url":1}"#, "\"url\""),
        (#","redaction":"none""#, "", "\"redaction\""),
        (#""redaction":"none""#, #""redaction":"some""#, "\"rules\""),
        (#""redaction":"none""#, #""redaction":{"rules":"default"}"#, "\"sha256\""),
    ])
    func aHeaderThatLacksSomethingIsNamed(original: String, changed: String, reason: String) {
        let header = text(lines(of: [])[0])
        #expect(header.contains(original))
        #expect {
            try RecordingReader.read(bytes(header.replacing(original, with: changed)))
        } throws: { error in
            guard let error = error as? RecordingError, case .invalid(let what) = error.reason else { return false }
            return error.line == 1 && what.contains(reason)
        }
    }

    @Test func aHeaderWithoutItsLineFeedIsTorn() {
        let line = lines(of: [])[0].dropLast()
        #expect(throws: RecordingError(line: 1, reason: .invalid("the header is torn: it has no line feed"))) {
            try RecordingReader.read(Array(line))
        }
    }
}
