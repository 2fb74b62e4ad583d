import MCPWire
import Testing
import MCPCore

@testable import RepriseRedaction

@Suite struct StructureTests {
    @Test("bytes outside of secrets stay as they were: duplicates, spellings, order and white space")
    func otherBytesAreUntouched() throws {
        var redactor = try Redactor.standard()
        let before = "\t{ \"b\":1.0e+2 ,\"a\" :[ -0, 1E400,\"\\u00e9\\/\\n\" ],\"a\":null, \"token\" : \"x\\u0041-"
        let after = "\" ,\"d\":\"\u{7F} \u{2028} 😀 \\ud83d\\ude00 \\ud800\",\"a\":{}  } \r\n"
        let json = before + "secret" + after
        let result = redactor.redact(json: Array(json.utf8))
        let expected =
            "\t{ \"b\":1.0e+2 ,\"a\" :[ -0, 1E400,\"\\u00e9\\/\\n\" ],\"a\":null, \"token\" : \"reprise-secret-1"
            + after
        #expect(String(decoding: result.bytes, as: UTF8.self) == expected)
        let clean = json.replacing("token", with: "other")
        #expect(redactor.json(clean) == clean.replacing("x\\u0041-secret", with: "reprise-secret-1"))
    }

    @Test func onlyTheSecretPartOfAStringIsRewritten() throws {
        var redactor = try Redactor.standard()
        #expect(
            redactor.json(#"{"a":"\u0061\/\n password=gr\u0065y-goose1 \u0061\/\n\ud83d\ude00"}"#)
                == #"{"a":"\u0061\/\n password=reprise-secret-1 \u0061\/\n\ud83d\ude00"}"#)
    }

    @Test("S-179: JSON in strings is followed, two deep and deeper, and stays JSON")
    func nestedJSONIsFollowed() throws {
        var json = #"{"a":[1.0,"x"],"password":"grey\/goose","progressToken":"abc-def-123"}"#
        for _ in 0..<6 { json = "{\"text\": \(quoted(json))}" }
        var redactor = try Redactor.standard()
        let result = redactor.redact(json: Array(json.utf8))
        #expect(String(decoding: result.bytes, as: UTF8.self).contains("reprise-secret-1"))
        var strings = try decodedStrings(of: result.bytes)
        #expect(strings.count == 18)
        #expect(strings.removeLast() == "abc-def-123")
        #expect(strings[15] == "reprise-secret-1")
        #expect(!strings.contains { $0.contains("goose") })
    }

    @Test func nestingBeyondTheLimitIsText() throws {
        var json = #"{"password":"grey-goose"}"#
        // Only the innermost level pays for escapes of escapes: a list of lists in a string each.
        for _ in 0..<3 { json = "[\(quoted(json))]" }
        var redactor = try Redactor.standard()
        let found = redactor.findings(in: try JSONDocument(Array(json.utf8)), level: Redactor.nestingMax - 1)
        #expect(found.isEmpty)
        let shallow = redactor.findings(in: try JSONDocument(Array(json.utf8)), level: 0)
        #expect(shallow.count == 1)
    }

    @Test func malformedJSONIsReadAsTextWithItsEscapes() throws {
        var redactor = try Redactor.standard()
        #expect(
            redactor.json(#"{"password": "\u0067rey\/goose", "#) == #"{"password": "reprise-secret-1", "#)
        #expect(
            redactor.line(#"{"x":"{\"api_key\":\"grey/goose\"}",,}"#)
                == #"{"x":"{\"api_key\":\"reprise-secret-1\"}",,}"#)
        #expect(redactor.line(#"\u0070assword=grey\/goose"#) == #"\u0070assword=reprise-secret-1"#)
    }

    @Test func editsMapOffsetsAndPlaceholdersNameTheirPlaces() throws {
        var redactor = try Redactor.standard()
        let json = Array(#"{"token":"grey-goose","pin":12345,"x":"token=\u0067rey-goose;"}"#.utf8)
        let result = redactor.redact(json: json)
        #expect(result.placeholders.count == 3 && result.edits.count == 3)
        for (placeholder, edit) in zip(result.placeholders, result.edits) {
            #expect(result.bytes[placeholder].starts(with: "reprise-secret-".utf8))
            #expect(result.offset(ofSource: edit.source.upperBound) >= placeholder.upperBound)
            #expect(result.offset(ofSource: edit.source.lowerBound) <= placeholder.lowerBound)
        }
        #expect(result.offset(ofSource: 0) == 0)
        #expect(result.offset(ofSource: json.count) == result.bytes.count)
        let offsets = (0...json.count).map { result.offset(ofSource: $0) }
        #expect(offsets == offsets.sorted())
    }

    @Test func hugeAndEmptyStringsAreFine() throws {
        var redactor = try Redactor.standard()
        let long = String(repeating: "goose", count: 100_000)
        #expect(redactor.json("{\"a\":\"\(long)\",\"\":\"\"}") == "{\"a\":\"\(long)\",\"\":\"\"}")
        #expect(redactor.json("{\"token\":\"\(long)\"}") == #"{"token":"reprise-secret-1"}"#)
        #expect(redactor.json("\"<\(long)>\"") == "\"<reprise-secret-1>\"")
        for scalar in ["0", "\"\"", "null", "[]", "{}", " [ ] "] { #expect(redactor.json(scalar) == scalar) }
        let deep = String(repeating: "[", count: 1_000) + "\"token=goose-77\"" + String(repeating: "]", count: 1_000)
        #expect(redactor.json(deep) == deep.replacing("goose-77", with: "reprise-secret-2"))
        let tooDeep = String(repeating: "[", count: 5_000) + "\"token=goose-77\"" + String(repeating: "]", count: 5_000)
        #expect(redactor.json(tooDeep) == tooDeep.replacing("goose-77", with: "reprise-secret-2"))
    }

    @Test func bytesThatAreNoUTF8DoNotCrash() throws {
        var generator = SplitMix64(seed: 11)
        var redactor = try Redactor(rules: RedactionRules(parsing: "pattern any [é-ü]{3}x"))
        for _ in 0..<300 {
            let bytes = (0..<Int(generator.next() % 80)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            let result = redactor.redact(text: Array("token=".utf8) + bytes, stream: 2)
            #expect(result.edits.count == result.placeholders.count)
        }
    }
}
