import MCPCore
import RepriseSimulation

extension ScenarioReader {
    /// What stands beside `protected-by`, and says nothing without it.
    static let protectionKeys = ["refuses", "needs", "resource-metadata"]
    static let authorizationKeys = [
        "takes", "outcomes", "lifetime", "rotates", "detects-reuse", "leeway", "skew", "registration", "grants",
        "metadata",
    ]
    static let credentialKeys = ["token", "refresh", "expires", "scope"]

    /// Who may come in, and how clients find out.
    func protection(_ fields: YAMLFields) throws(ScenarioError) -> Protection? {
        guard let item = fields["protected-by"] else {
            for key in Self.protectionKeys {
                if let item = fields[key] { throw item.error("\"\(key)\" needs \"protected-by\"") }
            }
            return nil
        }
        var protection = Protection(
            authorizationServer: try item.name("authorization server", of: authorizationServerNames))
        for item in try fields["refuses"]?.list("refusals") ?? [] {
            let fields = try YAMLFields(item, "a refusal", keys: ["token", "route", "from", "until"])
            var refusal = Protection.Refusal(token: try fields["token"]?.text("the name of a token"))
            refusal.route = try fields["route"].map(Self.route)
            (refusal.from, refusal.until) = try stretch(fields)
            protection.refusals.append(refusal)
        }
        for (route, _, item) in try fields["needs"]?.members("routes") ?? [] {
            protection.neededScopes.append(.init(route: route, scope: try item.text("a scope")))
        }
        if let item = fields["resource-metadata"] { protection.metadata = try Self.metadata(item) }
        return protection
    }

    private static func metadata(_ item: YAMLItem) throws(ScenarioError) -> MetadataBehaviour {
        guard case .mapping = item.content else {
            return try item.word(
                "kind of metadata",
                [("valid", .valid), ("missing", .missing), ("not-json", .notJSON), ("impostor", .impostor)])
        }
        let fields = try YAMLFields(item, "metadata", keys: ["oversized", "redirect"])
        let (key, value) = try fields.exactlyOne(of: ["oversized", "redirect"], "metadata")
        guard key == "oversized" else { return .redirect(origin: try value.text("an origin such as http://a.sim")) }
        return .oversized(bytes: try value.integer(in: 1...100_000_000, "a number of bytes"))
    }

    /// How an authorization server behaves; nothing but the key stands for the defaults.
    func authorization(_ item: YAMLItem) throws(ScenarioError) -> AuthorizationServerDescription {
        var description = AuthorizationServerDescription()
        if case .scalar("", isPlain: true) = item.content { return description }
        let fields = try YAMLFields(item, "an authorization server", keys: Self.authorizationKeys)
        if let item = fields["takes"] { description.takes = try item.duration() }
        for item in try fields["outcomes"]?.list("outcomes") ?? [] {
            description.outcomes.append(try Self.outcome(item))
        }
        if let item = fields["lifetime"] { description.lifetime = try item.duration() }
        if let item = fields["rotates"] { description.rotates = try item.boolean() }
        if let item = fields["detects-reuse"] { description.detectsReuse = try item.boolean() }
        if let item = fields["leeway"] { description.leeway = try item.duration() }
        if let item = fields["skew"] { description.skew = try item.difference() }
        if let item = fields["registration"] { description.hasRegistration = try item.boolean() }
        description.grantedScope = try fields["grants"]?.text("a scope")
        if let item = fields["metadata"] { description.metadata = try Self.metadata(item) }
        return description
    }

    private static func outcome(
        _ item: YAMLItem
    ) throws(ScenarioError) -> AuthorizationServerDescription.TokenOutcome {
        guard case .mapping = item.content else {
            return try item.word(
                "outcome",
                [("grant", .grant), ("same-token", .sameToken), ("reset", .reset), ("garbage", .garbage)])
        }
        let fields = try YAMLFields(item, "an outcome", keys: ["status", "error"])
        let (key, value) = try fields.exactlyOne(of: ["status", "error"], "an outcome")
        guard key == "status" else { return .error(try value.text("an error such as invalid_grant")) }
        return .status(try value.integer(in: 200...599, "an HTTP status"))
    }

    /// What clients have on file; nothing but the key stands for token A with a refresh token.
    func credential(_ item: YAMLItem) throws(ScenarioError) -> Scenario.Credential {
        var credential = Scenario.Credential()
        if case .scalar("", isPlain: true) = item.content { return credential }
        let fields = try YAMLFields(item, "a credential", keys: Self.credentialKeys)
        if let item = fields["token"] { credential.token = try item.text("the name of a token") }
        if let item = fields["refresh"] { credential.hasRefreshToken = try item.boolean() }
        credential.expiresAfter = try fields["expires"]?.duration()
        credential.scope = try fields["scope"]?.text("a scope")
        return credential
    }
}
