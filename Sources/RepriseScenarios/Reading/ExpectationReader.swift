import MCPCore
import RepriseSimulation

/// Reads what must be observed and what must not, checked against the servers and steps of the same scenario.
struct ExpectationReader {
    let fields: YAMLFields
    let end: Instant
    let serverNames: [String]
    /// Those of them to which clients connect.
    let mcpServerNames: [String]
    /// The steps that have results.
    let ids: [String]
    let clientCount: Int
    /// The lines at which labels stand.
    var labelLines: [String: Int] = [:]
    /// The labels that entries come after, looked up when all are known.
    var references: [(label: String, item: YAMLItem)] = []

    init(_ reader: ScenarioReader, steps: [Scenario.Step]) {
        fields = reader.fields
        end = reader.end
        serverNames = reader.serverNames
        mcpServerNames = reader.mcpServerNames
        clientCount = reader.clientCount
        ids = steps.compactMap(\.id)
    }

    mutating func expectations() throws(ScenarioError) -> Expectations {
        var expectations = Expectations()
        guard let item = fields["expect"] else { return expectations }
        let kinds = ChannelKind.allCases.map(\.rawValue)
        let fields = try YAMLFields(item, "expect", keys: kinds + ["looks", "peaks"])
        // In the order of the file, so that the first error is the topmost.
        for (key, _, value) in try item.members("expectations") {
            if let kind = ChannelKind(rawValue: key) { expectations.channels += try channels(kind, value) }
        }
        expectations.looks = try looks(fields["looks"])
        expectations.peaks = try peaks(fields["peaks"])
        for (label, item) in references where labelLines[label] == nil {
            let labels = labelLines.sorted { $0.value < $1.value }.map(\.key)
            throw item.error(NearestWord.problem("no entry is called \(YAMLItem.quoted(label))", label, labels))
        }
        return expectations
    }

    private mutating func channels(
        _ kind: ChannelKind, _ item: YAMLItem
    ) throws(ScenarioError) -> [Expectations.ExpectedChannel] {
        var channels: [Expectations.ExpectedChannel] = []
        for (name, line, value) in try item.members(kind.isOfSteps ? "ids" : "servers") {
            try check(name, kind, line: line, in: item)
            guard kind.hasDetail else {
                channels.append(.init(channel: Channel(kind, name), content: try content(kind, value), line: line))
                continue
            }
            for (detail, line, value) in try value.members(kind.detailWords) {
                if kind.hasRoutes { try Self.checkRoute(detail, line: line, in: value) }
                let channel = Channel(kind, name, detail)
                channels.append(.init(channel: channel, content: try content(kind, value), line: line))
            }
        }
        return channels
    }

    /// Refuses a name that is no server, or no step's id.
    func check(_ name: String, _ kind: ChannelKind, line: Int, in item: YAMLItem) throws(ScenarioError) {
        let names = kind.isOfSteps ? ids : kind.hasRoutes ? serverNames : mcpServerNames
        guard !names.contains(name) else { return }
        let what = kind.isOfSteps ? "no step has the id" : "there is no server"
        throw ScenarioError(
            path: item.path, line: line, key: item.place.text,
            problem: NearestWord.problem("\(what) \(YAMLItem.quoted(name))", name, names))
    }

    static func checkRoute(_ route: String, line: Int, in item: YAMLItem) throws(ScenarioError) {
        let others = ["connect", "close", "read-past-end"] + MethodNames.httpRoutes
        guard let problem = MethodNames.problem(route, more: others) else { return }
        throw ScenarioError(path: item.path, line: line, key: item.place.text, problem: problem)
    }

    private mutating func content(_ kind: ChannelKind, _ item: YAMLItem) throws(ScenarioError) -> Expectations.Content {
        guard case .list(let items) = item.content else {
            return .count(try Self.range(item, "a number, a list, or {at-least: …, at-most: …}"))
        }
        var entries: [Expectations.Expected] = []
        var last = Instant.zero
        for item in items {
            let entry = try entry(kind, item)
            if let at = entry.at {
                guard at >= last else {
                    throw item.error("\(at) s stands after \(last) s; entries stand in order of time")
                }
                last = at
            }
            entries += try numbered(entry, item) ?? [entry]
        }
        guard kind.hasDetail, !items.isEmpty, entries.allSatisfy(\.isInstant) else { return .sequence(entries) }
        var instants: [(at: Instant, count: Int)] = []
        for entry in entries {
            guard let at = entry.at else { continue }
            if let last = instants.last, last.at == at {
                instants[instants.count - 1].count += entry.count
            } else {
                instants.append((at, entry.count))
            }
        }
        return .instants(instants)
    }

    /// A number that is met exactly, or its limits.
    static func range(_ item: YAMLItem, _ what: String) throws(ScenarioError) -> ClosedRange<Int> {
        guard case .mapping = item.content else {
            let count = try item.integer(in: 0...Int.max, what)
            return count...count
        }
        let fields = try YAMLFields(item, "a range", keys: ["at-least", "at-most"])
        let low = try fields["at-least"]?.integer(in: 0...Int.max)
        let high = try fields["at-most"]?.integer(in: 0...Int.max)
        guard low != nil || high != nil else { throw item.error("a range needs \"at-least\" or \"at-most\"") }
        guard low ?? 0 <= high ?? .max else { throw item.error("\"at-least\" is more than \"at-most\"") }
        return (low ?? 0)...(high ?? .max)
    }
}
