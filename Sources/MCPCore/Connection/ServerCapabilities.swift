import MCPWire

/// What a server declared when it answered `initialize`.
public struct ServerCapabilities: Sendable, Equatable {
    /// The revision of the protocol that both sides speak.
    public var revision: String
    /// Whether tools, prompts and resources were declared, without which they are never asked for (S-001, S-185).
    public var declared: Set<ListKind>
    /// All that was declared, as the server wrote it.
    public var object: JSONValue

    /// The revisions that begin with `initialize`.
    public static let legacyRevisions = ProtocolRevision.legacy.map(\.rawValue)

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
        object = capabilities
        declared = Set(ListKind.allCases.filter { capabilities[$0.rawValue]?.members != nil })
    }

    /// The capability that a request of that method would need and the server did not declare; nil if it may be sent.
    ///
    /// "Both parties must only use capabilities that were negotiated": specification, basic/lifecycle, Operation.
    public func missingCapability(for method: String) -> String? {
        switch method {
        case "resources/subscribe", "resources/unsubscribe":
            return object["resources"]?["subscribe"]?.boolean == true ? nil : "resources.subscribe"
        case "logging/setLevel": return object["logging"]?.members == nil ? "logging" : nil
        case "completion/complete":
            // 2024-11-05 has no such capability.
            let isNeeded = revision > ProtocolRevision.november2024.rawValue
            return isNeeded && object["completions"]?.members == nil ? "completions" : nil
        default:
            let kind = ListKind.allCases.first { method.hasPrefix("\($0.rawValue)/") }
            return kind.flatMap { declared.contains($0) ? nil : $0.rawValue }
        }
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

    /// Its place in ``ListKind/allCases``.
    var index: Int {
        switch self {
        case .tools: 0
        case .prompts: 1
        case .resources: 2
        }
    }
}
