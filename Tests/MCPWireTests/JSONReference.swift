/// RFC 8259 as a recursive recogniser in the grammar's own words: slow, and only yes or no.
///
/// Written apart from the scanner so that the two can be compared; limited to shallow inputs by its recursion.
struct JSONReference {
    private let text: [UInt8]
    private var index = 0

    static func accepts(_ text: [UInt8]) -> Bool {
        var reader = JSONReference(text: text)
        reader.space()
        guard reader.value() else { return false }
        reader.space()
        return reader.index == text.count
    }

    private init(text: [UInt8]) {
        self.text = text
    }

    private var byte: UInt8? { index < text.count ? text[index] : nil }

    private mutating func eat(_ expected: Character) -> Bool {
        guard byte == expected.asciiValue else { return false }
        index += 1
        return true
    }

    private mutating func eat(anyOf expected: String) -> Bool {
        guard let byte, expected.utf8.contains(byte) else { return false }
        index += 1
        return true
    }

    private mutating func space() {
        while eat(anyOf: " \t\r\n") {}
    }

    private mutating func value() -> Bool {
        for word in ["true", "false", "null"] where text[index...].starts(with: word.utf8) {
            index += word.utf8.count
            return true
        }
        if byte == UInt8(ascii: "\"") { return string() }
        if eat("[") { return list("]") { $0.value() } }
        if eat("{") {
            return list("}") { reader in
                guard reader.string() else { return false }
                reader.space()
                guard reader.eat(":") else { return false }
                reader.space()
                return reader.value()
            }
        }
        return number()
    }

    private mutating func list(_ close: Character, _ element: (inout Self) -> Bool) -> Bool {
        space()
        if eat(close) { return true }
        repeat {
            space()
            guard element(&self) else { return false }
            space()
        } while eat(",")
        return eat(close)
    }

    private mutating func digits() -> Bool {
        guard eat(anyOf: "0123456789") else { return false }
        while eat(anyOf: "0123456789") {}
        return true
    }

    private mutating func number() -> Bool {
        _ = eat("-")
        if !eat("0"), !digits() { return false }
        if eat("."), !digits() { return false }
        if eat(anyOf: "eE") {
            _ = eat(anyOf: "+-")
            return digits()
        }
        return true
    }

    private mutating func string() -> Bool {
        guard eat("\"") else { return false }
        let start = index
        while let byte, byte != UInt8(ascii: "\"") {
            if byte < 0x20 { return false }
            index += 1
            if byte == UInt8(ascii: "\\") {
                if eat("u") {
                    for _ in 0..<4 where !eat(anyOf: "0123456789abcdefABCDEF") { return false }
                } else if !eat(anyOf: "\"\\/bfnrt") {
                    return false
                }
            }
        }
        let contents = text[start..<index]
        return eat("\"") && String(validating: contents, as: UTF8.self) != nil
    }
}
