import RepriseRecording

/// Tells values that can be secrets from words, paths and the like.
enum SecretValues {
    /// Words that stand where a secret would, in schemas, source code and documentation.
    static let trivial: Set<String> = [
        "none", "null", "nil", "true", "false", "undefined", "string", "str", "number", "integer", "boolean", "object",
        "required", "optional", "password", "secret", "token", "bearer", "basic", "example", "changeme", "redacted",
        "hidden", "missing", "invalid", "expired", "empty", "default", "unset", "text", "self", "this", "api_key",
        "apikey",
        "aws4-hmac-sha256", "digest", "negotiate", "ntlm",
    ]

    /// Words of the protocol and of schemas: replaced at a secret's place, but not sought elsewhere.
    static let vocabulary: Set<String> = [
        "password", "username", "undefined", "required", "optional", "redacted", "changeme", "disabled",
        "authorization",
        "credentials", "resources", "templates", "arguments", "initialize", "initialized", "notifications",
        "completion",
        "elicitation", "capabilities", "protocolversion", "clientinfo", "serverinfo", "inputschema", "outputschema",
        "description", "properties", "additionalproperties", "structuredcontent", "progresstoken", "maxtokens",
        "nextcursor", "assistant", "localhost", "127.0.0.1", "production", "development", "application/json",
        "text/plain", "client_credentials", "authorization_code", "refresh_token", "access_token", "anonymous",
        "everything", "disallowed",
    ]

    /// Whether bytes are a placeholder already, alone or as the signature of a JWT-shaped one.
    static func isPlaceholder(_ value: some BidirectionalCollection<UInt8>) -> Bool {
        guard let start = placeholderStart(value) else { return false }
        let head = value[..<start]
        return head.isEmpty || head.last == UInt8(ascii: ".") && head.filter { $0 == UInt8(ascii: ".") }.count == 2
    }

    static func endsInPlaceholder(_ text: some BidirectionalCollection<UInt8>) -> Bool { placeholderStart(text) != nil }

    /// Where the placeholder begins that a text ends in.
    private static func placeholderStart<Text: BidirectionalCollection<UInt8>>(_ value: Text) -> Text.Index? {
        var digitCount = 0
        var end = value.endIndex
        while end > value.startIndex {
            let before = value.index(before: end)
            guard value[before] >= 0x30, value[before] <= 0x39 else { break }
            digitCount += 1
            end = before
        }
        let head = value[..<end]
        guard digitCount > 0, head.suffix(Placeholder.prefix.count).elementsEqual(Placeholder.prefix) else {
            return nil
        }
        return value.index(end, offsetBy: -Placeholder.prefix.count)
    }

    /// Whether a learnt value is worth looking for in other texts.
    static func isSought(_ value: [UInt8]) -> Bool {
        guard value.count >= SecretIndex.windowByteCount else { return false }
        guard value.count <= 24 else { return true }
        if value.dropFirst().allSatisfy({ $0 == value[0] }) { return false }
        return !vocabulary.contains(lowercased(value))
    }

    /// Whether a value is a path, a locale, a number or a plain address: no secret whatever its variable is called.
    static func looksPlain(_ value: [UInt8]) -> Bool {
        guard let first = value.first else { return true }
        if first == UInt8(ascii: "/") || first == UInt8(ascii: "~") || first == UInt8(ascii: ".") { return true }
        if value.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2E || $0 == 0x2C || $0 == 0x2D || $0 == 0x3A }) {
            return true
        }
        let text = lowercased(value)
        if text.hasSuffix(".utf-8") || text.hasSuffix(".utf8") || vocabulary.contains(text) || trivial.contains(text) {
            return true
        }
        if value.count > 2, value[1] == UInt8(ascii: ":"), value[2] == UInt8(ascii: "\\") { return true }
        let isAddress = text.hasPrefix("http://") || text.hasPrefix("https://") || text.hasPrefix("unix:")
        return isAddress && !value.contains(UInt8(ascii: "@")) && !value.contains(UInt8(ascii: "?"))
    }

    /// Whether a value of a secret's name in free text is more than a word of a sentence or of source code.
    static func isPlausible(_ value: ArraySlice<UInt8>, isAssigned: Bool) -> Bool {
        guard value.count >= 4, !standsForAnother(value) else { return false }
        if isAssigned { return true }
        let hasDigit = value.contains { $0 >= 0x30 && $0 <= 0x39 }
        let hasSign = value.contains { $0 < 0x30 && $0 != 0x2D && $0 != 0x2E && $0 != 0x2F || $0 == 0x40 }
        return value.count >= 6 && (hasDigit || hasSign) || value.count >= 20
    }

    /// Whether a value is a word or a reference where a secret would be, or one byte over and over.
    static func standsForAnother(_ value: ArraySlice<UInt8>) -> Bool {
        if isReference(value) || value.allSatisfy({ $0 == value.first }) { return true }
        guard value.count <= 64 else { return false }
        let word = lowercased(value)
        return trivial.contains(word) || word.hasPrefix("os.") || word.hasPrefix("process.env")
    }

    /// Whether a value names a secret without being one: `${NAME}`, `$(command)`, `$NAME`, `<your token>`, `{{name}}`.
    private static func isReference(_ value: ArraySlice<UInt8>) -> Bool {
        if value.first == UInt8(ascii: "<") { return value.last == UInt8(ascii: ">") }
        if value.starts(with: [UInt8(ascii: "{"), UInt8(ascii: "{")]) { return true }
        guard value.first == UInt8(ascii: "$"), let second = value.dropFirst().first else { return false }
        if second == UInt8(ascii: "{") || second == UInt8(ascii: "(") { return true }
        return value.dropFirst().allSatisfy {
            $0 >= 0x41 && $0 <= 0x5A || $0 >= 0x30 && $0 <= 0x39 || $0 == UInt8(ascii: "_")
        }
    }

    /// Where the secret of an `Authorization` value begins: behind the scheme's word and its spaces, or at 0.
    static func credentialOffset(in value: [UInt8], anyPosition: Bool) -> Int {
        guard let space = value.firstIndex(of: 0x20), space > 0, space <= 20 else { return 0 }
        let schemes: Set<String> =
            anyPosition
            ? ["bearer", "basic"]
            : [
                "bearer", "basic", "token", "digest", "negotiate", "apikey", "api-key", "dpop", "hawk", "ntlm", "key",
                "aws4-hmac-sha256", "sharedkey", "mac", "gnap", "privatetoken", "oauth",
            ]
        guard schemes.contains(lowercased(value[..<space])) else { return 0 }
        let credential = value[space...].firstIndex { $0 != 0x20 }
        return credential ?? 0
    }

    /// The places of the values in a `Cookie` (every pair) or `Set-Cookie` (the first pair) text.
    static func cookieValues(in value: ArraySlice<UInt8>, isSet: Bool) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var start = value.startIndex
        while start < value.endIndex {
            let end = value[start...].firstIndex(of: UInt8(ascii: ";")) ?? value.endIndex
            if let equals = value[start..<end].firstIndex(of: UInt8(ascii: "=")) {
                let range = trimmed(value, (equals + 1)..<end)
                if !range.isEmpty { found.append(range) }
            } else if start == value.startIndex {
                let range = trimmed(value, start..<end)
                if !range.isEmpty { found.append(range) }
            }
            if isSet { break }
            start = end + 1
        }
        return found
    }

    /// The range without white space and quotes at its ends.
    static func trimmed(_ bytes: ArraySlice<UInt8>, _ range: Range<Int>) -> Range<Int> {
        func isOuter(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == UInt8(ascii: "\"") }
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, isOuter(bytes[lower]) { lower += 1 }
        while upper > lower, isOuter(bytes[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    static func lowercased(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
