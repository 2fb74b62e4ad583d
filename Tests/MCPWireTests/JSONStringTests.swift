import Testing
import MCPCore

@testable import MCPWire

@Suite struct JSONStringTests {
    @Test func decodesEveryEscape() {
        let table: [(String, [UInt8])] = [
            ("", []), ("abc", bytes("abc")), (#"\"\\\/\b\f\n\r\t"#, [0x22, 0x5C, 0x2F, 8, 0x0C, 0x0A, 0x0D, 0x09]),
            (#"\u0000\u007f\u0080\u07ff\u0800\uffff"#, bytes("\u{0}\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}")),
            (#"a\ud83d\ude00b"#, bytes("a\u{1F600}b")), (#"\uDBFF\uDFFF"#, bytes("\u{10FFFF}")),
            (#"\ud83d"#, [0xED, 0xA0, 0xBD]), (#"\ude00\ud83d"#, [0xED, 0xB8, 0x80, 0xED, 0xA0, 0xBD]),
            (#"\ud83d\ud83d\ude00"#, [0xED, 0xA0, 0xBD] + bytes("\u{1F600}")),
            (#"\ude00\ude00"#, [0xED, 0xB8, 0x80, 0xED, 0xB8, 0x80]),
            (#"\ud83dé"#, [0xED, 0xA0, 0xBD] + bytes("é")),
        ]
        for (contents, expected) in table { #expect(decode(bytes(contents)) == expected, "\(contents)") }
    }

    @Test func copiesWhatIsNoEscape() {
        for contents in [#"\"#, #"\x"#, #"\u12"#, #"\u12g4"#, #"\ud83d\u12"#] {
            let decoded = decode(bytes(contents))
            #expect(decoded == bytes(contents) || decoded.starts(with: [0xED, 0xA0, 0xBD]), "\(contents)")
        }
    }

    @Test func mapsDecodedBytesToTheirSource() {
        let contents = bytes(#"aé\n\ud83d\ude00\u00e9z"#)
        let mapped = JSONString.decodeMapped(contents.span)
        #expect(mapped.bytes == bytes("aé\n\u{1F600}\u{E9}z"))
        #expect(mapped.source == [0, 1, 2, 3, 5, 5, 5, 5, 17, 17, 23, 24])
        let empty: [UInt8] = []
        #expect(JSONString.decodeMapped(empty.span).source == [0])
    }

    @Test func encodesWithTheFewestEscapes() {
        let table: [([UInt8], String)] = [
            ([], #""""#), (bytes("a/é\u{2028}\u{7F}\u{1F600}"), "\"a/é\u{2028}\u{7F}\u{1F600}\""),
            ([0x22, 0x5C, 8, 0x0C, 0x0A, 0x0D, 0x09], #""\"\\\b\f\n\r\t""#), ([0, 0x1F], #""\u0000\u001f""#),
            ([0x61, 0xED, 0xA0, 0xBD, 0x62], #""a\ud83db""#), ([0xED, 0xBF, 0xBF], #""\udfff""#),
            ([0xFF, 0x61, 0xC3], "\"\u{FFFD}a\u{FFFD}\""), ([0xED, 0xA0], "\"\u{FFFD}\u{FFFD}\""),
        ]
        for (decoded, expected) in table { #expect(encode(decoded) == bytes(expected), "\(expected)") }
        var output = bytes("x")
        JSONString.encode("a\n", into: &output)
        #expect(output == bytes("x\"a\\n\""))
    }

    @Test func decodingWhatWasEncodedGivesTheSameBytes() throws {
        var random = SplitMix64(seed: 1)
        let atoms: [[UInt8]] =
            (0..<0x80).map { [UInt8($0)] }
            + ["é", "\u{7FF}", "\u{800}", "\u{FFFF}", "\u{1F600}", "\u{10FFFF}"].map { bytes($0) }
            + [[0xED, 0xA0, 0x80, 0x20], [0xED, 0xAF, 0xBF, 0x20], [0xED, 0xB0, 0x80], [0xED, 0xBF, 0xBF]]
        for _ in 0..<2_000 {
            let decoded = (0..<random.below(24)).flatMap { _ in atoms[random.below(atoms.count)] }
            let written = encode(decoded)
            let document = try JSONDocument(written)
            #expect(document.summary.kind == .string)
            #expect(document.string(at: 0) == decoded)
            let contents = Array(written[1..<(written.count - 1)])
            let mapped = JSONString.decodeMapped(contents.span)
            #expect(mapped.bytes == decoded)
            #expect(mapped.source.count == decoded.count + 1)
            #expect(mapped.source == mapped.source.sorted())
        }
    }

    private func decode(_ contents: [UInt8]) -> [UInt8] { JSONString.decode(contents.span) }

    private func encode(_ decoded: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        JSONString.encode(decoded.span, into: &output)
        return output
    }
}
