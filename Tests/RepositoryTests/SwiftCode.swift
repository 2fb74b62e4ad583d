/// Swift source as the checks look at it: bytes with comments and string contents blanked out, and the tokens in them.
///
/// Blanking keeps every offset and every line where it was. Code in an interpolation stays. A regular expression
/// literal is not recognised; the code base has none.
struct SwiftCode: Sendable {
    struct Token: Equatable, Sendable {
        var text: String
        var line: Int
        var offset: Int
    }

    let bytes: [UInt8]
    let tokens: [Token]

    init(_ text: String) {
        var blanker = Blanker(Array(text.utf8))
        blanker.run()
        bytes = blanker.output
        tokens = Self.tokens(of: bytes)
    }

    /// Words, and every other visible byte by itself.
    private static func tokens(of bytes: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var line = 1
        var index = 0
        while index < bytes.count {
            let start = index
            if isWord(bytes[index]) {
                while index < bytes.count, isWord(bytes[index]) { index += 1 }
            } else {
                index += 1
                if bytes[start] == UInt8(ascii: "\n") { line += 1 }
                if bytes[start] <= UInt8(ascii: " ") { continue }
            }
            tokens.append(Token(text: String(decoding: bytes[start..<index], as: UTF8.self), line: line, offset: start))
        }
        return tokens
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
            true
        default: false
        }
    }

    /// How many spaces the line begins with on which a token stands.
    func indentation(of token: Token) -> Int {
        let start = bytes[..<token.offset].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return bytes[start...].prefix { $0 == UInt8(ascii: " ") }.count
    }

    /// The index of the token that closes the bracket at `open`, if there is one.
    func closing(_ open: Int) -> Int? {
        var depth = 0
        for index in open..<tokens.count {
            switch tokens[index].text {
            case "(", "[", "{": depth += 1
            case ")", "]", "}":
                depth -= 1
                if depth == 0 { return index }
            default: continue
            }
        }
        return nil
    }
}

/// Copies source text with spaces in place of what is inside comments and string literals.
private struct Blanker {
    let input: [UInt8]
    var output: [UInt8]
    var index = 0

    init(_ input: [UInt8]) {
        self.input = input
        output = input
    }

    mutating func run() {
        while index < input.count { code() }
    }

    private func starts(with text: StaticString) -> Bool {
        guard index + text.utf8CodeUnitCount <= input.count else { return false }
        return text.withUTF8Buffer { expected in
            expected.indices.allSatisfy { input[index + $0] == expected[$0] }
        }
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where index < input.count {
            if input[index] != UInt8(ascii: "\n") { output[index] = UInt8(ascii: " ") }
            index += 1
        }
    }

    /// One step in code: a comment, a string literal, or one byte.
    private mutating func code() {
        let byte = input[index]
        guard byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "#") else {
            index += 1
            return
        }
        if starts(with: "//") {
            while index < input.count, input[index] != UInt8(ascii: "\n") { blank() }
        } else if starts(with: "/*") {
            comment()
        } else if starts(with: "\"") || starts(with: "#\"") || starts(with: "##") {
            string()
        } else {
            index += 1
        }
    }

    private mutating func comment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                blank(2)
            } else if starts(with: "*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && index < input.count
    }

    private mutating func string() {
        var pounds = 0
        while starts(with: "#") {
            pounds += 1
            index += 1
        }
        guard starts(with: "\"") else { return }
        let quotes = starts(with: "\"\"\"") ? 3 : 1
        index += quotes
        while index < input.count {
            if has(quotes: quotes, pounds: pounds) {
                index += quotes + pounds
                return
            }
            if quotes == 1, input[index] == UInt8(ascii: "\n") { return }
            if escapes(pounds: pounds) {
                blank(1 + pounds)
                if starts(with: "(") { interpolation() } else { blank() }
            } else {
                blank()
            }
        }
    }

    private mutating func interpolation() {
        var depth = 0
        repeat {
            if starts(with: "(") { depth += 1 }
            if starts(with: ")") { depth -= 1 }
            code()
        } while depth > 0 && index < input.count
    }

    private func has(quotes: Int, pounds: Int) -> Bool {
        let end = index + quotes + pounds
        guard end <= input.count else { return false }
        return input[index..<index + quotes].allSatisfy { $0 == UInt8(ascii: "\"") }
            && input[(index + quotes)..<end].allSatisfy { $0 == UInt8(ascii: "#") }
    }

    private func escapes(pounds: Int) -> Bool {
        let end = index + 1 + pounds
        guard end <= input.count, input[index] == UInt8(ascii: "\\") else { return false }
        return input[(index + 1)..<end].allSatisfy { $0 == UInt8(ascii: "#") }
    }
}
