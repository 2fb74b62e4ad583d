import MCPWire
import MCPCore

@testable import RepriseRedaction

extension SplitMix64 {
    /// Letters and digits, with at least one of each.
    mutating func secret(byteCount: Int) -> String {
        let letters = Array("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789")
        let body = (0..<(byteCount - 2)).map { _ in letters[Int(next() % UInt64(letters.count))] }
        return "q" + String(body) + "7"
    }
}

extension Redactor {
    static func standard() throws -> Redactor { try Redactor(rules: .standard) }

    mutating func json(_ text: String) -> String {
        String(decoding: redact(json: Array(text.utf8)).bytes, as: UTF8.self)
    }

    mutating func line(_ text: String, stream: Int = 2) -> String {
        String(decoding: redact(text: Array(text.utf8), stream: stream).bytes, as: UTF8.self)
    }
}

/// Every string of a JSON text, keys included, decoded, and those of JSON within strings.
func decodedStrings(of json: [UInt8]) throws -> [String] {
    let document = try JSONDocument(json)
    var strings: [String] = []
    for index in document.nodes.indices where document.nodes[index].kind == .string {
        let bytes = document.string(at: index)
        strings.append(String(decoding: bytes, as: UTF8.self))
        if bytes.first == UInt8(ascii: "{") || bytes.first == UInt8(ascii: "["),
            let inner = try? decodedStrings(of: bytes)
        {
            strings += inner
        }
    }
    return strings
}

/// `text` as a JSON string, with every character escaped as `\uXXXX`.
func fullyEscaped(_ text: String) -> String {
    "\""
        + text.utf16.map {
            "\\u" + String(repeating: "0", count: 4 - String($0, radix: 16).count) + String($0, radix: 16)
        }
        .joined() + "\""
}

/// `text` as a JSON string with the escapes that are needed.
func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    JSONString.encode(text, into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

/// A token of three parts with this payload and signature.
func token(payload: String, signature: String) -> String {
    func part(_ text: String) -> String { String(decoding: Base64URL.encoded(Array(text.utf8)), as: UTF8.self) }
    return part(#"{"alg":"HS256","typ":"JWT"}"#) + "." + part(payload) + "." + signature
}
