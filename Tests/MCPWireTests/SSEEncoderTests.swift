import MCPWire
import Testing
import MCPCore

@Suite struct SSEEncoderTests {
    @Test func writesOneFieldALine() throws {
        let written = try SSEEncoder.encode(
            data: bytes("1\n2"), type: "e", id: "7", retryMilliseconds: 3000, comments: ["ping", ""])
        #expect(written == bytes(": ping\n: \nevent: e\nid: 7\nretry: 3000\ndata: 1\ndata: 2\n\n"))
        #expect(try SSEEncoder.encode() == bytes("\n"))
        #expect(try SSEEncoder.encode(data: []) == bytes("data: \n\n"))
    }

    @Test func refusesWhatALineCannotCarry() {
        let table: [(SSEEncodingError, () throws -> [UInt8])] = [
            (.lineBreak(field: "type"), { try SSEEncoder.encode(type: "a\nb") }),
            (.lineBreak(field: "type"), { try SSEEncoder.encode(type: "a\r\nb") }),
            (.null(field: "type"), { try SSEEncoder.encode(type: "\u{0}") }),
            (.lineBreak(field: "id"), { try SSEEncoder.encode(id: "\r") }),
            (.null(field: "id"), { try SSEEncoder.encode(id: "a\u{0}") }),
            (.lineBreak(field: "comment"), { try SSEEncoder.encode(comments: ["x", "a\n"]) }),
            (.lineBreak(field: "data"), { try SSEEncoder.encode(data: bytes("a\rb")) }),
            (.negativeRetry(-1), { try SSEEncoder.encode(retryMilliseconds: -1) }),
        ]
        for (error, encode) in table { #expect(throws: error) { try encode() } }
    }

    @Test(arguments: 0..<300)
    func decodingWhatWasEncodedGivesTheSameParts(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        func text() -> String {
            let atoms = ["a", ":", " ", "\u{FEFF}", "\u{E9}", "\u{1F600}", "data", "\t", "\\"]
            return (0..<random.below(6)).map { _ in atoms[random.below(atoms.count)] }.joined()
        }
        let data =
            random.below(4) == 0
            ? nil : (0..<random.below(20)).map { _ in [0x0A, 0x20, 0x3A, 0, 0x61, 0xFF][random.below(6)] }
        let type = random.below(2) == 0 ? nil : text()
        let id = random.below(2) == 0 ? nil : text()
        let retry = random.below(2) == 0 ? nil : random.below(100_000)
        let comments = (0..<random.below(3)).map { _ in text() }
        let written = try SSEEncoder.encode(
            data: data?.map { UInt8($0) }, type: type, id: id, retryMilliseconds: retry, comments: comments)
        let frames = FramingVerifier { SSEDecoder() }.verify(written, seed: UInt64(seed))
        var expected = SSEFrame(bytes: written, end: .blankLine)
        expected.comments = comments
        expected.id = id
        expected.retryMilliseconds = retry
        expected.event = data.map { data in
            SSEEvent(
                type: type.flatMap { $0.isEmpty ? nil : $0 } ?? "message", data: data.map { UInt8($0) },
                lastEventID: id ?? "")
        }
        #expect(frames == [expected])
    }
}
