import MCPWire

/// The transports that a configuration's `type` can name (S-004).
public enum TransportType: String, Sendable, CaseIterable {
    case stdio
    case sse
    case sseIDE = "sse-ide"
    case http
    case ws
    case wsIDE = "ws-ide"
    case sdk
    case claudeAIProxy = "claudeai-proxy"

    /// Whether it is reached without a network: by a pipe, or in the same process (S-016).
    public var isLocal: Bool { self == .stdio || self == .sdk }
}

/// What the connection manager has to know of one server.
public struct ServerConfiguration: Sendable, Equatable {
    /// The key by which servers are pooled.
    public var name: String
    /// How it is reached.
    public var transport: TransportType
    /// When it is connected.
    public var connect: ConnectTime
    /// How it stands when the manager loads it.
    public var load: Load
    /// Whether a static `Authorization` header is configured, so that no sign-in can mend a refusal (S-029).
    public var hasStaticAuthorization: Bool
    /// Tools known before the server was ever connected (S-017).
    public var declaredTools: [Tool]
    /// What else the connector needs (command, URL, headers); opaque here, and compared to see a change (S-020).
    public var target: JSONValue

    /// When a server is connected.
    public enum ConnectTime: Sendable, Equatable {
        /// As soon as the manager runs.
        case atOnce
        /// At the first call of one of its tools (S-017).
        case onFirstUse
    }

    /// How a server stands when it is loaded: the row "(load)" of the table of states.
    public enum Load: Sendable, Equatable {
        case enabled
        case disabled(DisabledCause)
        /// It needs sign-in, and no credential is on file.
        case withoutCredential
        /// Its configuration is wrong.
        case misconfigured(String)
    }

    /// A server that is enabled and connects at once.
    public init(
        name: String, transport: TransportType = .http, connect: ConnectTime = .atOnce, load: Load = .enabled,
        hasStaticAuthorization: Bool = false, declaredTools: [Tool] = [], target: JSONValue = .null
    ) {
        self.name = name
        self.transport = transport
        self.connect = connect
        self.load = load
        self.hasStaticAuthorization = hasStaticAuthorization
        self.declaredTools = declaredTools
        self.target = target
    }
}

/// A tool as a server lists it (S-040).
public struct Tool: Sendable, Equatable {
    /// The name on the wire.
    public var name: String
    /// The whole object as the server sent it: description, input schema, annotations and what else there is.
    public var definition: JSONValue

    /// A tool with its definition.
    public init(name: String, definition: JSONValue) {
        self.name = name
        self.definition = definition
    }

    /// What it does, in the server's words; nil if the server does not say (S-040).
    public var description: String? { definition["description"]?.text }

    /// The JSON Schema of its arguments; null if the server gave none.
    public var inputSchema: JSONValue { definition["inputSchema"] ?? .null }

    /// Hints about what it does, as the server gave them; null if there are none.
    public var annotations: JSONValue { definition["annotations"] ?? .null }

    /// Whether a repeated call does no more than the first: `annotations.idempotentHint`, false when absent.
    public var isIdempotent: Bool { definition["annotations"]?["idempotentHint"]?.boolean ?? false }
}
