/// What counts as a secret: the standard rules, and what a rules file and the environment add.
///
/// A value without files: a rules file comes as its text. One rule a line; an empty line or one that begins with `#` is
/// none:
///
///     key NAME            strings and numbers of members called NAME are secrets
///     keep NAME           they are none, whatever they are called or look like
///     pattern NAME REGEX  what REGEX (PCRE2, to the end of the line) finds is secret: its group `secret`, else all of it
///     literal TEXT        this text is secret wherever it stands
///
/// Names of members are compared without case, `_` and `-`.
public struct RedactionRules: Sendable {
    struct UserPattern: Equatable, Sendable {
        var name: String
        var regex: String
        var line: Int
    }

    /// The fewest bytes of a `literal`: a shorter text would be found where it is no secret.
    public static let literalByteCountMin = 4
    /// The most `pattern` rules of a file: each is tried on every text.
    public static let patternCountMax = 64

    /// The standard rules alone.
    public static let standard = RedactionRules()

    private(set) var keys: [String] = []
    private(set) var keeps: [String] = []
    private(set) var patterns: [UserPattern] = []
    private(set) var literals: [String] = []
    private(set) var environmentLiterals: [[UInt8]] = []

    private init() {}

    /// The standard rules with those of a rules file; throws at the first line that is no rule.
    public init(parsing text: String) throws(RedactionRuleError) {
        var number = 0
        for line in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            let bytes = Array(line)
            let range = Self.trimmed(bytes)
            guard !range.isEmpty, bytes[range.lowerBound] != UInt8(ascii: "#") else { continue }
            try add(Array(bytes[range]), line: number)
        }
    }

    /// These rules with the values of secret-looking variables as literals; they stay out of `canonicalText`.
    ///
    /// Taken are values of at least 8 bytes that are no path, locale, number or plain address.
    public func adding(environment: [(name: String, value: String)]) -> RedactionRules {
        var rules = self
        let names = SecretNames(keys: keys, keeps: keeps)
        var known = Set(environmentLiterals)
        for variable in environment where names.isSecretVariable(Array(variable.name.utf8)) {
            let value = Array(variable.value.utf8)
            guard SecretValues.isSought(value), !SecretValues.looksPlain(value), !SecretValues.isPlaceholder(value),
                known.insert(value).inserted
            else { continue }
            rules.environmentLiterals.append(value)
        }
        return rules
    }

    /// Every rule in one stable order, a rule a line: the text whose digest tells whether two recordings had the same.
    public var canonicalText: String {
        var lines = ["reprise redaction rules 1"]
        for (meaning, names) in SecretNames.standard {
            lines += names.sorted().map { "standard \(meaning) \($0)" }
        }
        lines += SecretNames.lastWords.sorted().map { "standard last-word \($0)" }
        lines += SecretNames.wordsBeforeKey.sorted().map { "standard before-key \($0)" }
        lines += SecretNames.describingWords.sorted().map { "standard describing \($0)" }
        lines += SecretNames.variableWords.sorted().map { "standard variable-word \($0)" }
        lines += SecretNames.queryNames.sorted().map { "standard query \($0)" }
        lines += SecretNames.oneTimeNames.sorted().map { "standard one-time \($0)" }
        lines += SecretNames.formNameEnds.sorted().map { "standard form-end \($0)" }
        lines += HeaderRules.safe.sorted().map { "standard safe-header \($0)" }
        lines += HeaderRules.urls.sorted().map { "standard url-header \($0)" }
        lines += HeaderRules.challenges.sorted().map { "standard challenge-header \($0)" }
        lines += HeaderRules.secretParameters.sorted().map { "standard challenge-parameter \($0)" }
        lines += SecretPattern.standard.map { "standard pattern \($0.name) \($0.regex)" }
        lines += Set(keys).sorted().map { "key \($0)" }
        lines += Set(keeps).sorted().map { "keep \($0)" }
        lines += patterns.map { "pattern \($0.name) \($0.regex)" }.sorted()
        lines += Set(literals).sorted().map { "literal \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private mutating func add(_ rule: [UInt8], line: Int) throws(RedactionRuleError) {
        func fail(_ reason: String) -> RedactionRuleError { RedactionRuleError(line: line, reason: reason) }
        let (word, rest) = Self.firstWord(of: rule)
        switch word {
        case "key", "keep":
            guard !rest.isEmpty, !rest.contains(where: { $0 <= 0x20 }) else {
                throw fail("`\(word)` takes one name without spaces: `\(word) NAME`")
            }
            let name = SecretNames.normalized(rest)
            guard !name.isEmpty else { throw fail("the name of `\(word)` needs more than `_` and `-`") }
            if word == "key" { keys.append(name) } else { keeps.append(name) }
        case "pattern":
            let (name, regex) = Self.firstWord(of: rest)
            guard !name.isEmpty, !regex.isEmpty else {
                throw fail("`pattern` takes a name and a regular expression: `pattern NAME REGEX`")
            }
            try addPattern(UserPattern(name: name, regex: String(decoding: regex, as: UTF8.self), line: line))
        case "literal":
            guard rest.count >= Self.literalByteCountMin else {
                throw fail("`literal` takes a text of at least \(Self.literalByteCountMin) bytes: `literal TEXT`")
            }
            literals.append(String(decoding: rest, as: UTF8.self))
        default:
            throw fail(
                "`\(word)` is no rule; allowed are `key NAME`, `keep NAME`, `pattern NAME REGEX`, `literal TEXT` and `#`"
            )
        }
    }

    private mutating func addPattern(_ pattern: UserPattern) throws(RedactionRuleError) {
        func fail(_ reason: String) -> RedactionRuleError { RedactionRuleError(line: pattern.line, reason: reason) }
        guard patterns.count < Self.patternCountMax else {
            throw fail("more than \(Self.patternCountMax) `pattern` rules")
        }
        if let other = patterns.first(where: { $0.name == pattern.name }) {
            throw fail("a pattern called `\(pattern.name)` stands in line \(other.line) already")
        }
        _ = try Self.compile(pattern)
        patterns.append(pattern)
    }

    static func compile(_ pattern: UserPattern) throws(RedactionRuleError) -> CompiledPattern {
        do {
            return try CompiledPattern(name: pattern.name, regex: pattern.regex, isUTF: true)
        } catch {
            throw RedactionRuleError(
                line: pattern.line,
                reason:
                    "pattern `\(pattern.name)`: invalid regular expression at byte \(error.offset): \(error.message)")
        }
    }

    private static func firstWord(of text: [UInt8]) -> (word: String, rest: [UInt8]) {
        let end = text.firstIndex { $0 == 0x20 || $0 == 0x09 } ?? text.endIndex
        let rest = text[end...].drop { $0 == 0x20 || $0 == 0x09 }
        return (String(decoding: text[..<end], as: UTF8.self), Array(rest))
    }

    private static func trimmed(_ line: [UInt8]) -> Range<Int> {
        var lower = 0
        var upper = line.count
        while lower < upper, line[lower] <= 0x20 { lower += 1 }
        while upper > lower, line[upper - 1] <= 0x20 { upper -= 1 }
        return lower..<upper
    }
}
