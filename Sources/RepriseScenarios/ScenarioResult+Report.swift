extension ScenarioResult {
    /// What to tell of a case that failed: the first mismatch, the transcript around it, and the command, each a line.
    ///
    /// The last line is the command that runs exactly this case again.
    public var report: String {
        guard let first = mismatches.first else { return "\(name) seed \(seed) passed" }
        var lines = ["\(name) seed \(seed): \(first)"]
        if mismatches.count > 1 {
            lines.append("and \(mismatches.count - 1) more, the next: \(mismatches[1])")
        }
        let excerpt = excerpt()
        if !excerpt.isEmpty {
            lines.append("transcript around it:")
            lines += excerpt.map { "  \($0)" }
        }
        lines.append(command)
        return lines.joined(separator: "\n")
    }

    /// Lines of the transcript around the first mismatch: so many before its instant is over, a few after it.
    public func excerpt(before: Int = 12, after: Int = 4) -> [String] {
        var end = events.count
        if let at = mismatches.first?.at { end = events.firstIndex { $0.at > at } ?? events.count }
        return events[max(0, end - before)..<min(events.count, end + after)].map { "\($0)" }
    }
}
