import MCPCore
import RepriseSimulation

extension ScenarioReader {
    static let httpKeys = [
        "sessions", "answers", "event-ids", "retry", "closes-calls-after", "pushes", "session-ends", "rules",
        "protected-by",
    ]
    static let ruleKeys = ["route", "resuming", "from", "until", "skip", "count", "status", "headers", "body"]
    /// A server sends at most so many notifications at one instant.
    static let pushCountMax = 1_000_000

    /// How a server behaves over HTTP; nothing but the key stands for the defaults.
    func http(_ item: YAMLItem) throws(ScenarioError) -> HTTPBehaviour {
        var http = HTTPBehaviour()
        if case .scalar("", isPlain: true) = item.content { return http }
        let fields = try YAMLFields(item, "http", keys: Self.httpKeys + Self.protectionKeys)
        if let item = fields["sessions"] { http.hasSessions = try item.boolean() }
        if let item = fields["answers"] { http.answers = try item.word("kind of answers") }
        if let item = fields["event-ids"] { http.hasEventIDs = try item.boolean() }
        http.retry = try fields["retry"]?.duration()
        http.closesCallsAfter = try fields["closes-calls-after"]?.duration()
        for item in try fields["pushes"]?.list("pushes") ?? [] { http.pushes.append(try push(item)) }
        for item in try fields["session-ends"]?.list("instants") ?? [] {
            http.sessionEnds.append(try item.instant(notAfter: end))
        }
        for item in try fields["rules"]?.list("rules") ?? [] { http.rules.append(try rule(item)) }
        http.protection = try protection(fields)
        return http
    }

    /// An instant, or one with a count.
    private func push(_ item: YAMLItem) throws(ScenarioError) -> HTTPBehaviour.Push {
        guard case .mapping = item.content else { return .init(at: try item.instant(notAfter: end)) }
        let fields = try YAMLFields(item, "a push", keys: ["at", "count"])
        return .init(
            at: try fields.required("at").instant(notAfter: end),
            count: try fields["count"]?.integer(in: 1...Self.pushCountMax, "a number of notifications") ?? 1)
    }

    private func rule(_ item: YAMLItem) throws(ScenarioError) -> ResponseRule {
        let fields = try YAMLFields(item, "a rule", keys: Self.ruleKeys)
        var rule = ResponseRule(status: try fields.required("status").integer(in: 200...599, "an HTTP status"))
        if let item = fields["route"] { rule.route = try Self.route(item) }
        rule.isResuming = try fields["resuming"]?.boolean()
        (rule.from, rule.until) = try stretch(fields)
        if let item = fields["skip"] { rule.skip = try item.integer(in: 0...Int.max, "a number of requests") }
        rule.count = try fields["count"]?.integer(in: 1...Int.max, "a number of uses")
        if let item = fields["headers"] {
            rule.headers = try Self.headers(item).map { .init($0.name, $0.value) }
        }
        if let item = fields["body"] { rule.body = try item.textOrNothing("a body") }
        return rule
    }

    /// `from`, and `until` after it.
    func stretch(_ fields: YAMLFields) throws(ScenarioError) -> (from: Instant, until: Instant?) {
        let from = try fields["from"]?.instant(notAfter: end) ?? .zero
        guard let item = fields["until"] else { return (from, nil) }
        let until = try item.instant()
        guard until > from else { throw item.error("\(until) s is not after \"from\", \(from) s") }
        return (from, until)
    }

    /// What a scenario calls a request over HTTP: a method of MCP, or one of the words for other requests.
    static func route(_ item: YAMLItem) throws(ScenarioError) -> String {
        let route = try item.text("a route")
        if let problem = MethodNames.problem(route, more: MethodNames.httpRoutes) { throw item.error(problem) }
        return route
    }

    /// Names and values of headers, as HTTP allows them (RFC 9110, section 5).
    static func headers(_ item: YAMLItem) throws(ScenarioError) -> [Scenario.Header] {
        var headers: [Scenario.Header] = []
        for (name, line, value) in try item.members("headers") {
            guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else {
                throw ScenarioError(
                    path: item.path, line: line, key: item.place.text,
                    problem: "\(YAMLItem.quoted(name)) is no name of a header")
            }
            let text = try value.text("the value of a header")
            guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw value.error("a header's value has no control characters")
            }
            headers.append(.init(name, text))
        }
        return headers
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
