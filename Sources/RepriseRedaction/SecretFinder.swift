import MCPWire

/// What a redactor's rules come to: names, compiled patterns, and the filter that tells which to try. Never changes.
struct SecretFinder: Sendable {
    struct Pattern: Sendable {
        var expression: CompiledPattern
        var check: SecretPattern.Check
        var mask: AnchorFilter.Mask
    }

    /// A place that a pattern found, and how its value is written there.
    struct Place {
        var range: Range<Int>
        var isPercentEncoded = false
        var isQuoted = false
        /// Whether the value is worth looking for in other texts; an identifier of source code is not.
        var isSought = true
    }

    static let privateKeyMask: AnchorFilter.Mask = 1 << 63
    static let placeholderMask: AnchorFilter.Mask = 1 << 62
    static let percentMask: AnchorFilter.Mask = 1 << 61

    let names: SecretNames
    let patterns: [Pattern]
    /// Whether some pattern has no anchor and is tried on every text.
    let alwaysTries: Bool
    private let filter: AnchorFilter

    init(rules: RedactionRules) throws {
        names = SecretNames(keys: rules.keys, keeps: rules.keeps)
        var patterns: [Pattern] = []
        var anchors: [(text: String, mask: AnchorFilter.Mask, condition: AnchorFilter.Condition)] = [
            ("-----BEGIN ", Self.privateKeyMask, .none), ("reprise-secret-", Self.placeholderMask, .none),
            ("%3d", Self.percentMask, .none), ("%22", Self.percentMask, .none), ("%40", Self.percentMask, .none),
        ]
        for (index, pattern) in SecretPattern.standard.enumerated() {
            let mask: AnchorFilter.Mask = 1 << UInt64(index)
            anchors += pattern.anchors.map { ($0, mask, pattern.condition) }
            let expression = try CompiledPattern(name: pattern.name, regex: pattern.regex, isUTF: false)
            patterns.append(Pattern(expression: expression, check: pattern.check, mask: mask))
        }
        for pattern in rules.patterns {
            let expression = try RedactionRules.compile(pattern)
            patterns.append(Pattern(expression: expression, check: .none, mask: 0))
        }
        self.patterns = patterns
        alwaysTries = !rules.patterns.isEmpty
        filter = AnchorFilter(anchors)
    }

    @inline(__always)
    func scan(_ text: UnsafeBufferPointer<UInt8>) -> AnchorFilter.Signs { filter.scan(text) }

    /// The places of secrets by pattern; names of patterns that hit the match limit are appended to `exhausted`.
    func places(
        in text: UnsafeBufferPointer<UInt8>, mask: AnchorFilter.Mask, exhausted: inout [String]
    ) -> [Place] {
        var places: [Place] = []
        if mask & Self.privateKeyMask != 0 { places += PrivateKeyBlock.bodies(in: text).map { Place(range: $0) } }
        var workspace: MatchWorkspace?
        for pattern in patterns where pattern.mask == 0 || pattern.mask & mask != 0 {
            workspace = workspace ?? MatchWorkspace()
            let outcome = workspace.map { workspace in
                pattern.expression.forEachMatch(in: text, using: workspace) { match in
                    let found = accepted(match, of: pattern, in: text)
                    places += found
                    // A refused value may hold the name of another.
                    return found.isEmpty ? .from(match.secret.lowerBound) : .afterMatch
                }
            }
            if outcome != .complete, !exhausted.contains(pattern.expression.name) {
                exhausted.append(pattern.expression.name)
            }
        }
        return places
    }

    private func accepted(
        _ match: CompiledPattern.Match, of pattern: Pattern, in text: UnsafeBufferPointer<UInt8>
    ) -> [Place] {
        let range = match.secret
        switch pattern.check {
        case .none: return [Place(range: range)]
        case .basicCredential:
            let decoded = Base64URL.decoded(Array(text[range])[...])
            return decoded?.contains(UInt8(ascii: ":")) == true ? [Place(range: range)] : []
        case .cookie, .setCookie:
            let value = Array(text[range])
            let isSet = if case .setCookie = pattern.check { true } else { false }
            return SecretValues.cookieValues(in: value[...], isSet: isSet).map {
                Place(range: ($0.lowerBound + range.lowerBound)..<($0.upperBound + range.lowerBound))
            }
        case .percentEncoded: return [Place(range: range, isPercentEncoded: true)]
        case .plausible:
            let trimmed = withoutPunctuation(range, in: text)
            return SecretValues.isPlausible(Array(text[trimmed])[...], isAssigned: false) ? [Place(range: trimmed)] : []
        case .query: return query(match, in: text)
        case .assignment: return assignment(match, in: text)
        }
    }

    private func query(_ match: CompiledPattern.Match, in text: UnsafeBufferPointer<UInt8>) -> [Place] {
        guard let name = match.name.map({ Array(text[$0]) }) else { return [] }
        let decoded = PercentEncoding.decoded(name[...]) ?? name
        guard names.isSecretInQuery(decoded) else { return [] }
        // `code=404` and `key=name` are common; what is secret under such a name is longer.
        if !names.isSecret(decoded) {
            let isLoneAssignment = match.name?.lowerBound == 0 && !text.contains(UInt8(ascii: "&"))
            if match.secret.count < 6 || isLoneAssignment { return [] }
        }
        let range = extended(match.secret, in: text, .query)
        return SecretValues.standsForAnother(Array(text[range])[...])
            ? [] : [Place(range: range, isPercentEncoded: true)]
    }

    private func assignment(_ match: CompiledPattern.Match, in text: UnsafeBufferPointer<UInt8>) -> [Place] {
        guard let found = match.name else { return [] }
        var start = found.lowerBound
        while start > 0, found.upperBound - start < 64, Self.isNameByte(text[start - 1]) { start -= 1 }
        guard names.isSecret(Array(text[start..<found.upperBound])), !Self.isWithinURL(start, text) else { return [] }
        let before = text[match.secret.lowerBound - 1]
        let isQuoted = before == UInt8(ascii: "\"") || before == UInt8(ascii: "'")
        let isAssigned = isQuoted || text[found.upperBound..<match.secret.lowerBound].contains(UInt8(ascii: "="))
        var range = match.secret
        if !isQuoted { range = withoutPunctuation(extended(range, in: text, .assignment), in: text) }
        // `password = read()`: source code, not a value.
        if !isQuoted, range.upperBound < text.count, "([".utf8.contains(text[range.upperBound]) { return [] }
        let value = Array(text[range])
        guard SecretValues.isPlausible(value[...], isAssigned: isAssigned) else { return [] }
        let isSought = isQuoted || SecretValues.isPlausible(value[...], isAssigned: false)
        // `Authorization: Bearer …` in its many spellings: the scheme's word is no secret.
        let offset = SecretValues.credentialOffset(in: value, anyPosition: true)
        return [Place(range: (range.lowerBound + offset)..<range.upperBound, isQuoted: isQuoted, isSought: isSought)]
    }

    /// Whether a name stands where a URL has its user or a parameter, which have expressions of their own.
    private static func isWithinURL(_ start: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard start > 0 else { return false }
        let before = text[start - 1]
        return "?&#".utf8.contains(before) || start > 1 && before == UInt8(ascii: "/") && text[start - 2] == before
    }

    /// The expressions take 512 bytes at most, so that a refused value costs no more; an accepted one goes on to its end.
    private func extended(
        _ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>, _ check: SecretPattern.Check
    ) -> Range<Int> {
        guard range.count >= 512 else { return range }
        var upper = range.upperBound
        while upper < text.count, !SecretPattern.endsValue(text[upper], in: check) { upper += 1 }
        return range.lowerBound..<upper
    }

    private func withoutPunctuation(_ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Range<Int> {
        var upper = range.upperBound
        while upper > range.lowerBound, ".,;:!?)>}]".utf8.contains(text[upper - 1]) { upper -= 1 }
        return range.lowerBound..<upper
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
