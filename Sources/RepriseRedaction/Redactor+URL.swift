import MCPWire

/// A parameter of a query, a fragment or a form.
struct FormParameter {
    /// Its name, decoded.
    var name: [UInt8]
    /// Where its value stands, as written.
    var value: Range<Int>

    /// The parameters in a part of a text, separated by `&`; one without `=` has no value and is left out.
    static func parameters(in text: [UInt8], _ range: Range<Int>) -> [FormParameter] {
        var parameters: [FormParameter] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let end = text[start..<range.upperBound].firstIndex(of: UInt8(ascii: "&")) ?? range.upperBound
            if let equals = text[start..<end].firstIndex(of: UInt8(ascii: "=")) {
                let name = decoded(text[start..<equals]) ?? Array(text[start..<equals])
                parameters.append(FormParameter(name: name, value: (equals + 1)..<end))
            }
            start = end + 1
        }
        return parameters
    }

    /// A value as a reader of forms takes it: `+` is a space, `%2B` a plus. Nil where nothing is encoded.
    static func decoded(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        guard value.contains(UInt8(ascii: "%")) || value.contains(UInt8(ascii: "+")) else { return nil }
        return value.withUnsafeBufferPointer { EscapedView(ofForm: $0).bytes }
    }
}

extension Redactor {
    /// The secrets of a URL or a part of one: user information, parameters of query and fragment, what patterns find.
    mutating func findings(inURL text: [UInt8]) -> [Finding] {
        // The parameters first: their decoded values are the secrets, of which patterns find the encoded forms.
        var found: [Finding] = []
        if let user = Self.userInformation(in: text) {
            let colon = text[user].firstIndex(of: UInt8(ascii: ":"))
            // Without a password the user is the credential: `https://TOKEN@host`.
            let place = colon.map { ($0 + 1)..<user.upperBound } ?? user
            if let finding = finding(text, place, decoded: PercentEncoding.decoded(text[place])) {
                found.append(finding)
            }
        }
        for sign in "?#".utf8 {
            guard let start = text.firstIndex(of: sign) else { continue }
            let end = sign == UInt8(ascii: "?") ? text[start...].firstIndex(of: UInt8(ascii: "#")) : nil
            found += parameterFindings(in: text, (start + 1)..<(end ?? text.count), isForm: false)
        }
        found += findings(in: text)
        return text.withUnsafeBufferPointer { merged(found, in: $0) }
    }

    /// The secrets of a form (`application/x-www-form-urlencoded`).
    mutating func findings(inForm text: [UInt8]) -> [Finding] {
        let found = parameterFindings(in: text, 0..<text.count, isForm: true) + findings(in: text)
        return text.withUnsafeBufferPointer { merged(found, in: $0) }
    }

    private mutating func parameterFindings(in text: [UInt8], _ range: Range<Int>, isForm: Bool) -> [Finding] {
        var found: [Finding] = []
        for parameter in FormParameter.parameters(in: text, range) {
            let written = text[parameter.value]
            let decoded = FormParameter.decoded(written)
            if finder.names.isSecretParameter(parameter.name, byteCount: written.count, isForm: isForm) {
                if let finding = finding(text, parameter.value, decoded: decoded) { found.append(finding) }
            } else if decoded != nil {
                found += decodedFindings(in: text, parameter.value)
            }
        }
        return found
    }

    /// What a value holds when it is read with its encoding undone.
    private mutating func decodedFindings(in text: [UInt8], _ range: Range<Int>) -> [Finding] {
        let view = text[range].withUnsafeBufferPointer { EscapedView(ofForm: $0) }
        let inner = view.bytes.withUnsafeBufferPointer { findings(in: $0, .everything, level: 1) }
        return inner.map { finding in
            var finding = finding
            let lower = view.source[finding.range.lowerBound] + range.lowerBound
            finding.range = lower..<(view.source[finding.range.upperBound] + range.lowerBound)
            finding.depth += 1
            return finding
        }
    }

    /// The finding for a range that is a secret and whose value is written in some encoding.
    mutating func finding(_ text: [UInt8], _ range: Range<Int>, decoded: [UInt8]?) -> Finding? {
        let written = Array(text[range])
        guard let decoded, !decoded.isEmpty else { return finding(text, range) }
        guard !SecretValues.isPlaceholder(written) else { return nil }
        // A plus is none to those who forget to encode it.
        if let entry = index.soughtEntry(of: written) { return Finding(range: range, value: written, entry: entry) }
        return Finding(range: range, value: decoded, entry: learn(decoded, isSought: true, writtenAs: written))
    }

    private static func userInformation(in text: [UInt8]) -> Range<Int>? {
        let slash = UInt8(ascii: "/")
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon + 2 < text.count, text[colon + 1] == slash,
            text[colon + 2] == slash
        else { return nil }
        let authority = text[(colon + 3)...].prefix {
            $0 != slash && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        guard let end = authority.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        return authority.startIndex..<end
    }
}
