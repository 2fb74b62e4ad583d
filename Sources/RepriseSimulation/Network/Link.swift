import MCPCore
import RepriseRecording

/// What lies between the clients and one server, the same in both directions.
public struct Link: Sendable, Equatable {
    /// How long a message is under way.
    public var latency: Duration
    /// A further delay between 0 and this, drawn for each message; messages of one direction keep their order.
    public var jitter: Duration
    /// Bytes a second; nil is no limit. Messages of one direction wait for those before them.
    public var bandwidth: Int?

    /// A link that takes no time.
    public init(latency: Duration = .zero, jitter: Duration = .zero, bandwidth: Int? = nil) {
        self.latency = latency
        self.jitter = jitter
        self.bandwidth = bandwidth
    }
}

/// Something that crossed the simulated network, or that a client did to it.
public struct WireEvent: Sendable, Equatable {
    /// What it was.
    public enum What: Sendable, Equatable {
        /// A client began to connect, whatever came of it.
        case connect
        /// The server took the connection.
        case accepted
        /// A client let go of a connection, whether it was still open or lost; once, however often it does so.
        case clientClosed
        /// The connection was cut off or closed from the server's side.
        case lost(String)
        /// A message was handed to the network; `name` is its method, or "response to METHOD", or "malformed".
        case sent(Direction, name: String, bytes: [UInt8])
        /// A client sent a request over HTTP.
        case request(ExchangeDetail)
        /// The head of the response to such a request reached the client.
        case response(route: String, status: Int)
        /// A message arrived at the other end.
        case arrived(Direction, name: String)
        /// A message did not arrive, and why.
        case vanished(Direction, name: String, why: String)
        /// A server double executed a tool: its side effect happened.
        case effect(tool: String)
        /// A client asked for the next event of a stream although its end had been reported: a loop that spins.
        case readPastEnd
    }

    /// When it happened.
    public var at: Instant
    /// The client's number, from 0.
    public var client: Int
    /// The name of the server.
    public var server: String
    /// The how many-th attempt of that client to connect to that server, from 1.
    public var connection: Int
    /// What happened.
    public var what: What

    /// Something that crossed a network, or that a client did to it.
    public init(at: Instant, client: Int, server: String, connection: Int, what: What) {
        self.at = at
        self.client = client
        self.server = server
        self.connection = connection
        self.what = what
    }
}
