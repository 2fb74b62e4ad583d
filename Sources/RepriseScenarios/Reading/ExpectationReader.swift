import MCPCore
import RepriseSimulation

/// Reads what must be observed and what must not, checked against the servers and steps of the same scenario.
struct ExpectationReader {
    let fields: YAMLFields
    let end: Instant
    let serverNames: [String]
    /// The steps that have results.
    let ids: [String]
    let clientCount: Int
    /// The lines at which labels stand.
    private var labelLines: [String: Int] = [:]
    /// The labels that entries come after, looked up when all are known.
    private var references: [(label: String, item: YAMLItem)] = []

    init(_ reader: ScenarioReader, steps: [Scenario.Step]) {
        fields = reader.fields
        end = reader.end
        serverNames = reader.serverNames
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
        for (name, line, value) in try item.members(kind == .results ? "ids" : "servers") {
            try check(name, kind, line: line, in: item)
            guard kind.hasDetail else {
                channels.append(.init(channel: Channel(kind, name), content: try content(kind, value), line: line))
                continue
            }
            for (detail, line, value) in try value.members(kind == .wire ? "routes" : "tools") {
                if kind == .wire { try Self.checkRoute(detail, line: line, in: value) }
                let channel = Channel(kind, name, detail)
                channels.append(.init(channel: channel, content: try content(kind, value), line: line))
            }
        }
        return channels
    }

    /// Refuses a name that is no server, or no step's id.
    private func check(_ name: String, _ kind: ChannelKind, line: Int, in item: YAMLItem) throws(ScenarioError) {
        let names = kind == .results ? ids : serverNames
        guard !names.contains(name) else { return }
        let what = kind == .results ? "no step has the id" : "there is no server"
        throw ScenarioError(
            path: item.path, line: line, key: item.place.text,
            problem: NearestWord.problem("\(what) \(YAMLItem.quoted(name))", name, names))
    }

    private static func checkRoute(_ route: String, line: Int, in item: YAMLItem) throws(ScenarioError) {
        guard let problem = MethodNames.problem(route, more: ["connect", "close", "read-past-end"]) else { return }
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
            entries.append(entry)
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
    private static func range(_ item: YAMLItem, _ what: String) throws(ScenarioError) -> ClosedRange<Int> {
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

extension ExpectationReader {
    /// Equal entries stand for at most so many observations.
    static let entryCountMax = 1_000_000_000

    private mutating func entry(_ kind: ChannelKind, _ item: YAMLItem) throws(ScenarioError) -> Expectations.Expected {
        var entry = Expectations.Expected(line: item.line)
        if kind.hasDetail, case .scalar = item.content {
            entry.at = try item.instant(notAfter: end)
            return entry
        }
        let fields = try YAMLFields(item, "an entry of \(kind.rawValue)", keys: kind.entryKeys)
        entry.at = try fields["at"]?.instant(notAfter: end)
        if let item = fields[kind.hasDetail ? "count" : "times"] {
            entry.count = try item.integer(in: 1...Self.entryCountMax, "a number of observations")
        }
        if let item = fields["as"] {
            let label = try item.text("a label")
            if let line = labelLines[label] {
                throw item.error("the label \(YAMLItem.quoted(label)) stands in line \(line) too")
            }
            labelLines[label] = item.line
            entry.label = label
        }
        if let item = fields["after"] {
            let label = try item.text("a label")
            if entry.label == label { throw item.error("an entry does not come after itself") }
            references.append((label, item))
            entry.after = label
        }
        switch kind {
        case .states: try state(fields, &entry)
        case .tools: entry.toolCount = try fields["count"]?.integer(in: 0...Int.max, "a number of tools")
        case .results: try result(fields, &entry)
        case .wire, .effects: break
        }
        return entry
    }

    private func state(_ fields: YAMLFields, _ entry: inout Expectations.Expected) throws(ScenarioError) {
        let state: ServerState = try fields.required("state").word("state")
        entry.state = state
        if state != .pending { try fields.refuse(["attempt"], beside: "state: \(state.rawValue)") }
        if state != .failed { try fields.refuse(["reason", "will-retry"], beside: "state: \(state.rawValue)") }
        entry.attempt = try fields["attempt"]?.integer(in: 0...Int.max, "a number of attempts")
        entry.reason = try fields["reason"]?.word("reason")
        entry.willRetry = try fields["will-retry"]?.boolean()
    }

    private func result(_ fields: YAMLFields, _ entry: inout Expectations.Expected) throws(ScenarioError) {
        let keys = ["result", "error", "settled"].filter { fields[$0] != nil }
        if let first = keys.first { try fields.refuse(Array(keys.dropFirst()), beside: first) }
        entry.result = fields["result"]?.json
        entry.error = try fields["error"]?.name("error", of: Outcome.errorWords)
        guard let item = fields["settled"] else { return }
        var states: [String: ServerState] = [:]
        for (name, line, value) in try item.members("servers") {
            try check(name, .states, line: line, in: item)
            states[name] = try value.word("state")
        }
        // In the order of the servers, as they are observed.
        entry.settled = serverNames.compactMap { name in states[name].map { .init(server: name, state: $0) } }
    }
}

extension ExpectationReader {
    private func looks(_ item: YAMLItem?) throws(ScenarioError) -> [Expectations.Look] {
        var looks: [Expectations.Look] = []
        let shown = ["state", "attempt", "tools", "timers"]
        for item in try item?.list("looks") ?? [] {
            let fields = try YAMLFields(item, "a look", keys: ["at", "server", "clients"] + shown)
            guard shown.contains(where: { fields[$0] != nil }) else {
                throw item.error("a look needs one of the keys \(shown.joined(separator: ", "))")
            }
            looks.append(
                Expectations.Look(
                    at: try fields.required("at").instant(notAfter: end),
                    server: try fields.required("server").name("server", of: serverNames),
                    state: try fields["state"]?.word("state"),
                    attempt: try fields["attempt"]?.integer(in: 0...Int.max, "a number of attempts"),
                    toolCount: try fields["tools"]?.integer(in: 0...Int.max, "a number of tools"),
                    timerCount: try fields["timers"]?.integer(in: 0...Int.max, "a number of timers"),
                    clientCount: try fields["clients"].map { item throws(ScenarioError) in
                        try Self.range(item, "a number of clients, or {at-least: …, at-most: …}")
                    }, line: item.line))
        }
        return looks
    }

    private func peaks(_ item: YAMLItem?) throws(ScenarioError) -> [Expectations.Peak] {
        var peaks: [Expectations.Peak] = []
        for item in try item?.list("peaks") ?? [] {
            let fields = try YAMLFields(item, "a peak", keys: ["server", "route", "bucket", "at-most"])
            let route = try fields.required("route")
            try Self.checkRoute(try route.text("a route"), line: route.line, in: route)
            let bucket = try fields.required("bucket")
            let length = try bucket.duration()
            guard length > .zero else { throw bucket.error("a bucket is longer than 0") }
            peaks.append(
                Expectations.Peak(
                    server: try fields.required("server").name("server", of: serverNames),
                    route: try route.text("a route"), bucket: length,
                    atMost: try fields.required("at-most").integer(in: 0...Int.max), line: item.line))
        }
        return peaks
    }

    /// What must never be observed, in the order of the file.
    func prohibitions() throws(ScenarioError) -> [Prohibition] {
        var prohibitions: [Prohibition] = []
        let kinds = ChannelKind.allCases.map(\.rawValue)
        for item in try fields["never"]?.list("prohibitions") ?? [] {
            let fields = try YAMLFields(item, "never", keys: kinds + ["state", "from", "until"])
            let (key, value) = try fields.exactlyOne(of: kinds, "never")
            guard let kind = ChannelKind(rawValue: key) else { continue }
            if kind != .states { try fields.refuse(["state"], beside: key) }
            let from = try fields["from"]?.instant(notAfter: end) ?? .zero
            let until = try fields["until"]?.instant() ?? end
            guard until >= from else {
                throw fields.item.error("\"until\", \(until) s, is before \"from\", \(from) s")
            }
            prohibitions.append(
                Prohibition(
                    channel: try channel(kind, value), state: try fields["state"]?.word("state"), from: from,
                    until: until, line: item.line))
        }
        return prohibitions
    }

    /// `files`, or with a detail `files connect`.
    private func channel(_ kind: ChannelKind, _ item: YAMLItem) throws(ScenarioError) -> Channel {
        let what = kind == .results ? "the id of a step" : kind.hasDetail ? "a server and a name" : "a server"
        let words = try item.text(what).split(separator: " ", maxSplits: 1).map(String.init)
        guard let name = words.first, words.count == 1 || kind.hasDetail else {
            throw item.error("expected \(what), got \(item.kind)")
        }
        try check(name, kind, line: item.line, in: item)
        guard words.count == 2 else { return Channel(kind, name) }
        if kind == .wire { try Self.checkRoute(words[1], line: item.line, in: item) }
        return Channel(kind, name, words[1])
    }
}

extension ChannelKind {
    /// Whether its channels have a route or a tool beside the server.
    var hasDetail: Bool { self == .wire || self == .effects }

    /// Whether each client has channels of its own; otherwise all clients share them.
    var isOfEachClient: Bool { !hasDetail }

    fileprivate var entryKeys: [String] {
        switch self {
        case .states: ["at", "state", "attempt", "reason", "will-retry", "times", "as", "after"]
        case .tools: ["at", "count", "times", "as", "after"]
        case .results: ["at", "result", "error", "settled", "times", "as", "after"]
        case .wire, .effects: ["at", "count", "as", "after"]
        }
    }
}

extension Expectations.Expected {
    /// Whether it says nothing but when, and how often.
    fileprivate var isInstant: Bool { at != nil && label == nil && after == nil }
}
