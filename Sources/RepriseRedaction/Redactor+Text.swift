import MCPWire

/// A secret in a text: where it stands, and its decoded value.
struct Finding: Equatable {
    var range: Range<Int>
    var value: [UInt8]
    /// Nil when the index was full.
    var entry: Int?
    /// How many times the text was unescaped to find it.
    var depth = 0
    /// What stands around the placeholder: nothing, or the quotes of the string that takes a number's place.
    var quote: [UInt8] = []

    /// The quotes of a string of JSON.
    static let quotes = [UInt8(ascii: "\"")]

    /// Makes the finding one of the string's contents that it was found in, decoded.
    mutating func escapeQuote() {
        guard !quote.isEmpty else { return }
        quote = quote.flatMap { [UInt8(ascii: "\\"), $0] }
    }
}

extension Redactor {
    /// How much of a text is looked at.
    enum Scan { case everything, textOnly, knownOnly }

    mutating func findings(in text: [UInt8]) -> [Finding] {
        text.withUnsafeBufferPointer { findings(in: $0, .everything, level: 0) }
    }

    /// The secrets of a decoded text: ascending, disjoint, in its own offsets.
    mutating func findings(in text: UnsafeBufferPointer<UInt8>, _ scan: Scan, level: Int) -> [Finding] {
        guard text.count >= RedactionRules.literalByteCountMin else { return [] }
        if scan == .everything, level < Self.nestingMax, Self.looksLikeJSON(text),
            let document = try? JSONDocument(Array(text))
        {
            return findings(in: document, level: level + 1)
        }
        let signs = finder.scan(text)
        let mask = signs.mask
        if mask & SecretFinder.placeholderMask != 0 { reserveNumbers(in: text) }
        var found: [Finding] = []
        if scan != .knownOnly, mask != 0 || finder.alwaysTries {
            for place in finder.places(in: text, mask: mask, exhausted: &exhaustedPatterns) {
                if let finding = finding(at: place, in: text) { found.append(finding) }
            }
        }
        if index.count > 0 { appendKnown(in: text, to: &found) }
        if level < Self.nestingMax {
            if signs.hasBackslash { append(EscapedView(of: text), of: text, scan, level: level, to: &found) }
            if mask & SecretFinder.percentMask != 0 {
                append(EscapedView(ofPercentEncoded: text), of: text, scan, level: level, to: &found)
            }
            if signs.hasBrace, scan == .everything { appendEmbedded(text, level: level, to: &found) }
        }
        return found.isEmpty ? found : merged(found, in: text)
    }

    /// The finding for a range that is a secret, unless a placeholder stands there or nothing.
    mutating func finding(_ text: [UInt8], _ range: Range<Int>, isSought: Bool = true) -> Finding? {
        let value = Array(text[range])
        guard !value.isEmpty, !SecretValues.isPlaceholder(value) else { return nil }
        return Finding(range: range, value: value, entry: learn(value, isSought: isSought))
    }

    /// Learns a secret, with the forms in which URLs write it.
    mutating func learn(_ value: [UInt8], isSought: Bool, writtenAs form: [UInt8]? = nil) -> Int? {
        let isSought = isSought && SecretValues.isSought(value)
        guard let entry = index.learn(value, isSought: isSought) else { return nil }
        if isSought {
            for form in PercentEncoding.encodedForms(of: value) {
                _ = index.learn(form, isSought: true, sharing: entry)
            }
        }
        if let form, form != value { _ = index.learn(form, isSought: isSought, sharing: entry) }
        return entry
    }

    private mutating func finding(at place: SecretFinder.Place, in text: UnsafeBufferPointer<UInt8>) -> Finding? {
        let range = Self.wholeCharacters(place.range, in: text)
        let written = Array(text[range])
        guard !written.isEmpty, !SecretValues.isPlaceholder(written) else { return nil }
        var value = written
        if place.isPercentEncoded { value = PercentEncoding.decoded(written[...]) ?? written }
        if place.isQuoted, written.contains(0x5C) {
            value = written.withUnsafeBufferPointer { EscapedView(of: $0).bytes }
        }
        guard !value.isEmpty else { return nil }
        return Finding(range: range, value: value, entry: learn(value, isSought: place.isSought, writtenAs: written))
    }

    private mutating func appendKnown(in text: UnsafeBufferPointer<UInt8>, to found: inout [Finding]) {
        var hits: [SecretIndex.Hit] = []
        index.find(in: text, into: &hits)
        for hit in hits {
            if let entry = hit.entry {
                found.append(Finding(range: hit.range, value: index.value(of: entry), entry: entry))
            } else {
                let value = Array(text[hit.range])
                found.append(Finding(range: hit.range, value: value, entry: learn(value, isSought: true)))
            }
        }
    }

    /// Appends what a text shows when it is read with its escapes undone.
    private mutating func append(
        _ view: EscapedView, of text: UnsafeBufferPointer<UInt8>, _ scan: Scan, level: Int, to found: inout [Finding]
    ) {
        // Nothing was an escape: the view is the text.
        guard view.bytes.count < text.count else { return }
        let scan = scan == .everything ? Scan.textOnly : scan
        let inner = view.bytes.withUnsafeBufferPointer { findings(in: $0, scan, level: level + 1) }
        for var finding in inner {
            let lower = view.source[finding.range.lowerBound]
            finding.range = lower..<view.source[finding.range.upperBound]
            finding.depth += 1
            found.append(finding)
        }
    }

    /// Appends what JSON within a text holds, from its first brace to its last: `received: {"env": …}`.
    private mutating func appendEmbedded(
        _ text: UnsafeBufferPointer<UInt8>, level: Int, to found: inout [Finding]
    ) {
        guard let first = text.firstIndex(of: UInt8(ascii: "{")), let last = text.lastIndex(of: UInt8(ascii: "}")),
            first < last, let document = try? JSONDocument(Array(text[first...last]))
        else { return }
        for var finding in findings(in: document, level: level + 1) {
            finding.range = (finding.range.lowerBound + first)..<(finding.range.upperBound + first)
            finding.depth += 1
            found.append(finding)
        }
    }

    /// Findings in order and disjoint: of those within one another the longest, of overlapping ones their union.
    mutating func merged(_ found: [Finding], in text: UnsafeBufferPointer<UInt8>) -> [Finding] {
        let sorted = found.sorted {
            ($0.range.lowerBound, -$0.range.upperBound, -$0.depth) < (
                $1.range.lowerBound, -$1.range.upperBound, -$1.depth
            )
        }
        var merged: [Finding] = []
        for finding in sorted {
            guard let last = merged.last, finding.range.lowerBound < last.range.upperBound else {
                merged.append(finding)
                continue
            }
            guard finding.range.upperBound > last.range.upperBound else { continue }
            let union = last.range.lowerBound..<finding.range.upperBound
            let value = Array(text[union])
            merged[merged.count - 1] = Finding(range: union, value: value, entry: learn(value, isSought: true))
        }
        return merged
    }

    private static func looksLikeJSON(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first(where: { $0 > 0x20 }) else { return false }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return false }
        guard let last = text.last(where: { $0 > 0x20 }) else { return false }
        return last == (first == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]"))
    }

    /// Patterns count bytes; a replaced place takes whole characters.
    private static func wholeCharacters(_ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower > 0, text[lower] & 0xC0 == 0x80 { lower -= 1 }
        while upper < text.count, text[upper] & 0xC0 == 0x80 { upper += 1 }
        return lower..<upper
    }
}
