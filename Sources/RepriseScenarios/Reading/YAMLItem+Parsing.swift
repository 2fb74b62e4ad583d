import Yams

extension YAMLItem {
    /// A scenario's file has at most so many bytes.
    static let byteCountMax = 1 << 20
    /// Lists and mappings stand within each other at most so deep.
    static let depthMax = 32

    /// Reads a file with exactly one document; a ``ScenarioError`` names what YAML or this format does not allow.
    init(yaml: String, path: String) throws(ScenarioError) {
        func failure(_ line: Int, _ problem: String) -> ScenarioError {
            ScenarioError(path: path, line: line, key: "", problem: problem)
        }
        guard yaml.utf8.count <= Self.byteCountMax else {
            throw failure(1, "\(yaml.utf8.count) bytes; a scenario has at most \(Self.byteCountMax)")
        }
        // Before the parser sees them: as keys, a few aliases within each other would keep it busy for ever.
        if let line = Self.lineOfAnchorWithAlias(in: yaml) { throw failure(line, Self.anchorProblem) }
        let parser: Parser
        let root: Node?
        do {
            parser = try Parser(yaml: yaml, resolver: .basic, encoding: .utf8)
            root = try parser.singleRoot()
        } catch let error as YamlError {
            let (line, problem) = Self.explanation(of: error, in: yaml)
            throw failure(min(line, Self.lineCount(of: yaml)), problem)
        } catch {
            throw failure(1, "is no YAML: \(error)")
        }
        guard let root else { throw failure(1, "the file is empty") }
        // Nodes hold their anchors weakly; the parser owns them.
        self = try withExtendedLifetime(parser) { () throws(ScenarioError) in
            try Self(root, path: path, line: 1, place: .top, depth: 0)
        }
        if case .scalar("", isPlain: true) = content { throw failure(1, "the file is empty") }
    }

    private static let anchorProblem = "anchors and aliases (&, *) are not read; write the value out, or quote it"
    private static let depthProblem = "lists and mappings stand within each other at most \(depthMax) deep"

    private init(_ node: Node, path: String, line: Int, place: Place, depth: Int) throws(ScenarioError) {
        self.path = path
        self.line = node.mark?.line ?? line
        self.place = place
        content = .list([])
        guard node.anchor == nil else { throw error(Self.anchorProblem) }
        let tag: Tag
        switch node {
        case .scalar(let scalar):
            tag = scalar.tag
            content = .scalar(scalar.string, isPlain: scalar.style == .plain || scalar.style == .any)
        case .sequence(let sequence):
            tag = sequence.tag
            try checkDepth(depth)
            var items: [YAMLItem] = []
            items.reserveCapacity(sequence.count)
            for (index, node) in sequence.enumerated() {
                items.append(
                    try Self(node, path: path, line: self.line, place: .index(index, in: place), depth: depth + 1))
            }
            content = .list(items)
        case .mapping(let mapping):
            tag = mapping.tag
            try checkDepth(depth)
            content = .mapping(try members(of: mapping, depth: depth))
        case .alias:
            throw error(Self.anchorProblem)
        }
        // The parser itself tags what is quoted as text.
        if case .scalar(_, isPlain: false) = content, tag.description == Tag(.str).description { return }
        guard tag.description.isEmpty else { throw error("tags (\(Self.shortened(tag.description))) are not read") }
    }

    private func members(
        of mapping: Node.Mapping, depth: Int
    ) throws(ScenarioError) -> [(key: String, line: Int, value: YAMLItem)] {
        var members: [(key: String, line: Int, value: YAMLItem)] = []
        members.reserveCapacity(mapping.count)
        for (key, value) in mapping {
            guard case .scalar(let name) = key, name.anchor == nil else {
                throw ScenarioError(
                    path: path, line: key.mark?.line ?? line, key: place.text, problem: "a key has to be plain text")
            }
            let line = key.mark?.line ?? line
            let item = try Self(
                value, path: path, line: line, place: .key(name.string, in: place), depth: depth + 1)
            members.append((name.string, line, item))
        }
        return members
    }

    private func checkDepth(_ depth: Int) throws(ScenarioError) {
        if depth >= Self.depthMax {
            throw error(Self.depthProblem)
        }
    }
}

extension YAMLItem {
    /// The line of the first anchor, if there are aliases too; may take for them what stands in quotes or comments.
    private static func lineOfAnchorWithAlias(in yaml: String) -> Int? {
        var line = 1
        var anchorLine: Int?
        var hasAlias = false
        var previous = UInt8(ascii: " ")
        // The mark that the previous byte may be: what an anchor or alias cannot follow is a letter or a digit.
        var mark: UInt8?
        for byte in yaml.utf8 {
            if let found = mark, isNameByte(byte) {
                if found == UInt8(ascii: "&") { anchorLine = anchorLine ?? line } else { hasAlias = true }
            }
            let isMark = byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*")
            mark = isMark && !isLetterOrDigit(previous) ? byte : nil
            if byte == UInt8(ascii: "\n") { line += 1 }
            previous = byte
        }
        return hasAlias ? anchorLine : nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// Line and words for what the parser found.
    private static func explanation(of error: YamlError, in yaml: String) -> (line: Int, problem: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
            if isIndentedByTab(line: mark.line, of: yaml) {
                return (mark.line, "a tab stands before the text; YAML wants spaces")
            }
            if problem.contains("nesting level") { return (mark.line, depthProblem) }
            return (mark.line, "is no YAML: \(problem)")
        case .composer(_, let problem, let mark, _):
            if problem.contains("document") {
                return (mark.line, "a second document begins; a file holds one scenario")
            }
            return (mark.line, "is no YAML: \(problem)")
        case .duplicatedKeysInMapping(let names, let context):
            return (context.mark.line, "the key \(quoted(names.first ?? "")) stands twice in a mapping")
        case .reader(let problem, let offset, _, _):
            let line = offset.map { 1 + yaml.prefix($0).filter(\.isNewline).count } ?? 1
            return (line, "is no YAML: \(problem)")
        case .memory: return (1, depthProblem)
        default: return (1, "is no YAML: \(error)")
        }
    }

    /// Lines as YAML counts them, an empty one at the end left out: the parser reports an early end on a line after it.
    private static func lineCount(of yaml: String) -> Int {
        var count = 1
        var isAtStart = false
        var previous: Unicode.Scalar = " "
        for scalar in yaml.unicodeScalars {
            if isAtStart, !(previous == "\r" && scalar == "\n") { count += 1 }
            isAtStart = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
            previous = scalar
        }
        return count
    }

    private static func isIndentedByTab(line: Int, of yaml: String) -> Bool {
        let lines = yaml.split(separator: "\n", maxSplits: line, omittingEmptySubsequences: false)
        guard line >= 1, line <= lines.count else { return false }
        return lines[line - 1].prefix { $0 == " " || $0 == "\t" }.contains("\t")
    }
}
