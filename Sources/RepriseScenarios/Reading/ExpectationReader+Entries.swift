import MCPCore
import RepriseSimulation

extension ExpectationReader {
    /// Equal entries stand for at most so many observations.
    static let entryCountMax = 1_000_000_000

    mutating func entry(_ kind: ChannelKind, _ item: YAMLItem) throws(ScenarioError) -> Expectations.Expected {
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
        case .wire: try request(fields, &entry)
        case .notifications:
            entry.method = try fields["method"]?.text("a method")
            if let item = entry.method == nil ? nil : fields["method"],
                let problem = MethodNames.problem(entry.method ?? "")
            {
                throw item.error(problem)
            }
            entry.data = fields["data"]?.json
        case .progress:
            entry.progress = try fields["progress"].map { item throws(ScenarioError) in
                Double(try item.integer(in: 0...1_000_000_000, "a number"))
            }
        case .notices: entry.notice = try fields["kind"]?.word("kind of notice")
        case .statuses: entry.status = try fields["status"]?.integer(in: 100...599, "an HTTP status")
        case .effects, .pushed: break
        }
        return entry
    }

    /// What a request over HTTP carries; `none` says that it does not.
    private func request(_ fields: YAMLFields, _ entry: inout Expectations.Expected) throws(ScenarioError) {
        entry.token = try fields["token"].map { item throws(ScenarioError) in
            item.isNone ? .nothing : .value(try item.text("the name of a token, or none"))
        }
        entry.resumes = try fields["resumes"].map { item throws(ScenarioError) in
            item.isNone ? .nothing : .value(try item.text("a stream with a number, such as push 5, or none"))
        }
        entry.session = try fields["session"].map { item throws(ScenarioError) in
            item.isNone ? .nothing : .value(try item.integer(in: 0...Int.max, "the number of a session, or none"))
        }
    }

    /// The entries that one with `data: 1...5` stands for; nil for any other.
    func numbered(
        _ entry: Expectations.Expected, _ item: YAMLItem
    ) throws(ScenarioError) -> [Expectations.Expected]? {
        guard let data = item["data"], case .scalar(let text, isPlain: true) = data.content, text.contains("..."),
            let range = try? SeedRange(text).seeds, range.upperBound <= Int.max
        else { return nil }
        try YAMLFields(item, "an entry", keys: ChannelKind.notifications.entryKeys).refuse(
            ["times", "as", "after"], beside: "data: \(text)")
        return range.map { number in
            var entry = entry
            entry.data = .int(Int(number))
            return entry
        }
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

extension YAMLItem {
    /// Whether it is the word for what is not there.
    fileprivate var isNone: Bool {
        if case .scalar("none", isPlain: true) = content { true } else { false }
    }
}

extension Expectations.Expected {
    /// Whether it says nothing but when, and how often.
    var isInstant: Bool {
        at != nil && label == nil && after == nil && token == nil && resumes == nil && session == nil && status == nil
    }
}
