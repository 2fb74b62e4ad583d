/// The id of a JSON-RPC request or response, in the spelling in which it was written.
///
/// Two ids are equal if they are strings that stand for the same bytes (`"a"` and `"\u0061"`: peers escape
/// differently), or if their texts are the same; so `1`, `1.0` and `"1"` are three ids.
public struct MessageID: Hashable, Sendable, CustomStringConvertible {
    /// The JSON text as written, such as `7`, `"a"`, `null` or a number of any length.
    public let text: [UInt8]

    /// Takes a JSON text without white space around it; it is not validated.
    public init(text: [UInt8]) {
        self.text = text
    }

    /// Whether the id is `null`: JSON-RPC's id of an error whose request could not be read; MCP forbids it elsewhere.
    public var isNull: Bool { text == Array("null".utf8) }

    /// The text as written.
    public var description: String { String(decoding: text, as: UTF8.self) }

    /// The text with its escapes resolved if it is a string, else the text itself.
    private var comparable: [UInt8] {
        guard text.count >= 2, text.first == ASCII.quote, text.last == ASCII.quote, text.contains(ASCII.backslash)
        else { return text }
        let contents = text[1..<(text.count - 1)]
        return [ASCII.quote] + JSONString.decode(contents.span) + [ASCII.quote]
    }

    /// Compares as the type's description states.
    public static func == (left: Self, right: Self) -> Bool {
        left.text == right.text || left.comparable == right.comparable
    }

    /// Feeds what `==` compares.
    public func hash(into hasher: inout Hasher) {
        comparable.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
