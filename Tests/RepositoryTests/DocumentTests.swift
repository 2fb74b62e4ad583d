import Testing

/// What the documents tell a reader to type or to open is there.
@Suite struct DocumentTests {
    /// The targets that a Makefile names.
    static func targets(ofMakefile text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").compactMap { line -> String? in
                guard let colon = line.firstIndex(of: ":"), line.first != "\t", line.first != "." else { return nil }
                let name = line[..<colon]
                let isTarget = name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
                return isTarget && !name.isEmpty ? String(name) : nil
            })
    }

    /// The verbs of the command line, by the names of the files that hold them: `FlyHighCommand.swift` is `fly-high`.
    static func verbs(inSources paths: [String]) -> Set<String> {
        let names = paths.filter { $0.hasPrefix("Sources/RepriseCommands/") }.compactMap {
            $0.split(separator: "/").last
        }
        let suffix = "Command.swift"
        let types = names.filter { $0.hasSuffix(suffix) }.map { $0.dropLast(suffix.count) }
        let verbs = types.map { type in
            type.indices.map { type[$0].isUppercase && $0 > type.startIndex ? "-\(type[$0])" : "\(type[$0])" }.joined()
        }
        return Set(verbs.map { $0.lowercased() })
            .subtracting(["reprise"]).union(["help"])
    }

    static func commands(in file: SourceFile, targets: Set<String>, verbs: Set<String>) -> [Violation] {
        Markdown(file.text).commands.compactMap { words, line in
            let words =
                words.starts(with: ["swift", "run"]) ? Array(words.dropFirst(2).drop { $0 != "reprise" }) : words
            guard words.count > 1, let program = words[0].split(separator: "/").last else { return nil }
            let missing: String?
            switch program {
            case "make":
                missing = words.dropFirst().first { isName($0) && !targets.contains($0) }
            case "reprise":
                missing = isName(words[1]) && !verbs.contains(words[1]) ? words[1] : nil
            default:
                missing = nil
            }
            return missing.map {
                Violation(path: file.path, line: line, problem: "there is no \(program) \($0)")
            }
        }
    }

    /// Whether a word could be a target or a verb, and is no option, placeholder or file.
    private static func isName(_ word: String) -> Bool {
        word.allSatisfy { ("a"..."z").contains($0) || $0 == "-" } && !word.hasPrefix("-")
    }

    static func brokenLinks(in file: SourceFile, exists: (String) -> Bool) -> [Violation] {
        Markdown(file.text).links.compactMap { target, line in
            let path = target.split(separator: "#", omittingEmptySubsequences: false)[0]
            guard !path.isEmpty, !path.contains("://"), !path.hasPrefix("mailto:") else { return nil }
            let resolved = resolve(path, from: file.path)
            if let resolved, exists(resolved) { return nil }
            return Violation(path: file.path, line: line, problem: "link to \(target), which does not exist")
        }
    }

    /// The path from the root, or `nil` for one that leaves the repository.
    private static func resolve(_ target: Substring, from document: String) -> String? {
        guard !target.hasPrefix("/") else { return nil }
        var parts = document.split(separator: "/").dropLast()
        for part in target.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if parts.popLast() == nil {
                return nil
            }
        }
        return parts.joined(separator: "/")
    }

    static let documents = Repository.files.filter(\.isMarkdown)

    @Test func everyCommandInADocumentExists() throws {
        let targets = Self.targets(ofMakefile: try #require(Repository.file("Makefile")).text)
        let verbs = Self.verbs(inSources: Repository.paths)
        let found = Self.documents.flatMap { Self.commands(in: $0, targets: targets, verbs: verbs) }
        #expect(found.isEmpty, "\(found.report)")
        #expect(targets.isSuperset(of: ["help", "demo", "test"]))
    }

    @Test func everyRelativeLinkLeadsSomewhere() {
        let found = Self.documents.flatMap { Self.brokenLinks(in: $0, exists: Repository.exists) }
        #expect(found.isEmpty, "\(found.report)")
        #expect(!Self.documents.isEmpty)
    }

    @Test(
        "a command that does not exist is found",
        arguments: [
            "```\nmake fly\n```", "```sh\n$ cd a && make fly\n```", "Type `make fly`.", "    make test fly",
            "```\nreprise fly a.jsonl\n```", "`.build/release/reprise fly`", "```\nA=1 reprise fly\n```",
            "`swift run -c release reprise fly`",
        ])
    func aCommandThatDoesNotExistIsFound(text: String) {
        let found = Self.commands(in: .init(path: "README.md", text: text), targets: ["test"], verbs: ["record"])
        #expect(found.count == 1)
        #expect(found.first?.problem.hasSuffix(" fly") == true)
    }

    @Test(
        "what is no command passes",
        arguments: [
            "make sure that reprise flies", "```\nmake test # make fly\n```", "`make`", "`reprise --help`",
            "```\nreprise record -- fly\nreprise: fly\n```", "`make -j2 test A=1`", "`reprise VERB`",
        ])
    func whatIsNoCommandPasses(text: String) {
        let found = Self.commands(in: .init(path: "README.md", text: text), targets: ["test"], verbs: ["record"])
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func targetsAndVerbsAreReadFromTheirFiles() {
        let makefile = ".PHONY: a\na: b ## c\n\tmake: d\nlong-name:\nvalue := 1\n# note: e\n"
        #expect(Self.targets(ofMakefile: makefile) == ["a", "long-name"])
        let paths = ["Sources/RepriseCommands/RecordCommand.swift", "Sources/RepriseCommands/RepriseCommand.swift"]
        let others = ["Sources/RepriseCommands/FlyHighCommand.swift", "Sources/Other/FlyCommand.swift"]
        #expect(Self.verbs(inSources: paths + others) == ["record", "fly-high", "help"])
    }

    @Test func aLinkToNothingIsFound() {
        let text = """
            [a](here.md) [b](../there.md#part "title") ![c](https://example.org/x.png) [d](#part) [`e`](gone.md)
            [f](../../outside.md) [g](/absolute.md)
            [h]: gone-too.md
            """
        let files: Set = ["docs/here.md", "there.md"]
        let found = Self.brokenLinks(in: .init(path: "docs/a.md", text: text), exists: files.contains)
        #expect(found.map(\.line) == [1, 2, 2, 3])
        #expect(found.first?.problem == "link to gone.md, which does not exist")
    }
}
