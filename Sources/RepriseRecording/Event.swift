/// One recorded fact, a line of a recording after its header.
///
/// The number of an event is its line number minus one; it is derived and never stored.
public struct Event: Equatable, Sendable {
    /// What kind of fact this is, with what only that kind carries (key `e`).
    public enum Kind: Equatable, Sendable {
        /// A connection began: for stdio, the server process was started.
        case open
        /// A frame of a stdio pipe: one line of protocol.
        case line(Frame)
        /// A line that the server wrote to its standard error.
        case stderr(Frame)
        /// The head of an HTTP request.
        case request(RequestHead)
        /// The head of an HTTP response.
        case response(ResponseHead)
        /// The whole body of an HTTP request, or of a response that is no event stream.
        case body(Frame)
        /// One server-sent event with its blank line, or what stands in a stream without being an event.
        case sse(Frame)
        /// The pipe that reached its end; without one, the HTTP response of the exchange is complete.
        case end(Pipe?)
        /// The server process is gone.
        case close(Close)
        /// A network connection is gone or, of an event with an exchange, that exchange was broken off.
        case disconnect(Disconnect)
        /// A remark of the recorder's own.
        case note(String)
        /// The last line of a clean stop: the number of events before it and the SHA-256 of all bytes before it.
        case finish(eventCount: Int, sha256: String)
        /// A kind this version does not know: readers skip it, replay refuses it.
        case unknown(String)
    }

    /// Microseconds since the start of the recording on the monotonic clock (key `t`).
    public var time: Int64
    /// The session, where one file holds several (key `s`).
    public var session: Int?
    /// The connection (key `c`).
    public var connection: Int?
    /// The exchange or stream, where there is one (key `x`).
    public var exchange: Int?
    /// What happened.
    public var kind: Kind
    /// Who sent it (key `d`); nil for what has no direction.
    public var direction: Direction?

    /// Makes an event; `time` is in microseconds since the start of the recording.
    public init(
        time: Int64, session: Int? = nil, connection: Int? = nil, exchange: Int? = nil,
        direction: Direction? = nil, kind: Kind
    ) {
        self.time = time
        self.session = session
        self.connection = connection
        self.exchange = exchange
        self.direction = direction
        self.kind = kind
    }

    /// The frame of a `line`, `stderr`, `body` or `sse` event, nil for every other kind.
    public var frame: Frame? {
        get {
            switch kind {
            case .line(let frame), .stderr(let frame), .body(let frame), .sse(let frame): frame
            default: nil
            }
        }
        set {
            guard let newValue else { return }
            switch kind {
            case .line: kind = .line(newValue)
            case .stderr: kind = .stderr(newValue)
            case .body: kind = .body(newValue)
            case .sse: kind = .sse(newValue)
            default: break
            }
        }
    }
}

/// Who sent a frame: the client to the server, or the server to the client.
public enum Direction: String, Sendable, CaseIterable {
    /// From the client to the server.
    case clientToServer = "c2s"
    /// From the server to the client.
    case serverToClient = "s2c"
}

/// One of the three pipes between an MCP client and its stdio server, named from the server's side.
public enum Pipe: String, Sendable, CaseIterable {
    /// The server's standard input, client to server.
    case stdin
    /// The server's standard output, server to client.
    case stdout
    /// The server's standard error, which carries no protocol.
    case stderr

    /// The direction in which the pipe's bytes go.
    public var direction: Direction { self == .stdin ? .clientToServer : .serverToClient }
}

/// How the server process of a stdio session ended.
public enum Close: Equatable, Sendable {
    /// The process ended by itself with this exit code, 0 to 255.
    case exit(code: Int32)
    /// The process was ended by this signal, by its number on the recording machine.
    case signal(Int32)
}

/// How a network connection or an exchange went (key `how` of a `close`).
public enum Disconnect: String, Equatable, Sendable, CaseIterable {
    /// One side closed in order.
    case eof
    /// One side broke off (TCP reset), or what it sent could not be read any further.
    case reset
    /// The server could not be reached; the recorder answered in its place with status 502.
    case refused
}
