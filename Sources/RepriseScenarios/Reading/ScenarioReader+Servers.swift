import MCPCore
import RepriseSimulation

extension ScenarioReader {
    static let declarationKeys = [
        "tools", "tools-of-connection", "prompts", "resources", "page-size", "handshake", "closes-after", "exits",
        "http",
    ]
    static let serverKeys =
        ["transport", "connect", "load", "static-authorization", "link", "headers", "credential"] + declarationKeys
        + ["recording", "authorization"]
    static let toolKeys = [
        "name", "executes", "answers", "result", "error", "idempotent", "remarks", "progress", "asks",
    ]

    /// The servers, in the order of the file.
    func servers() throws(ScenarioError) -> [Scenario.Server] {
        var servers: [Scenario.Server] = []
        for (name, line, item) in try fields.required("servers").members("servers") {
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
                throw ScenarioError(
                    path: item.path, line: line, key: "servers",
                    problem: "a server's name has no spaces and is not empty")
            }
            servers.append(try server(name, item))
        }
        return servers
    }

    private func server(_ name: String, _ item: YAMLItem) throws(ScenarioError) -> Scenario.Server {
        // A server of which nothing is said has nothing, but it is there.
        if case .scalar("", isPlain: true) = item.content { return Self.plainServer(name) }
        let fields = try YAMLFields(item, "a server", keys: Self.serverKeys)
        var server = Self.plainServer(name)
        if let item = fields["transport"] { server.configuration.transport = try item.word("transport") }
        if let item = fields["connect"] {
            server.configuration.connect = try item.word(
                "time to connect", [("at-once", .atOnce), ("on-first-use", .onFirstUse)])
        }
        if let item = fields["load"] { server.configuration.load = try Self.load(item) }
        if let item = fields["static-authorization"] {
            server.configuration.hasStaticAuthorization = try item.boolean()
        }
        if let item = fields["link"] { server.link = try Self.link(item) }
        if let item = fields["recording"] {
            try fields.refuse(Self.declarationKeys + ["authorization"], beside: "recording")
            server.behaviour = .recording(path: try item.text("the path of a recording"))
        } else if let item = fields["authorization"] {
            try fields.refuse(Self.serverKeys.filter { $0 != "authorization" && $0 != "link" }, beside: "authorization")
            server.behaviour = .authorization(try authorization(item))
        } else {
            server.behaviour = .declared(try description(fields))
        }
        try readAccess(fields, &server)
        return server
    }

    /// What goes with every request over HTTP.
    private func readAccess(_ fields: YAMLFields, _ server: inout Scenario.Server) throws(ScenarioError) {
        guard let http = server.http else {
            for key in ["headers", "credential"] {
                if let item = fields[key] { throw item.error("\"\(key)\" needs \"http\"") }
            }
            return
        }
        if let item = fields["transport"], server.configuration.transport != .http {
            throw item.error(
                "\"transport: \(server.configuration.transport.rawValue)\" and \"http\" exclude each other")
        }
        try fields.refuse(["static-authorization", "exits", "closes-after"], beside: "http")
        if let item = fields["headers"] { server.headers = try Self.headers(item) }
        server.configuration.hasStaticAuthorization = server.headers.contains {
            $0.name.lowercased() == "authorization"
        }
        guard let item = fields["credential"] else { return }
        guard http.protection != nil else { throw item.error("\"credential\" needs \"protected-by\" under \"http\"") }
        server.credential = try credential(item)
    }

    private static func plainServer(_ name: String) -> Scenario.Server {
        Scenario.Server(
            configuration: ServerConfiguration(name: name), behaviour: .declared(ServerDescription()), link: Link())
    }

    private static func load(_ item: YAMLItem) throws(ScenarioError) -> ServerConfiguration.Load {
        guard case .mapping = item.content else {
            return try item.word(
                "load",
                [("enabled", .enabled), ("disabled", .disabled(.user)), ("without-credential", .withoutCredential)])
        }
        let fields = try YAMLFields(item, "load", keys: ["disabled", "misconfigured"])
        let (key, value) = try fields.exactlyOne(of: ["disabled", "misconfigured"], "load")
        let reason = try value.text("a reason")
        return key == "disabled" ? .disabled(.policy(reason)) : .misconfigured(reason)
    }

    private static func link(_ item: YAMLItem) throws(ScenarioError) -> Link {
        let fields = try YAMLFields(item, "a link", keys: ["latency", "jitter", "bandwidth"])
        return Link(
            latency: try fields["latency"]?.duration() ?? .zero, jitter: try fields["jitter"]?.duration() ?? .zero,
            bandwidth: try fields["bandwidth"]?.integer(in: 1...Int.max, "bytes a second"))
    }

    private func description(_ fields: YAMLFields) throws(ScenarioError) -> ServerDescription {
        var description = ServerDescription()
        description.tools = try fields["tools"].map(Self.tools)
        description.prompts = try fields["prompts"].map { item throws(ScenarioError) in
            try Self.names(item, "prompts") { "prompt-\($0)" }
        }
        description.resources = try fields["resources"].map { item throws(ScenarioError) in
            try Self.names(item, "resources") { "file:///resource-\($0)" }
        }
        description.pageSize = try fields["page-size"]?.integer(in: 1...Int.max, "a number of entries")
        description.handshake = try fields["handshake"]?.duration() ?? .zero
        description.closesAfter = try fields["closes-after"]?.duration()
        description.exitsAtStart = try fields["exits"]?.integer(in: 0...255, "an exit code")
        for (key, line, item) in try fields["tools-of-connection"]?.members("numbers of connections") ?? [] {
            guard let number = Int(key), number >= 1, String(number) == key else {
                throw ScenarioError(
                    path: item.path, line: line, key: "\(fields.item.place.text).tools-of-connection",
                    problem: "expected the number of a connection, from 1, got \(YAMLItem.quoted(key))")
            }
            description.toolsByConnection[number] = try Self.tools(item)
        }
        if let item = fields["http"] {
            if !revisions.allSatisfy({ $0 >= "2025-03-26" }) {
                throw item.error("revision 2024-11-05 has no Streamable HTTP; known with it: 2025-03-26 and later")
            }
            description.http = try http(item)
        }
        return description
    }
}

extension ScenarioReader {
    /// A server has at most so many tools, prompts or resources.
    static let entryCountMax = 10_000

    /// So many with names by number, or a list of names.
    private static func names(
        _ item: YAMLItem, _ what: String, name: (Int) -> String
    ) throws(ScenarioError) -> [String] {
        guard case .list(let items) = item.content else {
            let count = try item.integer(in: 0...entryCountMax, "a number of \(what), or a list")
            return (0..<count).map { name($0 + 1) }
        }
        try checkCount(items, item, what)
        var known: Set<String> = []
        var names: [String] = []
        for item in items {
            let name = try item.text("a name")
            guard known.insert(name).inserted else { throw item.error("\(YAMLItem.quoted(name)) stands twice") }
            names.append(name)
        }
        return names
    }

    private static func checkCount(_ items: [YAMLItem], _ item: YAMLItem, _ what: String) throws(ScenarioError) {
        guard items.count <= entryCountMax else {
            throw item.error("\(items.count) \(what); a server has at most \(entryCountMax)")
        }
    }

    private static func tools(_ item: YAMLItem) throws(ScenarioError) -> [ToolDescription] {
        guard case .list(let items) = item.content else {
            return try names(item, "tools") { "tool-\($0)" }.map { ToolDescription(name: $0) }
        }
        try checkCount(items, item, "tools")
        var known: Set<String> = []
        var tools: [ToolDescription] = []
        for item in items {
            let tool = try tool(item)
            guard known.insert(tool.name).inserted else {
                throw item.error("the tool \(YAMLItem.quoted(tool.name)) stands twice")
            }
            tools.append(tool)
        }
        return tools
    }

    private static func tool(_ item: YAMLItem) throws(ScenarioError) -> ToolDescription {
        if case .scalar = item.content { return ToolDescription(name: try item.text("the name of a tool")) }
        let fields = try YAMLFields(item, "a tool", keys: toolKeys)
        var tool = ToolDescription(name: try fields.required("name").text("the name of a tool"))
        if let item = fields["executes"] { tool.executesAfter = try item.duration() }
        if let item = fields["answers"] {
            if case .scalar("never", isPlain: true) = item.content {
                tool.answersAfter = nil
            } else {
                tool.answersAfter = try item.duration()
            }
        }
        if let item = fields["error"] {
            try fields.refuse(["result"], beside: "error")
            let fields = try YAMLFields(item, "an error", keys: ["code", "message"])
            tool.error = .init(
                code: try fields.required("code").integer(in: -999_999...999_999, "a code"),
                message: try fields.required("message").text("a message"))
        }
        tool.result = fields["result"]?.json
        tool.idempotentHint = try fields["idempotent"]?.boolean()
        for item in try fields["remarks"]?.list("durations") ?? [] { tool.remarks.append(try item.duration()) }
        for item in try fields["progress"]?.list("durations") ?? [] { tool.progress.append(try item.duration()) }
        if let item = fields["asks"] {
            tool.asks = try item.name(
                "request of servers", of: ["ping", "roots/list", "sampling/createMessage", "elicitation/create"])
        }
        return tool
    }
}
