extension ScenarioReader {
    /// One number, a range `A...B`, or a list of both; 1...10 when nothing is said.
    func seeds() throws(ScenarioError) -> [UInt64] {
        guard let item = fields["seeds"] else { return Array(1...10) }
        guard case .list(let items) = item.content else { return try Self.seeds(item) }
        if items.isEmpty { throw item.error("a scenario has at least one seed") }
        var seeds: [UInt64] = []
        var known: Set<UInt64> = []
        for item in items {
            for seed in try Self.seeds(item) {
                guard known.insert(seed).inserted else { throw item.error("the seed \(seed) stands twice") }
                seeds.append(seed)
            }
            guard seeds.count <= Scenario.seedCountMax else { throw Self.tooMany(item) }
        }
        return seeds
    }

    private static func seeds(_ item: YAMLItem) throws(ScenarioError) -> [UInt64] {
        let text = try item.text("a seed, or seeds such as 1...20")
        let parts = text.split(separator: "...", maxSplits: 1, omittingEmptySubsequences: false)
        var bounds: [UInt64] = []
        for part in parts {
            let digits = part.drop { $0 == " " }
            guard YAMLItem.isInteger(String(digits)) else {
                throw item.error("expected a seed, or seeds such as 1...20, got \(item.kind)")
            }
            guard let bound = UInt64(digits) else { throw item.error("a seed is from 0 to \(UInt64.max), got \(text)") }
            bounds.append(bound)
        }
        guard bounds.count == 2 else { return bounds }
        guard bounds[0] <= bounds[1] else {
            throw item.error("the seeds are turned round; did you mean \"\(bounds[1])...\(bounds[0])\"?")
        }
        guard bounds[1] - bounds[0] < Scenario.seedCountMax else { throw tooMany(item) }
        return Array(bounds[0]...bounds[1])
    }

    private static func tooMany(_ item: YAMLItem) -> ScenarioError {
        item.error("a scenario has at most \(Scenario.seedCountMax) seeds")
    }
}
