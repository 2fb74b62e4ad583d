import MCPWire

/// What a server declared when it answered `initialize`, as far as it matters here.
public struct ServerCapabilities: Sendable, Equatable {
    /// The revision of the protocol that both sides speak.
    public var revision: String
    /// Whether tools, prompts and resources were declared, without which they are never asked for (S-001, S-185).
    public var declared: Set<ListKind>

    /// The revisions that begin with `initialize`.
    public static let legacyRevisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]

    /// Reads the result of `initialize`; throws what is wrong with it, in words.
    public init(result: JSONValue) throws(MalformedAnswer) {
        guard let revision = result["protocolVersion"]?.text else {
            throw MalformedAnswer("the answer to initialize has no \"protocolVersion\"")
        }
        guard Self.legacyRevisions.contains(revision) else {
            throw MalformedAnswer("the server speaks revision \(revision), which has no initialize here")
        }
        guard let capabilities = result["capabilities"], capabilities.members != nil else {
            throw MalformedAnswer("the answer to initialize has no \"capabilities\"")
        }
        self.revision = revision
        declared = Set(ListKind.allCases.filter { capabilities[$0.rawValue]?.members != nil })
    }
}

/// What is wrong with an answer.
public struct MalformedAnswer: Error, Sendable, Equatable {
    /// One phrase.
    public var reason: String

    /// Names what is wrong.
    public init(_ reason: String) {
        self.reason = reason
    }
}

/// What a server can list; the names are those of the capabilities and of the lists' members.
public enum ListKind: String, Sendable, CaseIterable {
    case tools
    case prompts
    case resources

    /// The request for a page of it.
    public var method: String { "\(rawValue)/list" }
    /// The notification that it has changed.
    public var changeNotification: String { "notifications/\(rawValue)/list_changed" }
}
