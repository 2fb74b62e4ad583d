import MCPWire

/// The five states of a server, with their names on the wire (S-024).
public enum ServerState: String, Sendable, CaseIterable {
    case connected
    case failed
    case needsAuth = "needs-auth"
    case pending
    case disabled
}

/// Who switched a server off (S-036).
public enum DisabledCause: Sendable, Equatable {
    case user
    /// A policy, with its reason.
    case policy(String)
}

/// Why a server failed (S-027).
public enum FailureReason: String, Sendable, CaseIterable {
    case network
    case auth
    case notResponding
    case `protocol`
    case config
}

/// A state with what belongs to it.
public enum ServerStatus: Sendable, Equatable {
    /// Connecting, or waiting to: `attempt` counts failed attempts of this run (S-031).
    case pending(attempt: Int, maxAttempts: Int)
    /// Connected on the connection of that generation.
    case connected(generation: Int)
    case failed(FailureReason, willRetry: Bool)
    case needsAuth
    case disabled(DisabledCause)

    /// The state alone.
    public var state: ServerState {
        switch self {
        case .pending: .pending
        case .connected: .connected
        case .failed: .failed
        case .needsAuth: .needsAuth
        case .disabled: .disabled
        }
    }
}

/// What subscribers hear (S-019).
public enum ManagerEvent: Sendable, Equatable {
    /// A server took a state.
    case state(StateChange)
    /// The tools of a server were replaced: on discovery, on `list_changed`, and emptied on leaving Connected.
    case tools(ToolsChange)
    /// A server sent a notification that is no business of the manager, each once, in the order in which they came.
    case notification(ServerNotification)
    /// Something that a user should be told.
    case notice(ServerNotice)
}

/// A notification of a server.
public struct ServerNotification: Sendable, Equatable {
    /// The server's name.
    public var server: String
    /// Rises by one with each event of the manager.
    public var revision: Int
    /// When it came.
    public var at: Instant
    /// The method, such as `notifications/message`.
    public var method: String
    /// The parameters; null if there are none.
    public var params: JSONValue

    /// Makes a notification.
    public init(server: String, revision: Int, at: Instant, method: String, params: JSONValue) {
        self.server = server
        self.revision = revision
        self.at = at
        self.method = method
        self.params = params
    }
}

/// Something about a server that a user should be told.
public struct ServerNotice: Sendable, Equatable {
    /// The server's name.
    public var server: String
    /// Rises by one with each event of the manager.
    public var revision: Int
    /// When it came up.
    public var at: Instant
    /// What it is about.
    public var kind: Kind
    /// One phrase.
    public var text: String

    /// What a notice is about.
    public enum Kind: String, Sendable, CaseIterable {
        /// The server took the state NeedsAuth by itself: only the user can help.
        case signInNeeded = "sign-in-needed"
        /// Messages that answer no request do not come any more; requests are answered as before.
        case pushDegraded = "push-degraded"
        /// Messages were lost with a broken stream.
        case historyLost = "history-lost"
    }

    /// Makes a notice.
    public init(server: String, revision: Int, at: Instant, kind: Kind, text: String) {
        self.server = server
        self.revision = revision
        self.at = at
        self.kind = kind
        self.text = text
    }
}

/// A server took a state.
public struct StateChange: Sendable, Equatable {
    /// The server's name.
    public var server: String
    /// Rises by one with each event of the manager.
    public var revision: Int
    /// When it happened.
    public var at: Instant
    /// Nil for the first state of a server.
    public var from: ServerState?
    /// The status that it took.
    public var status: ServerStatus

    /// Makes a change.
    public init(server: String, revision: Int, at: Instant, from: ServerState?, status: ServerStatus) {
        self.server = server
        self.revision = revision
        self.at = at
        self.from = from
        self.status = status
    }
}

/// The tools of a server were replaced.
public struct ToolsChange: Sendable, Equatable {
    /// The server's name.
    public var server: String
    /// Rises by one with each event of the manager.
    public var revision: Int
    /// When it happened.
    public var at: Instant
    /// The connection that listed them.
    public var generation: Int
    /// All that there are now.
    public var tools: [Tool]

    /// Makes a change.
    public init(server: String, revision: Int, at: Instant, generation: Int, tools: [Tool]) {
        self.server = server
        self.revision = revision
        self.at = at
        self.generation = generation
        self.tools = tools
    }
}
