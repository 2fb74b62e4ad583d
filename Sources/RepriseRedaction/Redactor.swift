import MCPWire
import RepriseRecording

/// Replaces the secrets of one recording by placeholders that keep identity.
///
/// The first secret becomes `reprise-secret-1` wherever it comes again, the next `reprise-secret-2`. A secret is known
/// by its decoded value, whatever its escaping, and once learnt it is replaced in every later text, also within longer
/// ones, if it has at least 8 bytes. A JSON Web Token becomes a token whose signature is the placeholder and whose times
/// are the original's. Placeholders that stand in the traffic by themselves are left alone and are not reported.
public struct Redactor: Sendable {
    /// The most secrets that are known again, and the most bytes that they may take together.
    public static let secretCountMax = 1_000_000, secretByteCountMax = 128 << 20
    /// JSON in strings in JSON is followed so many levels deep; below it counts as text.
    public static let nestingMax = 16
    /// Lines that a private key may have in a text stream before its END is given up.
    public static let privateKeyLineCountMax = 1_000

    /// Patterns that were given up on some text because of PCRE2's match limit, each once, in the order of its first time.
    public internal(set) var exhaustedPatterns: [String] = []
    /// Whether a limit on known secrets was reached: later ones get a placeholder of their own at each place.
    public var isFull: Bool { index.isFull }

    let finder: SecretFinder
    var index: SecretIndex
    var cache = NameCache()
    var headerMeanings: [String: HeaderMeaning] = [:]
    private var nextNumber = 1
    /// Numbers of placeholders that came in the traffic by themselves.
    private var reserved: Set<Int> = []
    /// Streams that stand within a private key, with the lines that it may still have.
    private var openKeys: [Int: Int] = [:]

    /// A redactor that has learnt nothing but the rules' literals; throws where a rule's expression cannot be compiled.
    public init(rules: RedactionRules) throws {
        try self.init(rules: rules, secretCountMax: Self.secretCountMax, secretByteCountMax: Self.secretByteCountMax)
    }

    init(rules: RedactionRules, secretCountMax: Int, secretByteCountMax: Int) throws {
        finder = try SecretFinder(rules: rules)
        index = SecretIndex(countMax: secretCountMax, byteCountMax: secretByteCountMax)
        for literal in rules.literals { learnLiteral(Array(literal.utf8)) }
        for literal in rules.environmentLiterals { learnLiteral(literal) }
    }

    /// Redacts one JSON value; the result is valid JSON of the same structure, its other bytes untouched.
    ///
    /// A number that is a secret becomes a string. What is no valid JSON is redacted as text.
    public mutating func redact(json content: [UInt8]) -> Redacted {
        guard let document = try? JSONDocument(content) else {
            return redacted(content, settle { $0.findings(in: content) })
        }
        return redact(document)
    }

    /// Redacts one JSON value that was read already, as ``redact(json:)`` does.
    public mutating func redact(_ document: JSONDocument) -> Redacted {
        redacted(document.bytes, settle { $0.findings(in: document, level: 0) })
    }

    /// Redacts UTF-8 text: a malformed line, or a line of a text stream.
    ///
    /// `stream` names the pipe: a private key that begins in one call is replaced line by line until its END.
    public mutating func redact(text: [UInt8], stream: Int) -> Redacted {
        guard let lineCount = openKeys[stream] else {
            let found = settle { $0.findings(in: text) }
            if text.withUnsafeBufferPointer(PrivateKeyBlock.isOpen) { openKeys[stream] = Self.privateKeyLineCountMax }
            return redacted(text, found)
        }
        let end = text.withUnsafeBufferPointer(PrivateKeyBlock.endMarker)
        openKeys[stream] = end == nil && lineCount > 1 ? lineCount - 1 : nil
        let key = text.withUnsafeBufferPointer { PrivateKeyBlock.trimmed($0, 0..<(end?.lowerBound ?? text.count)) }
        let found = settle { redactor in
            var found: [Finding] = []
            if let finding = redactor.finding(text, key) { found.append(finding) }
            guard let end else { return found }
            for var finding in redactor.findings(in: Array(text[end.upperBound...])) {
                finding.range =
                    (finding.range.lowerBound + end.upperBound)..<(finding.range.upperBound + end.upperBound)
                found.append(finding)
            }
            return found
        }
        if let end, text[end.upperBound...].withUnsafeBufferPointer(PrivateKeyBlock.isOpen) {
            openKeys[stream] = Self.privateKeyLineCountMax
        }
        return redacted(text, found)
    }

    /// Redacts a URL: credentials in its user information, query values of secret names, and what patterns find.
    public mutating func redact(url: String) -> String {
        let bytes = Array(url.utf8)
        return String(decoding: redacted(bytes, settle { $0.findings(inURL: bytes) }).bytes, as: UTF8.self)
    }

    /// Redacts the fields of a form (`application/x-www-form-urlencoded`), known by their decoded values.
    public mutating func redact(form content: [UInt8]) -> Redacted {
        redacted(content, settle { $0.findings(inForm: content) })
    }

    /// Forgets that a text stream stands within a private key, as it is over.
    public mutating func end(stream: Int) {
        openKeys[stream] = nil
    }

    /// Learns what `body` finds and asks again while that taught anything, so that a message is redacted by all of it.
    mutating func settle<Found>(_ body: (inout Redactor) -> Found) -> Found {
        var found: Found
        var roundCount = 0
        repeat {
            let before = index.revision
            found = body(&self)
            roundCount += 1
            if index.revision == before { break }
        } while roundCount < 3
        return found
    }

    /// Puts placeholders in the places of ascending, disjoint findings.
    mutating func redacted(_ content: [UInt8], _ findings: [Finding]) -> Redacted {
        guard !findings.isEmpty else { return Redacted(bytes: content) }
        var result = Redacted(bytes: [])
        result.bytes.reserveCapacity(content.count)
        var position = 0
        for finding in findings {
            result.bytes += content[position..<finding.range.lowerBound]
            let start = result.bytes.count
            let quote = finding.quote
            let placeholder = placeholder(of: finding)
            result.bytes += quote + placeholder + quote
            let placed = (start + quote.count)..<(start + quote.count + placeholder.count)
            result.placeholders.append(placed)
            result.edits.append(
                Redacted.Edit(source: finding.range, replacementByteCount: result.bytes.count - start))
            position = finding.range.upperBound
        }
        result.bytes += content[position...]
        return result
    }

    private mutating func placeholder(of finding: Finding) -> [UInt8] {
        var number = finding.entry.map { index.number(of: $0) } ?? 0
        if number == 0 {
            while reserved.contains(nextNumber) { nextNumber += 1 }
            number = nextNumber
            nextNumber += 1
            if let entry = finding.entry { index.setNumber(number, of: entry) }
        }
        let value = finding.entry.map { index.value(of: $0) } ?? finding.value
        let head = JSONWebToken.placeholderHead(of: value) ?? []
        return head + Placeholder.prefix + Array(String(number).utf8)
    }

    /// Takes note of placeholders that stand in a text by themselves, so that their numbers are not given again.
    mutating func reserveNumbers(in text: UnsafeBufferPointer<UInt8>) {
        let prefix = Placeholder.prefix
        var position = 0
        while position + prefix.count < text.count {
            guard text[position] == prefix[0], text[position..<(position + prefix.count)].elementsEqual(prefix) else {
                position += 1
                continue
            }
            position += prefix.count
            let digits = text[position...].prefix { $0 >= 0x30 && $0 <= 0x39 }
            // A number that no recording reaches needs no reserve, and the reserve its limit.
            if digits.count <= 9, let number = Int(String(decoding: digits, as: UTF8.self)), number >= nextNumber,
                reserved.count < 100_000
            {
                reserved.insert(number)
            }
        }
    }

    private mutating func learnLiteral(_ value: [UInt8]) {
        index.learnLiteral(value)
        guard let entry = index.soughtEntry(of: value) else { return }
        for form in PercentEncoding.encodedForms(of: value) { _ = index.learn(form, isSought: true, sharing: entry) }
    }
}
