/// Which module may import what, as docs/ARCHITECTURE.md says it.
struct ArchitectureTable: Sendable {
    /// The names in the last column, by module.
    var imports: [String: Set<String>] = [:]
    /// What test targets may import besides the modules of the table.
    var testImports: Set<String> = []

    static let path = "docs/ARCHITECTURE.md"

    /// Takes the rows under `| module | holds | may import |` and the line that begins `Test targets may import`.
    ///
    /// Only names in back quotes count in the last column, so that a cell may say a word about itself.
    init(_ text: String) {
        var isInTable = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("Test targets may import") { testImports = Self.quoted(line) }
            let cells = line.split(separator: "|").map { $0.trimmingSpaces }
            if cells == ["module", "holds", "may import"] {
                isInTable = true
            } else if !line.hasPrefix("|") {
                isInTable = false
            } else if isInTable, cells.count == 3, !cells[0].allSatisfy({ $0 == "-" || $0 == ":" }) {
                imports[cells[0]] = Self.quoted(Substring(cells[2]))
            }
        }
    }

    /// `nil` if nothing is known of the module. A test target may import every module, and test targets too.
    func allowed(for module: String, isTest: Bool, testModules: Set<String> = []) -> Set<String>? {
        if isTest { return testImports.union(imports.keys).union(testModules) }
        return imports[module]
    }

    private static func quoted(_ line: Substring) -> Set<String> {
        let pieces = line.split(separator: "`", omittingEmptySubsequences: false)
        return Set(pieces.indices.filter { $0 % 2 == 1 }.map { String(pieces[$0]) })
    }
}

extension Substring {
    /// Without spaces and tabs at either end.
    var trimmingSpaces: String {
        var rest = self
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return String(rest)
    }
}
