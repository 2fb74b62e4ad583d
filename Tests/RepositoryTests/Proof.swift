/// A test or a scenario, with the ids that it says it proves.
struct Proof: Equatable, Sendable {
    /// `Module.Suite/function`, or the path of a scenario's file.
    var name: String
    var ids: [String]

    /// What proves something in a file of tests, or what a scenario's file proves.
    ///
    /// The tests of the repository itself prove nothing of the product; other folders than those of test targets hold
    /// programs and packages that the run of all tests knows nothing of.
    static func all(in file: SourceFile) -> [Proof] {
        if file.isUnder("scenarios") { return file.path.hasSuffix(".yaml") ? [scenario(file)] : [] }
        guard file.isUnder("Tests"), file.isSwift, let module = file.module, module.hasSuffix("Tests"),
            module != "RepositoryTests"
        else { return [] }
        return tests(in: file.text, module: module)
    }

    /// Every proof of the repository.
    static let ofRepository = Repository.files.flatMap(all)

    /// The ids with which a display name begins: `S-031, S-033: what holds`.
    static func ids(inDisplayName text: some StringProtocol) -> [String] {
        String(text).prefixMatch(of: /((?:[A-Z]{1,2}-[0-9]+(?:, )?)+):/).map { ids(inList: $0.1) } ?? []
    }

    static func ids(inList text: some StringProtocol) -> [String] {
        String(text).matches(of: /[A-Z]{1,2}-[0-9]+/).map { String($0.0) }
    }

    /// What a scenario proves: the list after `proves:` at the beginning of a line, which stands on that line.
    static func scenario(_ file: SourceFile) -> Proof {
        let line = file.lines.first { $0.wholeMatch(of: /proves: *\[.*\].*/) != nil }
        return Proof(name: file.path, ids: line.map { ids(inList: $0) } ?? [])
    }

    /// Functions with `@Test("ids: …")`, named with the types around them.
    ///
    /// Which types these are is told by how far their lines are indented: a bracket may stand in a regular expression.
    static func tests(in text: String, module: String) -> [Proof] {
        let code = SwiftCode(text)
        let words = code.tokens.map(\.text)
        var proofs: [Proof] = []
        var types: [(name: String, indentation: Int)] = []
        for index in words.indices.dropLast(3) {
            if declaring.contains(words[index]), index == 0 || words[index - 1] != "." {
                let indentation = code.indentation(of: code.tokens[index])
                types.removeAll { $0.indentation >= indentation }
                types.append((typeName(at: index + 1, words: words), indentation))
            } else if words[index] == "@", words[index + 1] == "Test", words[index + 2] == "(",
                let end = code.closing(index + 2)
            {
                let ids = ids(inDisplayName: literal(at: index + 3, code: code, text: text))
                guard !ids.isEmpty, let name = words[end...].firstIndex(of: "func").map({ words[$0 + 1] }) else {
                    continue
                }
                let indentation = code.indentation(of: code.tokens[index])
                let around = types.filter { $0.indentation < indentation }.map(\.name)
                proofs.append(Proof(name: "\(module).\((around + [name]).joined(separator: "/"))", ids: ids))
            }
        }
        return proofs
    }

    private static let declaring: Set = ["struct", "class", "enum", "actor", "extension"]

    /// The name of a type, of a nested one with those around it.
    private static func typeName(at index: Int, words: [String]) -> String {
        var name = words[index]
        var next = index + 1
        while next + 1 < words.count, words[next] == "." {
            name += "/" + words[next + 1]
            next += 2
        }
        return name
    }

    /// What stands in the string literal that begins at a token, as it is written.
    private static func literal(at index: Int, code: SwiftCode, text: String) -> String {
        guard code.tokens[index].text == "\"", index + 1 < code.tokens.count, code.tokens[index + 1].text == "\"" else {
            return ""
        }
        let bytes = Array(text.utf8)[(code.tokens[index].offset + 1)..<code.tokens[index + 1].offset]
        return String(decoding: bytes, as: UTF8.self)
    }
}
