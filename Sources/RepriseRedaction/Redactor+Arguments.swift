extension Redactor {
    /// Redacts a command line, an argument at a time and with its neighbours in view.
    ///
    /// Secret are `--token X`, `--api-key=X`, `NAME=X` of a secret name or behind `--env`, `--user name:X`, and what URLs,
    /// patterns and the rules' literals give.
    public mutating func redact(argument arguments: [String]) -> [String] {
        let texts = arguments.map { Array($0.utf8) }
        let found = settle { redactor in texts.indices.map { redactor.findings(inArgument: $0, of: texts) } }
        return texts.indices.map { String(decoding: redacted(texts[$0], found[$0]).bytes, as: UTF8.self) }
    }

    private mutating func findings(inArgument index: Int, of texts: [[UInt8]]) -> [Finding] {
        let text = texts[index]
        var found = findings(in: text)
        if let range = secretRange(inArgument: index, of: texts), let finding = finding(text, range) {
            found.append(finding)
        }
        return text.withUnsafeBufferPointer { merged(found, in: $0) }
    }

    /// The part of an argument that is secret because of the option or name before it.
    private func secretRange(inArgument index: Int, of texts: [[UInt8]]) -> Range<Int>? {
        let text = texts[index]
        let dash = UInt8(ascii: "-")
        let before = index > 0 ? texts[index - 1] : []
        let option = before.first == dash && !before.contains(UInt8(ascii: "=")) ? before.drop { $0 == dash } : []
        if !option.isEmpty, text.first != dash || !text.starts(with: [dash, dash]), !text.isEmpty {
            if finder.names.isSecret(option) {
                return SecretValues.credentialOffset(in: text, anyPosition: true)..<text.count
            }
            let isUser = option.elementsEqual("user".utf8) || before == Array("-u".utf8)
            if isUser, let colon = text.firstIndex(of: UInt8(ascii: ":")) { return (colon + 1)..<text.count }
        }
        guard let equals = text.firstIndex(of: UInt8(ascii: "=")), equals > 0 else { return nil }
        let name = text[..<equals].drop { $0 == dash }
        guard !name.isEmpty, name.allSatisfy(Self.isNameByte) else { return nil }
        let isOption = text.first == dash
        let isVariable = !isOption && (before == Array("-e".utf8) || before == Array("--env".utf8))
        let value = (equals + 1)..<text.count
        if finder.names.isSecret(name) { return value }
        guard !SecretValues.looksPlain(Array(text[value])) else { return nil }
        return isVariable || !isOption && finder.names.isSecretVariable(name) ? value : nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
