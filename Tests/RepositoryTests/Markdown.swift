/// What the checks want to know of a Markdown document: its commands and its links.
struct Markdown: Sendable {
    /// Lines inside fenced code blocks, and code spans in prose, where commands stand.
    var code: [(text: String, line: Int)] = []
    /// Targets of links and images, as written.
    var links: [(target: String, line: Int)] = []

    init(_ text: String) {
        var fence: String?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.trimmingSpaces
            if let open = fence {
                if trimmed.hasPrefix(open) { fence = nil } else { code.append((trimmed, index + 1)) }
            } else if trimmed.hasPrefix("```") || trimmed.hasPrefix("~~~") {
                fence = String(trimmed.prefix(3))
            } else if line.hasPrefix("    ") {
                code.append((trimmed, index + 1))
            } else {
                prose(line, number: index + 1)
            }
        }
    }

    private mutating func prose(_ line: Substring, number: Int) {
        let pieces = line.split(separator: "`", omittingEmptySubsequences: false)
        for index in pieces.indices {
            if index % 2 == 1 {
                code.append((pieces[index].trimmingSpaces, number))
            }
        }
        // A link may have code in its text, so that links are looked for in the whole line.
        var rest = line
        while let start = rest.firstRange(of: "](") {
            rest = rest[start.upperBound...]
            guard let end = rest.firstIndex(of: ")") else { break }
            let target = rest[..<end].split(separator: " ").first.map(String.init) ?? ""
            links.append((target, number))
        }
        if line.hasPrefix("["), let colon = line.firstRange(of: "]: ") {
            links.append((line[colon.upperBound...].trimmingSpaces, number))
        }
    }

    /// The commands of all code, each as its words: prompts, comments and leading variables are taken off.
    var commands: [(words: [String], line: Int)] {
        code.flatMap { code, line in
            code.split(separator: "#").first.map { commandLine in
                Self.split(commandLine).map { ($0, line) }
            } ?? []
        }
    }

    /// Cuts a line at `&&`, `||`, `|` and `;`.
    private static func split(_ line: Substring) -> [[String]] {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        let parts = words.split(whereSeparator: { ["&&", "||", "|", ";"].contains($0) })
        return parts.compactMap { part in
            let command = part.drop { $0 == "$" || $0 == "sudo" || ($0.contains("=") && !$0.hasPrefix("-")) }
            return command.isEmpty ? nil : Array(command)
        }
    }
}
