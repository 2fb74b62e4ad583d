import MCPWire

/// What a server offers, as it lists it.
public struct ServerContents: Sendable, Equatable {
    /// The tools, in the order of the list.
    public var tools: [Tool]
    /// The prompts, each as the object that the server sent.
    public var prompts: [JSONValue]
    /// The resources, each as the object that the server sent.
    public var resources: [JSONValue]

    /// Contents; empty unless said.
    public init(tools: [Tool] = [], prompts: [JSONValue] = [], resources: [JSONValue] = []) {
        self.tools = tools
        self.prompts = prompts
        self.resources = resources
    }
}

/// How often a server sent what nobody waited for any more.
public struct ServerCounts: Sendable, Equatable {
    /// Answers to requests that were cancelled, or whose time had passed (S-119).
    public var lateAnswers = 0
    /// Progress of requests that nobody asked it of, or that had ended.
    public var unknownProgress = 0
}

/// Something that a server sent and the protocol does not allow (S-186); it changed nothing.
public struct ProtocolViolation: Error, Sendable, Equatable {
    /// When it came.
    public var at: Instant
    /// The connection that it came on.
    public var generation: Int
    /// What is wrong with it.
    public var reason: String
    /// The bytes as they came.
    public var bytes: [UInt8]

    /// Makes a violation.
    public init(at: Instant, generation: Int, reason: String, bytes: [UInt8]) {
        self.at = at
        self.generation = generation
        self.reason = reason
        self.bytes = bytes
    }
}
