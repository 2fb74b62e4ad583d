import HTTPTypes
import MCPCore

/// A server that speaks HTTP, as a value without clock or I/O: a double of an MCP or of an authorization server.
///
/// A simulated network and real sockets run the same value, so that both show one behaviour. Exchanges have numbers,
/// each used once. Instants of a description count from ``activate(origin:)``.
public protocol HTTPService: Sendable {
    /// When ``advance(to:)`` has something to do; nil is never.
    var nextDeadline: Instant? { get }

    /// From now on what the description says of instants holds, counted from `origin`.
    mutating func activate(origin: Instant)

    /// What observers are told of a request; called once, before ``receive(_:at:)``.
    func detail(of request: ServiceRequest) -> ExchangeDetail

    /// A request has arrived, whole.
    mutating func receive(_ request: ServiceRequest, at now: Instant) -> [ServiceAction]

    /// The client has gone away from an exchange whose response is not complete.
    mutating func abandoned(exchange: Int, at now: Instant) -> [ServiceAction]

    /// What the time that has come brings.
    mutating func advance(to now: Instant) -> [ServiceAction]
}

/// One request as a service gets it.
public struct ServiceRequest: Sendable, Equatable {
    /// The number of its exchange.
    public var exchange: Int
    /// The client's number, from 0.
    public var client: Int
    /// Method, path with query, and headers.
    public var head: HTTPRequest
    /// The whole body.
    public var body: [UInt8]

    /// A request.
    public init(exchange: Int, client: Int, head: HTTPRequest, body: [UInt8]) {
        self.exchange = exchange
        self.client = client
        self.head = head
        self.body = body
    }
}

/// What a service has to say, in order; every exchange is `head`, any number of `body`, then `end` or `reset`.
public enum ServiceAction: Sendable, Equatable {
    /// The response begins.
    case head(exchange: Int, HTTPResponse)
    /// A piece of the body that belongs together: an event of a stream, or the whole of any other body.
    ///
    /// `message` is the JSON-RPC message in it, by which faults and observers name it.
    case body(exchange: Int, [UInt8], message: [UInt8]?)
    /// The response is complete.
    case end(exchange: Int)
    /// The connection is cut off.
    case reset(exchange: Int)
    /// A tool's side effect happened.
    case effect(tool: String)
}

/// What observers are told of a request.
public struct ExchangeDetail: Sendable, Equatable {
    /// What a scenario calls it.
    ///
    /// Of an MCP server: the method of the message that is posted, `response` for an answer, `GET`, `DELETE`, or
    /// `resource-metadata`. Of an authorization server: the grant of a token request (`refresh_token`,
    /// `authorization_code`), `register`, `authorize`, or `metadata`.
    public var route: String
    /// The name of the token that it carries, `A` being the first; nil without one, `?` for any other.
    public var token: String?
    /// The last event that it has seen, as the stream and the number from 1 on it: `push 5`, `call 2`.
    public var resumes: String?
    /// The how many-th session of the server it names, from 1; nil without one, 0 for one that there never was.
    public var session: Int?

    /// A request of that route.
    public init(route: String, token: String? = nil, resumes: String? = nil, session: Int? = nil) {
        self.route = route
        self.token = token
        self.resumes = resumes
        self.session = session
    }
}
