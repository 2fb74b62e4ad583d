import MCPCore
import RepriseSimulation

extension Scenario {
    /// A scenario has at most so many clients.
    public static let clientCountMax = 1_000_000
    /// The revisions that a client can ask for, the newest last.
    public static let revisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]

    /// Reads a scenario from its file's text; `path` is what errors name. docs/SCENARIOS.md is the format.
    ///
    /// Throws a ``ScenarioError`` with line and key for whatever the format does not know, and for what cannot be met.
    public init(yaml: String, path: String) throws(ScenarioError) {
        self = try ScenarioReader(YAMLItem(yaml: yaml, path: path)).scenario()
    }
}

/// Reads a scenario's file from the top; each part has a file of its own.
struct ScenarioReader {
    let fields: YAMLFields
    let end: Instant
    /// The names of the servers, in the order of the file.
    let serverNames: [String]
    /// Those of them that are authorization servers.
    let authorizationServerNames: [String]
    /// Those of them that are reached by HTTP requests.
    let httpNames: [String]
    /// Those of them that an authorization server protects.
    let protectedNames: [String]
    /// The revisions that it is run with, the oldest first unless the file says so.
    let revisions: [String]
    let clientCount: Int

    static let keys = [
        "scenario", "title", "proves", "seeds", "profile", "policy", "revision", "revisions", "order", "begin", "until",
        "clients", "servers", "faults", "client", "expect", "never", "relaxed",
    ]

    /// Checks the keys at the top, and reads what the other parts are checked against.
    init(_ item: YAMLItem) throws(ScenarioError) {
        fields = try YAMLFields(item, "a scenario", keys: Self.keys)
        end = try fields.required("until").instant()
        let servers = try fields.required("servers")
        let members = try servers.members("servers")
        serverNames = members.map(\.key)
        authorizationServerNames = members.filter { $0.value.has("authorization") }.map(\.key)
        httpNames = members.filter { $0.value.has("authorization") || $0.value.has("http") }.map(\.key)
        protectedNames = members.filter { $0.value["http"]?.has("protected-by") ?? false }.map(\.key)
        revisions = try Self.revisions(fields)
        clientCount = try fields["clients"]?.integer(in: 1...Scenario.clientCountMax, "a number of clients") ?? 1
        if mcpServerNames.isEmpty { throw servers.error("a scenario has at least one server") }
    }

    /// The servers to which clients connect.
    var mcpServerNames: [String] { serverNames.filter { !authorizationServerNames.contains($0) } }

    func scenario() throws(ScenarioError) -> Scenario {
        let steps = try steps()
        var expectations = ExpectationReader(self, steps: steps)
        return Scenario(
            name: try name(), title: try fields.required("title").text("a sentence"), proves: try proves(),
            path: fields.item.path, seeds: try seeds(), policy: try policy(), revision: revisions[0],
            revisions: revisions, order: try fields["order"]?.word("order") ?? .deliveriesFirst,
            begin: try fields["begin"]?.word("beginning") ?? .cold, end: end, clientCount: clientCount,
            servers: try servers(), faults: try faults(), client: try client(), steps: steps,
            expectations: try expectations.expectations(),
            prohibitions: try expectations.prohibitions(), relaxed: try relaxed())
    }

    private func name() throws(ScenarioError) -> String {
        let item = try fields.required("scenario")
        let name = try item.text("a name")
        guard name.utf8.allSatisfy({ Self.isNameByte($0) }) else {
            throw item.error("a scenario's name is made of a-z, 0-9 and -, got \(item.kind)")
        }
        return name
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private func proves() throws(ScenarioError) -> [String] {
        guard let item = fields["proves"] else { return [] }
        var ids: [String] = []
        for item in try item.list("ids") {
            let id = try item.text("an id such as RS-01")
            let parts = id.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, parts[0].allSatisfy({ ("A"..."Z").contains($0) }),
                !parts[1].isEmpty, parts[1].allSatisfy({ ("0"..."9").contains($0) })
            else { throw item.error("expected an id such as RS-01, got \(item.kind)") }
            if ids.contains(id) { throw item.error("the id \(id) stands twice") }
            ids.append(id)
        }
        return ids
    }

    /// The one under `revision`, or those under `revisions`; the newest if nothing is said.
    private static func revisions(_ fields: YAMLFields) throws(ScenarioError) -> [String] {
        guard let item = fields["revisions"] else {
            return [try fields["revision"].map(revision) ?? Scenario.revisions[Scenario.revisions.count - 1]]
        }
        try fields.refuse(["revision"], beside: "revisions")
        var revisions: [String] = []
        for item in try item.list("revisions") {
            let revision = try revision(item)
            if revisions.contains(revision) { throw item.error("\(revision) stands twice") }
            revisions.append(revision)
        }
        if revisions.isEmpty { throw item.error("a scenario has at least one revision") }
        return revisions
    }

    private static func revision(_ item: YAMLItem) throws(ScenarioError) -> String {
        let revision = try item.text("a revision")
        guard Scenario.revisions.contains(revision) else {
            // The nearest date is no better guess than any other.
            let known = Scenario.revisions.joined(separator: ", ")
            throw item.error("there is no revision \(YAMLItem.quoted(revision)) to ask for; known: \(known)")
        }
        return revision
    }

    private func relaxed() throws(ScenarioError) -> Set<ChannelKind> {
        var kinds: Set<ChannelKind> = []
        for item in try fields["relaxed"]?.list("kinds of channels") ?? [] {
            let kind: ChannelKind = try item.word("kind of channel")
            guard kinds.insert(kind).inserted else { throw item.error("\(kind.rawValue) stands twice") }
        }
        return kinds
    }

    private func policy() throws(ScenarioError) -> ConnectionPolicy {
        var policy = ConnectionPolicy(try fields["profile"]?.word("profile") ?? .chapter)
        guard let item = fields["policy"] else { return policy }
        let keys = ["jitter", "retries", "first-connect-retries", "backoff", "stability", "connect-timeout"]
        let fields = try YAMLFields(item, "a policy", keys: keys)
        if let item = fields["jitter"] {
            policy.jitter = try item.word("jitter", [("none", .none), ("half", .half), ("full", .full)])
        }
        if let item = fields["retries"] { policy.retries = try item.integer(in: 0...1_000, "a number of retries") }
        if let item = fields["first-connect-retries"] {
            policy.firstConnectRetries = try item.integer(in: 0...1_000, "a number of retries")
        }
        if let item = fields["backoff"] { policy.backoffBase = try item.duration() }
        if let item = fields["stability"] { policy.stabilityWindow = try item.duration() }
        if let item = fields["connect-timeout"] { policy.connectTimeout = try item.duration() }
        return policy
    }
}
