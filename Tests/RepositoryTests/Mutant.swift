/// A small fault of Tests/Mutants/mutants.txt: one line of a source file that becomes another.
struct Mutant: Sendable {
    /// Where its record begins.
    var recordLine: Int
    var fields: [String: String]

    private static let required: Set = ["mutant", "file", "line", "with", "kills", "why"]
    private static let optional: Set = ["below"]

    var name: String { fields["mutant"] ?? "" }
    var kills: [String] { (fields["kills"] ?? "").split(separator: ", ").map(String.init) }

    /// The records of a file: lines of `key: value` with an empty line after each; lines that begin with # do not count.
    static func all(in file: SourceFile) -> [Mutant] {
        var mutants: [Mutant] = []
        var current: Mutant?
        for (index, line) in (file.lines + [""]).enumerated() where !line.hasPrefix("#") {
            if line.isEmpty {
                current.map { mutants.append($0) }
                current = nil
            } else {
                let key = line.prefix { $0 != ":" }
                current = current ?? Mutant(recordLine: index + 1, fields: [:])
                current?.fields[String(key)] = line.dropFirst(key.count + 1).trimmingSpaces
            }
        }
        return mutants
    }

    /// Why it cannot be applied; nil if it can.
    func problem(in files: [SourceFile], scenarios: Set<String>) -> String? {
        let keys = Set(fields.keys)
        guard keys.isSuperset(of: Self.required), keys.isSubset(of: Self.required.union(Self.optional)),
            let path = fields["file"], let line = fields["line"], let with = fields["with"]
        else { return "its keys are \(keys.sorted().joined(separator: ", "))" }
        if let unknown = kills.first(where: { !scenarios.contains($0) }) { return "there is no scenario \(unknown)" }
        if line == with { return "it changes nothing" }
        guard let file = files.first(where: { $0.path == path && $0.isUnder("Sources") }) else {
            return "there is no \(path)"
        }
        let lines = file.lines.map(\.trimmingSpaces)
        let places = lines.indices.filter { lines[$0] == line }
        guard let below = fields["below"] else {
            return places.count == 1 ? nil : "its line stands \(places.count) times in \(path)"
        }
        let starts = lines.indices.filter { lines[$0] == below }
        guard starts.count == 1 else { return "the line above it stands \(starts.count) times in \(path)" }
        return places.contains { $0 > starts[0] } ? nil : "its line does not stand there in \(path)"
    }
}
