import MCPWire

extension Redactor {
    /// Redacts a page: values of fields and attributes of secret names, and what its text holds.
    public mutating func redact(html content: [UInt8]) -> Redacted {
        redacted(
            content,
            settle { redactor in
                let found = redactor.fieldFindings(in: content) + redactor.findings(in: content)
                return content.withUnsafeBufferPointer { redactor.merged(found, in: $0) }
            })
    }

    /// The secrets of a page's tags: `<input name="csrf_token" value="…">`, `<meta name="csrf-token" content="…">`.
    private mutating func fieldFindings(in content: [UInt8]) -> [Finding] {
        var found: [Finding] = []
        var position = 0
        while let tag = HTMLTag.next(in: content, &position) {
            var isSecretField = false
            for attribute in tag.attributes {
                let name = SecretValues.lowercased(content[attribute.name])
                let value = HTMLTag.decoded(content[attribute.value])
                if ["name", "id", "property", "http-equiv"].contains(name) {
                    isSecretField =
                        isSecretField || finder.names.isSecretParameter(value, byteCount: .max, isForm: true)
                }
                if name == "type" { isSecretField = isSecretField || value.elementsEqual("password".utf8) }
            }
            for attribute in tag.attributes {
                let name = content[attribute.name]
                let isValue = name.elementsEqual("value".utf8) || name.elementsEqual("content".utf8)
                guard isSecretField && isValue || finder.names.isSecret(name) else { continue }
                let written = content[attribute.value]
                guard SecretValues.isPlausible(written, isAssigned: true) else { continue }
                let value = HTMLTag.decoded(written)
                if let finding = finding(content, attribute.value, decoded: value) { found.append(finding) }
            }
        }
        return found
    }
}

/// A start tag of a page, as far as its attributes go.
private struct HTMLTag {
    var attributes: [(name: Range<Int>, value: Range<Int>)] = []

    /// More attributes than any tag has are not looked at.
    private static let attributeCountMax = 256

    /// The next tag from `position` on, which moves behind it; nil when there is none.
    static func next(in text: [UInt8], _ position: inout Int) -> HTMLTag? {
        while let start = text[position...].firstIndex(of: UInt8(ascii: "<")) {
            position = start + 1
            guard position < text.count, isLetter(text[position]) else { continue }
            var tag = HTMLTag()
            while position < text.count, !isSpace(text[position]), text[position] != UInt8(ascii: ">") { position += 1 }
            while let attribute = attribute(in: text, &position) {
                if tag.attributes.count < attributeCountMax { tag.attributes.append(attribute) }
            }
            return tag
        }
        return nil
    }

    private static func attribute(
        in text: [UInt8], _ position: inout Int
    ) -> (name: Range<Int>, value: Range<Int>)? {
        while position < text.count, isSpace(text[position]) || text[position] == UInt8(ascii: "/") { position += 1 }
        guard position < text.count, text[position] != UInt8(ascii: ">"), text[position] != UInt8(ascii: "<") else {
            return nil
        }
        let name = position
        while position < text.count, !isSpace(text[position]), !"=></".utf8.contains(text[position]) { position += 1 }
        let nameEnd = position
        if nameEnd == name { position += 1 }
        while position < text.count, isSpace(text[position]) { position += 1 }
        guard position < text.count, text[position] == UInt8(ascii: "="), nameEnd > name else {
            return (name..<nameEnd, nameEnd..<nameEnd)
        }
        position += 1
        while position < text.count, isSpace(text[position]) { position += 1 }
        guard position < text.count else { return nil }
        let quote = text[position]
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            let value = position
            while position < text.count, !isSpace(text[position]), text[position] != UInt8(ascii: ">") { position += 1 }
            return (name..<nameEnd, value..<position)
        }
        let value = position + 1
        position = text[value...].firstIndex(of: quote) ?? text.count
        let end = position
        position = min(position + 1, text.count)
        return (name..<nameEnd, value..<end)
    }

    /// A value with its character references undone, as far as servers use them in attributes.
    static func decoded(_ value: ArraySlice<UInt8>) -> [UInt8] {
        guard value.contains(UInt8(ascii: "&")) else { return Array(value) }
        var bytes: [UInt8] = []
        var position = value.startIndex
        while position < value.endIndex {
            if value[position] == UInt8(ascii: "&"),
                let end = value[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")),
                let byte = byte(named: value[(position + 1)..<end])
            {
                bytes.append(byte)
                position = end + 1
            } else {
                bytes.append(value[position])
                position += 1
            }
        }
        return bytes
    }

    private static func byte(named reference: ArraySlice<UInt8>) -> UInt8? {
        let text = String(decoding: reference, as: UTF8.self)
        switch text {
        case "amp": return UInt8(ascii: "&")
        case "lt": return UInt8(ascii: "<")
        case "gt": return UInt8(ascii: ">")
        case "quot": return UInt8(ascii: "\"")
        case "apos": return UInt8(ascii: "'")
        default: break
        }
        guard text.hasPrefix("#") else { return nil }
        let isHexadecimal = text.hasPrefix("#x") || text.hasPrefix("#X")
        let number = UInt8(text.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10)
        return number.flatMap { $0 < 0x80 ? $0 : nil }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte <= 0x20 }
    private static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A }
}
