@testable import MCPWire

/// Texts that exercise every production of RFC 8259, and texts that break each of them.
enum JSONSamples {
    /// Accepted by every parser that follows RFC 8259.
    static let valid: [String] = [
        "{}", "[]", "[[]]", "[{}]", "{\"a\":[]}", "\"\"", "0", "-0", "-1", "1.5", "1e9", "1E+9", "1e-9", "0.0e0",
        "true", "false", "null", " \t\r\n1\r\n", "[1,2 , 3]", "{ \"a\" : 1 , \"b\":2 }", "{\"a\":1,\"a\":2}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\\uFFFF\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"",
        "\"\\ude00\\ud83d\"", "\"\\ud83d\\ud83d\\ude00\"", "\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\"",
        "\"0123456\u{E9}\"", "\"01234567\u{20AC}89abcdef\u{1F600}\"", "[true,false,null,\"x\",-12.5e-3]",
        "123456789012345678901234567890.123456789e1234567890",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":{\"t\":\"\\u00e9\u{E9}\"}}}",
        "{\"\":{\"\":{\"\":[[[[{}]]]]}}}", "[\"a\\\\\",\"b\\\"\"]",
    ]

    /// Refused, each with the offset and the reason.
    static let invalid: [(text: [UInt8], error: JSONError)] = [
        ([], JSONError(offset: 0, reason: .empty)),
        (Array(" \r\n\t".utf8), JSONError(offset: 4, reason: .empty)),
        ([0xEF, 0xBB, 0xBF, 0x7B, 0x7D], JSONError(offset: 0, reason: .unexpectedByte(0xEF))),
        (Array("[1 2]".utf8), JSONError(offset: 3, reason: .unexpectedByte(0x32))),
        (Array("[1,]".utf8), JSONError(offset: 3, reason: .unexpectedByte(0x5D))),
        (Array("[,1]".utf8), JSONError(offset: 1, reason: .unexpectedByte(0x2C))),
        (Array("[1}".utf8), JSONError(offset: 2, reason: .unexpectedByte(0x7D))),
        (Array("{]".utf8), JSONError(offset: 1, reason: .unexpectedByte(0x5D))),
        (Array("{\"a\":1,}".utf8), JSONError(offset: 7, reason: .unexpectedByte(0x7D))),
        (Array("{\"a\" 1}".utf8), JSONError(offset: 5, reason: .unexpectedByte(0x31))),
        (Array("{1:2}".utf8), JSONError(offset: 1, reason: .unexpectedByte(0x31))),
        (Array("[1\u{B}]".utf8), JSONError(offset: 2, reason: .unexpectedByte(0x0B))),
        (Array("[1".utf8), JSONError(offset: 2, reason: .unexpectedEnd)),
        (Array("{\"a\":".utf8), JSONError(offset: 5, reason: .unexpectedEnd)),
        (Array("\"abc".utf8), JSONError(offset: 4, reason: .unexpectedEnd)),
        (Array("\"abc\\".utf8), JSONError(offset: 5, reason: .unexpectedEnd)),
        (Array("tru".utf8), JSONError(offset: 3, reason: .unexpectedEnd)),
        (Array("truE".utf8), JSONError(offset: 3, reason: .unexpectedByte(0x45))),
        (Array("nullx".utf8), JSONError(offset: 4, reason: .trailingBytes)),
        (Array("1 1".utf8), JSONError(offset: 2, reason: .trailingBytes)),
        (Array("{}\u{0}".utf8), JSONError(offset: 2, reason: .trailingBytes)),
        (Array("01".utf8), JSONError(offset: 1, reason: .invalidNumber)),
        (Array("[-]".utf8), JSONError(offset: 2, reason: .invalidNumber)),
        (Array("[1.]".utf8), JSONError(offset: 3, reason: .invalidNumber)),
        (Array("[1.5e+]".utf8), JSONError(offset: 6, reason: .invalidNumber)),
        (Array("+1".utf8), JSONError(offset: 0, reason: .unexpectedByte(0x2B))),
        (Array(".5".utf8), JSONError(offset: 0, reason: .unexpectedByte(0x2E))),
        (Array("NaN".utf8), JSONError(offset: 0, reason: .unexpectedByte(0x4E))),
        (Array("\"a\nb\"".utf8), JSONError(offset: 2, reason: .controlCharacter(0x0A))),
        (Array("\"0123456789\u{0}\"".utf8), JSONError(offset: 11, reason: .controlCharacter(0))),
        (Array("\"a\\x\"".utf8), JSONError(offset: 2, reason: .invalidEscape)),
        (Array("\"a\\u12g4\"".utf8), JSONError(offset: 2, reason: .invalidEscape)),
        (Array("\"\\ud83d\\u12g4\"".utf8), JSONError(offset: 7, reason: .invalidEscape)),
        (Array("'a'".utf8), JSONError(offset: 0, reason: .unexpectedByte(0x27))),
        ([0x22, 0x61, 0xFF, 0x22], JSONError(offset: 2, reason: .invalidUTF8)),
        ([0x22, 0xC0, 0x80, 0x22], JSONError(offset: 1, reason: .invalidUTF8)),
        ([0x22, 0xE0, 0x9F, 0xBF, 0x22], JSONError(offset: 1, reason: .invalidUTF8)),
        ([0x22, 0xED, 0xA0, 0x80, 0x22], JSONError(offset: 1, reason: .invalidUTF8)),
        ([0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22], JSONError(offset: 1, reason: .invalidUTF8)),
        ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], JSONError(offset: 1, reason: .invalidUTF8)),
        ([0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], JSONError(offset: 1, reason: .invalidUTF8)),
        ([0x22, 0xE2, 0x82, 0x22], JSONError(offset: 1, reason: .invalidUTF8)),
        ([0x22, 0xE2, 0x82], JSONError(offset: 3, reason: .unexpectedEnd)),
    ]
}

/// The bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The scanner's summary of a text, or its error.
func summary(
    _ bytes: [UInt8], depthMax: Int = JSONScanner.depthMaxDefault
) -> Result<JSONSummary, JSONError> {
    do throws(JSONError) {
        return .success(try JSONScanner.summary(of: bytes.span, depthMax: depthMax))
    } catch {
        return .failure(error)
    }
}

/// The document's summary of a text, or its error.
func documentSummary(
    _ bytes: [UInt8], depthMax: Int = JSONScanner.depthMaxDefault
) -> Result<JSONSummary, JSONError> {
    do throws(JSONError) {
        return .success(try JSONDocument(bytes, depthMax: depthMax).summary)
    } catch {
        return .failure(error)
    }
}

extension Result {
    /// Whether it is a success, without looking at the value.
    var isSuccess: Bool {
        if case .success = self { true } else { false }
    }
}
