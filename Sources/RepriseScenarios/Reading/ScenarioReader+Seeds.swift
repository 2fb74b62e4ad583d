extension ScenarioReader {
    /// One seed, a range `A...B`, or a list of both; 1...10 when nothing is said.
    func seeds() throws(ScenarioError) -> [UInt64] {
        guard let item = fields["seeds"] else { return Array(1...10) }
        guard case .list(let items) = item.content else { return Array(try Self.range(item)) }
        if items.isEmpty { throw item.error("a scenario has at least one seed") }
        var seeds: [UInt64] = []
        var known: Set<UInt64> = []
        for item in items {
            for seed in try Self.range(item) {
                guard known.insert(seed).inserted else { throw item.error("the seed \(seed) stands twice") }
                seeds.append(seed)
            }
            guard seeds.count <= SeedRange.countMax else {
                throw item.error("a scenario has at most \(SeedRange.countMax) seeds")
            }
        }
        return seeds
    }

    private static func range(_ item: YAMLItem) throws(ScenarioError) -> ClosedRange<UInt64> {
        let text = try item.text("a seed, or seeds such as 1...20")
        do { return try SeedRange(text).seeds } catch { throw item.error(error.problem) }
    }
}
