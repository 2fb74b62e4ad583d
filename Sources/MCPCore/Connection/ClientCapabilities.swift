import MCPWire

/// What a client answers when a server asks: what it declares in `initialize` follows from this.
public struct ClientCapabilities: Sendable, Equatable {
    /// What is declared of `roots`, such as `{"listChanged": true}`; nil if `roots/list` is not answered.
    public var roots: JSONValue?
    /// What is declared of `sampling`; nil if `sampling/createMessage` is not answered.
    public var sampling: JSONValue?
    /// What is declared of `elicitation`; nil if `elicitation/create` is not answered. There since 2025-06-18.
    public var elicitation: JSONValue?

    /// Capabilities, each an object; none unless said.
    public init(roots: JSONValue? = nil, sampling: JSONValue? = nil, elicitation: JSONValue? = nil) {
        self.roots = roots
        self.sampling = sampling
        self.elicitation = elicitation
    }

    /// What is declared to a server of that revision.
    func declaration(_ revision: ProtocolRevision?) -> JSONValue {
        let all = [("roots", roots), ("sampling", sampling), ("elicitation", elicitation)]
        return .object(
            all.compactMap { name, value in
                guard let value, name != "elicitation" || Self.hasElicitation(revision) else { return nil }
                return .init(name, value)
            })
    }

    /// Whether a request of that method is answered, other than as unknown.
    func answers(_ method: String, _ revision: ProtocolRevision?) -> Bool {
        switch method {
        case "roots/list": roots != nil
        case "sampling/createMessage": sampling != nil
        case "elicitation/create": elicitation != nil && Self.hasElicitation(revision)
        default: false
        }
    }

    private static func hasElicitation(_ revision: ProtocolRevision?) -> Bool {
        revision.map { $0 >= .june2025 } ?? true
    }
}

/// Answers the requests of servers: roots, sampling and elicitation.
public protocol ServerRequestHandler: Sendable {
    /// What it answers; asked once, when the manager is made.
    var capabilities: ClientCapabilities { get }

    /// The `result` of the answer. Runs in a task of its own, which is cancelled when the server cancels its request,
    /// when its connection is gone, and when the manager stops; a manager does not end before it has returned.
    ///
    /// What it throws goes to the server: ``ServerRequestRefusal`` as it is, anything else as an internal error (-32603).
    func answer(_ request: ServerRequest) async throws -> JSONValue
}

/// A request of a server.
public struct ServerRequest: Sendable, Equatable {
    /// The server's name.
    public var server: String
    /// Its id, as the server wrote it.
    public var id: MessageID
    /// `roots/list`, `sampling/createMessage` or `elicitation/create`.
    public var method: String
    /// The parameters; null if there are none.
    public var params: JSONValue

    /// Makes a request.
    public init(server: String, id: MessageID, method: String, params: JSONValue) {
        self.server = server
        self.id = id
        self.method = method
        self.params = params
    }
}

/// Why a request of a server is refused, as the server is told.
public struct ServerRequestRefusal: Error, Sendable, Equatable {
    /// The JSON-RPC code, such as -1 for a user who refused.
    public var code: Int
    /// One sentence.
    public var message: String

    /// Makes a refusal.
    public init(code: Int, message: String) {
        self.code = code
        self.message = message
    }
}
