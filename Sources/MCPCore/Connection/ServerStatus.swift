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
