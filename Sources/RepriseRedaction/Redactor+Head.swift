import MCPWire
import RepriseRecording

extension Redactor {
    /// Redacts the head of a request: secret values of the target's query, and fields as ``HeaderRules`` says.
    public mutating func redact(_ head: RequestHead) -> RequestHead {
        let target = Array(head.target.utf8)
        let found = settle { redactor in
            (target: redactor.findings(inURL: target), fields: redactor.findings(in: head.fields))
        }
        var result = head
        if !found.target.isEmpty {
            let redacted = redacted(target, found.target)
            result.target = String(decoding: redacted.bytes, as: UTF8.self)
            result.targetPlaceholders = redacted.placeholders
        }
        result.fields = redacted(head.fields, found.fields)
        return result
    }

    /// Redacts the head of a response, its reason as text.
    public mutating func redact(_ head: ResponseHead) -> ResponseHead {
        let reason = Array(head.reason.utf8)
        let found = settle { redactor in
            (reason: redactor.findings(in: reason), fields: redactor.findings(in: head.fields))
        }
        var result = head
        if !found.reason.isEmpty {
            result.reason = String(decoding: redacted(reason, found.reason).bytes, as: UTF8.self)
        }
        result.fields = redacted(head.fields, found.fields)
        return result
    }

    private mutating func redacted(_ fields: [HTTPField], _ findings: [[Finding]]) -> [HTTPField] {
        var result = fields
        for index in fields.indices where !findings[index].isEmpty {
            let redacted = redacted(Array(fields[index].value.utf8), findings[index])
            result[index].value = String(decoding: redacted.bytes, as: UTF8.self)
            result[index].placeholders = redacted.placeholders
        }
        return result
    }

    private mutating func findings(in fields: [HTTPField]) -> [[Finding]] {
        fields.map { field in
            let value = Array(field.value.utf8)
            let found = findings(inField: field.name, value)
            return found.isEmpty ? found : value.withUnsafeBufferPointer { merged(found, in: $0) }
        }
    }

    private mutating func findings(inField name: String, _ value: [UInt8]) -> [Finding] {
        switch meaning(ofHeader: name) {
        case .safe: return findings(in: value)
        case .keep: return value.withUnsafeBufferPointer { findings(in: $0, .knownOnly, level: 0) }
        case .url: return findings(inURL: value)
        case .challenge: return findings(inChallenge: value)
        case .authorization: return credentials(in: value)
        case .cookie, .setCookie: return cookies(in: value, isSet: name.equalsIgnoringCase("set-cookie"))
        case .argument where !value.starts(with: "=?".utf8): return findings(in: value)
        case .secret, .argument:
            let isSought = HeaderRules.isSought(value, name: name, finder.names)
            let place = SecretValues.trimmed(value[...], 0..<value.count)
            return finding(value, place, isSought: isSought).map { [$0] } ?? []
        }
    }

    /// What a field's name says, remembered for the names that come in every message.
    private mutating func meaning(ofHeader name: String) -> HeaderMeaning {
        if let known = headerMeanings[name] { return known }
        let meaning = HeaderRules.meaning(of: name, finder.names)
        if headerMeanings.count < Self.headerMeaningCountMax, name.utf8.count <= Self.headerNameByteCountMax {
            headerMeanings[name] = meaning
        }
        return meaning
    }

    /// Further and longer names are looked up each time.
    private static let headerMeaningCountMax = 256, headerNameByteCountMax = 64

    /// The credentials behind a scheme's word; of Basic the password is learnt as well, which may come by itself.
    private mutating func credentials(in value: [UInt8]) -> [Finding] {
        let offset = SecretValues.credentialOffset(in: value, anyPosition: false)
        if offset == 0, SecretValues.trivial.contains(SecretValues.lowercased(value)) { return [] }
        // Quotes are left: parameters of a scheme may end in one.
        let end = value.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? offset
        let place = offset..<max(offset, end)
        guard let finding = finding(value, place) else { return [] }
        if SecretValues.lowercased(value[..<offset]).hasPrefix("basic"), let pair = Base64URL.decoded(value[place]),
            let colon = pair.firstIndex(of: UInt8(ascii: ":"))
        {
            // OAuth clients encode both halves as in a form (RFC 6749 section 2.3.1).
            let password = Array(pair[(colon + 1)...])
            let decoded = FormParameter.decoded(password[...]) ?? password
            _ = learn(decoded, isSought: true, writtenAs: password)
        }
        return [finding]
    }

    private mutating func cookies(in value: [UInt8], isSet: Bool) -> [Finding] {
        var found: [Finding] = []
        let places = SecretValues.cookieValues(in: value[...], isSet: isSet)
        for place in places + Self.loneCookieValues(in: value, isSet: isSet) {
            let decoded = PercentEncoding.decoded(value[place])
            if let finding = finding(value, place, decoded: decoded) { found.append(finding) }
        }
        return found + findings(in: value)
    }

    /// What stands in a field of cookies without being a pair of name and value: long, it is a value without a name.
    private static func loneCookieValues(in value: [UInt8], isSet: Bool) -> [Range<Int>] {
        let parts = value.split(separator: UInt8(ascii: ";")).prefix(isSet ? 1 : .max)
        return parts.compactMap { part in
            let range = SecretValues.trimmed(value[...], part.startIndex..<part.endIndex)
            let equals = value[range].firstIndex(of: UInt8(ascii: "=")) ?? range.upperBound
            return range.count >= SecretNames.oneTimeByteCountMin && equals + 1 >= range.upperBound ? range : nil
        }
    }

    /// The secrets of challenges, each parameter looked at by itself: next to one another they read like credentials.
    private mutating func findings(inChallenge value: [UInt8]) -> [Finding] {
        var found = value.withUnsafeBufferPointer { findings(in: $0, .knownOnly, level: 0) }
        for part in ChallengePart.parts(of: value) {
            guard let name = part.name else {
                if let finding = finding(value, part.value) { found.append(finding) }
                continue
            }
            if HeaderRules.secretParameters.contains(SecretValues.lowercased(value[name])) {
                if let finding = finding(value, part.value) { found.append(finding) }
                continue
            }
            let start = part.value.lowerBound
            for var finding in findings(inURL: Array(value[part.value])) {
                finding.range = (finding.range.lowerBound + start)..<(finding.range.upperBound + start)
                found.append(finding)
            }
        }
        return found
    }
}

/// A parameter of a challenge, or the credentials that stand behind its scheme without a name (`Negotiate YII…`).
private struct ChallengePart {
    var name: Range<Int>?
    /// The value without its quotes.
    var value: Range<Int>

    static func parts(of text: [UInt8]) -> [ChallengePart] {
        var parts: [ChallengePart] = []
        var position = 0
        var isBehindScheme = false
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        func isEnd(_ byte: UInt8) -> Bool { isSpace(byte) || byte == UInt8(ascii: ",") }
        while position < text.count {
            guard !isEnd(text[position]) else {
                if text[position] == UInt8(ascii: ",") { isBehindScheme = false }
                position += 1
                continue
            }
            let start = position
            while position < text.count, !isEnd(text[position]), text[position] != UInt8(ascii: "=") { position += 1 }
            var equals = position
            while equals < text.count, isSpace(text[equals]) { equals += 1 }
            guard equals < text.count, text[equals] == UInt8(ascii: "="), start < position else {
                // A word: a scheme, or what stands behind one.
                position = max(position, start + 1)
                if isBehindScheme { parts.append(ChallengePart(value: start..<position)) }
                isBehindScheme = !isBehindScheme
                continue
            }
            let name = start..<position
            position = equals + 1
            while position < text.count, isSpace(text[position]) { position += 1 }
            if position < text.count, text[position] == UInt8(ascii: "\"") {
                let value = position + 1
                position = value
                while position < text.count, text[position] != UInt8(ascii: "\"") {
                    position += text[position] == 0x5C ? 2 : 1
                }
                parts.append(ChallengePart(name: name, value: value..<min(position, text.count)))
                position += 1
            } else {
                let value = position
                while position < text.count, !isEnd(text[position]) { position += 1 }
                // `YII=`: the padding of credentials, and no parameter.
                let isPadding = text[value..<position].allSatisfy { $0 == UInt8(ascii: "=") }
                parts.append(
                    isPadding && isBehindScheme
                        ? ChallengePart(value: name.lowerBound..<position)
                        : ChallengePart(name: name, value: value..<position))
            }
            isBehindScheme = false
        }
        return parts
    }
}
