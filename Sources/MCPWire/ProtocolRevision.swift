/// A revision of the Model Context Protocol, with the rules that differ from one to the next: the one table of them.
public enum ProtocolRevision: String, Sendable, CaseIterable, Comparable {
    case november2024 = "2024-11-05"
    case march2025 = "2025-03-26"
    case june2025 = "2025-06-18"
    case november2025 = "2025-11-25"
    case july2026 = "2026-07-28"

    /// Those that begin with `initialize`, the newest last.
    public static let legacy = allCases.filter(\.isLegacy)

    /// Whether a session begins with `initialize`, and may have ids of sessions and of events.
    public var isLegacy: Bool { self < .july2026 }

    /// Whether several messages may stand in one frame.
    public var hasBatches: Bool { self == .march2025 }

    /// Whether requests go by POST to one endpoint that answers with JSON or with a stream of events.
    public var hasStreamableHTTP: Bool { self >= .march2025 }

    /// Whether every request by HTTP after `initialize` names the revision in `MCP-Protocol-Version`.
    public var hasVersionHeader: Bool { self >= .june2025 }

    /// Whether a server may begin a stream with an event of an id and no data, and close it to have the client poll.
    public var hasPriming: Bool { self == .november2025 }

    /// Whether a server says who authorizes for it (RFC 9728), and tokens are asked for with a `resource` (RFC 8707).
    public var hasResourceMetadata: Bool { self >= .june2025 }

    /// Whether an authorization server is also looked for by OpenID Connect Discovery, and challenges name scopes.
    public var hasOpenIDDiscovery: Bool { self >= .november2025 }

    /// Older ones come first.
    public static func < (left: ProtocolRevision, right: ProtocolRevision) -> Bool { left.rawValue < right.rawValue }
}
