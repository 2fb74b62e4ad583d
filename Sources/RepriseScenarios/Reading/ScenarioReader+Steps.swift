import MCPCore
import MCPWire

extension ScenarioReader {
    static let actionKeys = [
        "enable", "disable", "reconnect", "begin-sign-in", "sign-in", "call", "settle", "ready",
    ]
    /// What can stand beside `at` and each action.
    private static let companions = [
        "reconnect": ["id"], "call": ["server", "id", "arguments", "count", "timeout", "on-failure", "progress"],
        "settle": ["timeout"], "ready": ["id"],
    ]

    static let clientKeys = ["clock-skew", "proactive-refresh", "steps"]

    /// Where the steps stand: under `client` itself, or with what else is said of clients, under `steps` in it.
    private func clientFields() throws(ScenarioError) -> (fields: YAMLFields?, steps: YAMLItem?) {
        guard let item = fields["client"], case .mapping = item.content else { return (nil, fields["client"]) }
        let fields = try YAMLFields(item, "the client", keys: Self.clientKeys)
        return (fields, fields["steps"])
    }

    /// What the clients are like.
    func client() throws(ScenarioError) -> Scenario.Client {
        var client = Scenario.Client()
        guard let fields = try clientFields().fields else { return client }
        if let item = fields["clock-skew"] { client.clockSkew = try item.difference() }
        if let item = fields["proactive-refresh"] { client.refreshesProactively = try item.boolean() }
        return client
    }

    /// What every client does, in the order of the file.
    func steps() throws(ScenarioError) -> [Scenario.Step] {
        var steps: [Scenario.Step] = []
        var lines: [String: Int] = [:]
        for item in try clientFields().steps?.list("steps") ?? [] {
            let step = try step(item)
            if let id = step.id {
                if let line = lines[id] { throw item.error("the id \(YAMLItem.quoted(id)) stands in line \(line) too") }
                lines[id] = item.line
            }
            steps.append(step)
        }
        return steps
    }

    private func step(_ item: YAMLItem) throws(ScenarioError) -> Scenario.Step {
        let others = ["at", "server", "id", "arguments", "count", "timeout", "on-failure", "progress"]
        let fields = try YAMLFields(item, "a step", keys: Self.actionKeys + others)
        let (key, value) = try fields.exactlyOne(of: Self.actionKeys, "a step")
        let companions = Self.companions[key] ?? []
        try fields.refuse(others.filter { $0 != "at" && !companions.contains($0) }, beside: key)
        let at = try fields.required("at").instant(notAfter: end)
        return Scenario.Step(at: at, action: try action(key, value, fields), line: item.line)
    }

    private func action(
        _ key: String, _ value: YAMLItem, _ fields: YAMLFields
    ) throws(ScenarioError) -> Scenario.Action {
        switch key {
        case "call": return .call(try call(value, fields))
        case "settle":
            return .settle(id: try Self.id(value), timeout: try fields.required("timeout").duration())
        case "sign-in":
            guard case .mapping = value.content else {
                let server = try value.name("server", of: mcpServerNames)
                return protectedNames.contains(server)
                    ? .signIn(server: server) : .completeSignIn(server: server, succeeded: true)
            }
            let fields = try YAMLFields(value, "sign-in", keys: ["server", "succeeded"])
            return .completeSignIn(
                server: try fields.required("server").name("server", of: mcpServerNames),
                succeeded: try fields["succeeded"]?.boolean() ?? true)
        default: break
        }
        let server = try value.name("server", of: mcpServerNames)
        switch key {
        case "enable": return .enable(server: server)
        case "disable": return .disable(server: server)
        case "reconnect": return .reconnect(server: server, id: try fields["id"].map(Self.id))
        case "begin-sign-in": return .beginSignIn(server: server)
        case "ready": return .ready(server: server, id: try Self.id(fields.required("id")))
        default: preconditionFailure("no action is called \(key)")
        }
    }

    /// At most so many calls begin with one step.
    static let callCountMax = 100_000

    private func call(_ value: YAMLItem, _ fields: YAMLFields) throws(ScenarioError) -> Scenario.Call {
        let arguments = fields["arguments"]
        if let arguments, case .mapping = arguments.content {
        } else if let arguments {
            throw arguments.error("expected a mapping of arguments, got \(arguments.kind)")
        }
        return Scenario.Call(
            id: try Self.id(fields.required("id")),
            server: try fields.required("server").name("server", of: mcpServerNames),
            tool: try value.text("the name of a tool"), arguments: arguments?.json ?? .object([]),
            count: try fields["count"]?.integer(in: 1...Self.callCountMax, "a number of calls") ?? 1,
            timeout: try fields["timeout"]?.duration(),
            reconnectsOnFailure: try fields["on-failure"]?.word("reaction", [("reconnect", true)]) ?? false,
            asksForProgress: try fields["progress"]?.boolean() ?? false)
    }

    private static func id(_ item: YAMLItem) throws(ScenarioError) -> String {
        let id = try item.text("an id")
        guard !id.isEmpty, id.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw item.error("an id has no spaces and is not empty, got \(item.kind)")
        }
        return id
    }
}

extension Scenario.Step {
    /// Under which its outcome is a result, if it has one.
    var id: String? {
        switch action {
        case .call(let call): call.id
        case .settle(let id, _), .ready(_, let id): id
        case .reconnect(_, let id): id
        case .enable, .disable, .beginSignIn, .completeSignIn, .signIn: nil
        }
    }
}
