/// What docs/COVERAGE.md says.
struct CoveragePage: Sendable {
    /// One id of the page.
    struct Entry: Equatable, Sendable {
        var id: String
        var name: String
        var isMissing: Bool
        /// The tests and scenarios that the page gives as its proof.
        var proofs: [String]
    }

    /// In the order of the page.
    var entries: [Entry] = []
    /// Proven and known, by the first cell of each row of the table at the top.
    var totals: [String: [Int]] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            if let found = line.wholeMatch(of: /- ([A-Z]{1,2}-[0-9]+) (.+?)(: \*\*missing\*\*)?/) {
                let isMissing = found.3 != nil
                entries.append(.init(id: String(found.1), name: String(found.2), isMissing: isMissing, proofs: []))
            } else if line.hasPrefix("  - "), !entries.isEmpty {
                entries[entries.count - 1].proofs.append(String(line.dropFirst(4)))
            } else if let found = line.wholeMatch(of: /\| ([A-Za-z]+) \|.*\| ([0-9]+) \| ([0-9]+) \|/) {
                totals[String(found.1)] = [found.2, found.3].compactMap { Int($0) }
            }
        }
    }

    /// Where the page says something else than the tests and scenarios do, and than it says itself.
    func problems(proofs: [Proof], known: [CoveragePage.Entry]) -> [String] {
        var problems: [String] = []
        if entries.map({ [$0.id, $0.name] }) != known.map({ [$0.id, $0.name] }) {
            problems.append("its ids and their names are not those of Tests/Coverage/ids.tsv")
        }
        for entry in entries {
            let declared = Set(proofs.filter { $0.ids.contains(entry.id) }.map(\.name))
            problems += Set(entry.proofs).subtracting(declared).sorted().map { "\(entry.id): \($0) does not name it" }
            problems += declared.subtracting(entry.proofs).sorted().map { "\(entry.id): \($0) names it" }
            if entry.isMissing != entry.proofs.isEmpty { problems.append("\(entry.id): missing, or proven?") }
        }
        let unknown = Set(proofs.flatMap(\.ids)).subtracting(entries.map(\.id)).sorted()
        problems += unknown.map { "\($0): named, but not on the page" }
        for (family, ids) in Dictionary(grouping: entries, by: { $0.id.prefix { $0 != "-" } }).sorted(by: {
            $0.key < $1.key
        }) {
            problems += wrongTotal(String(family), ids)
        }
        return problems + wrongTotal("all", entries)
    }

    private func wrongTotal(_ row: String, _ ids: [Entry]) -> [String] {
        let expected = [ids.count { !$0.proofs.isEmpty }, ids.count]
        return totals[row] == expected ? [] : ["\(row): the total is \(expected)"]
    }

    /// The ids of Tests/Coverage/ids.tsv, each with its name.
    static func known(_ text: String) -> [Entry] {
        text.split(separator: "\n").map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            return Entry(id: cells[0], name: cells.dropFirst().joined(separator: "\t"), isMissing: true, proofs: [])
        }
    }
}
