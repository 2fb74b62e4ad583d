import MCPCore
import MCPWire

/// What a declared double of an MCP server offers, and how it behaves.
public struct ServerDescription: Sendable, Equatable {
    /// Its tools; nil declares no `tools` capability.
    public var tools: [ToolDescription]?
    /// Names of its prompts; nil declares no `prompts` capability.
    public var prompts: [String]?
    /// URIs of its resources; nil declares no `resources` capability.
    public var resources: [String]?
    /// How many entries of a list it gives a page; nil is all.
    public var pageSize: Int?
    /// How long it takes to answer `initialize`.
    public var handshake: Duration
    /// It closes each connection so long after it has answered `initialize`; nil is never.
    public var closesAfter: Duration?
    /// It ends instead of answering `initialize`, with that exit code.
    public var exitsAtStart: Int?
    /// Other lists of tools for later connections: `(connection number from 1, tools)`.
    public var toolsByConnection: [Int: [ToolDescription]]
    /// How it behaves over HTTP; nil is not reached over HTTP, but by a network of messages.
    public var http: HTTPBehaviour?

    /// A server without anything.
    public init(
        tools: [ToolDescription]? = nil, prompts: [String]? = nil, resources: [String]? = nil, pageSize: Int? = nil,
        handshake: Duration = .zero, closesAfter: Duration? = nil, exitsAtStart: Int? = nil,
        toolsByConnection: [Int: [ToolDescription]] = [:], http: HTTPBehaviour? = nil
    ) {
        self.tools = tools
        self.prompts = prompts
        self.resources = resources
        self.pageSize = pageSize
        self.handshake = handshake
        self.closesAfter = closesAfter
        self.exitsAtStart = exitsAtStart
        self.toolsByConnection = toolsByConnection
        self.http = http
    }
}

/// One tool of a declared double.
public struct ToolDescription: Sendable, Equatable {
    /// The name on the wire.
    public var name: String
    /// When, after the call arrived, its side effect happens and is counted.
    public var executesAfter: Duration
    /// When, after the call arrived, it is answered; nil is never.
    public var answersAfter: Duration?
    /// The `result` of the answer; nil is one text block with the tool's name.
    public var result: JSONValue?
    /// It answers with this JSON-RPC error instead.
    public var error: Failure?
    /// What it says of itself in `annotations.idempotentHint`; nil says nothing.
    public var idempotentHint: Bool?
    /// When, after the call arrived, it sends a `notifications/message` that belongs to the call, with 1, 2, … as data.
    public var remarks: [Duration] = []
    /// When, after the call arrived, it sends `notifications/progress`, if the call has a token for it.
    public var progress: [Duration] = []
    /// What it asks of the client before it answers: a method such as `sampling/createMessage`.
    public var asks: String?

    /// A JSON-RPC error.
    public struct Failure: Sendable, Equatable {
        /// The code, such as -32000.
        public var code: Int
        /// The text for people.
        public var message: String

        /// An error with its code.
        public init(code: Int, message: String) {
            self.code = code
            self.message = message
        }
    }

    /// A tool that executes and answers at once.
    public init(
        name: String, executesAfter: Duration = .zero, answersAfter: Duration? = .zero, result: JSONValue? = nil,
        error: Failure? = nil, idempotentHint: Bool? = nil
    ) {
        self.name = name
        self.executesAfter = executesAfter
        self.answersAfter = answersAfter
        self.result = result
        self.error = error
        self.idempotentHint = idempotentHint
    }
}
