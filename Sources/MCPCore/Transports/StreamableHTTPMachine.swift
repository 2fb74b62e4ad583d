import HTTPTypes
import MCPWire

/// What a client says by HTTP in one session of the protocol, and what it makes of the answers; without clock or I/O.
///
/// Streamable HTTP of the revisions 2025-03-26 to 2025-11-25 (specification, basic/transports). A *stream* is what the
/// server says in answer to one message, or to the GET for messages that answer none, over all exchanges that resume
/// it; each has a cursor, a `retry` and an attempt count of its own. Exchanges have numbers, each used once; what is
/// reported of one that is over changes nothing.
///
/// Redirects are followed within the origin of the endpoint alone: nothing ever goes to another one (S-181).
public struct StreamableHTTPMachine: Sendable {
    /// What happened.
    public enum Input: Sendable, Equatable {
        /// The client has a message to send.
        case send([UInt8])
        /// The head of a response has come.
        case head(exchange: Int, HTTPResponse)
        /// Some bytes of its body have come.
        case body(exchange: Int, [UInt8])
        /// Its body is over; nil is in good order.
        case ended(exchange: Int, TransportFailure?)
        /// There is no response.
        case failed(exchange: Int, HTTPFailure)
        /// What came of ``Action/recover(exchange:status:challenges:)``.
        case recovered(exchange: Int, AuthorizationRecovery)
        /// ``nextDeadline`` has come.
        case deadline
        /// The client wants no more of it.
        case close
    }

    /// What is to be done, in this order.
    public enum Action: Sendable, Equatable {
        /// Send a request, with this token or, where there is none, the one that the authorizer gives.
        case begin(exchange: Int, HTTPRequest, body: [UInt8], token: AccessToken?)
        /// Read no further, and ask the authorizer for another token.
        case recover(exchange: Int, status: Int, challenges: [String])
        /// Let go of an exchange, whatever there is of it.
        case end(exchange: Int)
        /// Tell the reader.
        case report(StreamEvent)
        /// The message is not taken.
        case reject(TransportFailure)
        /// The session is closed, and nothing comes any more.
        case finished
    }

    enum Phase: Equatable {
        case open
        /// The server has forgotten the session; what is under way may end until then (SR-14).
        case expiring(until: Instant)
        /// It waits for the answer to DELETE.
        case closing
        case over
    }

    let endpoint: HTTPURL
    let headers: HTTPFields
    let policy: ConnectionPolicy
    let limits: StreamableHTTPLimits
    var generator: SplitMix64
    var phase = Phase.open
    /// What the server called the session when it answered `initialize`.
    var sessionID: String?
    /// What the server agreed to; nil until it has, or if it is none that is known.
    var revision: ProtocolRevision?
    /// Whether `notifications/initialized` is under way, and everything else waits for it.
    var isHeld = false
    /// Messages that wait for their turn.
    var waiting: [OutgoingMessage] = []
    /// By their number.
    var streams: [Int: HTTPStream] = [:]
    /// From the number of an exchange to that of its stream.
    var owners: [Int: Int] = [:]
    /// Why no message is taken, when none is.
    private(set) var refusal = TransportFailure.closed
    private var lastNumber = 0
    /// The time of the present input.
    private(set) var now = Instant.zero
    private var actions: [Action] = []

    /// A session with the server at that endpoint; `headers` go with every request, `seed` is where jitter comes from.
    public init(
        endpoint: HTTPURL, headers: HTTPFields = [:], policy: ConnectionPolicy = .init(),
        limits: StreamableHTTPLimits = .init(), seed: UInt64
    ) {
        self.endpoint = endpoint
        self.headers = headers
        self.policy = policy
        self.limits = limits
        generator = SplitMix64(seed: seed, stream: "streamable http")
    }

    /// When something is due; nil is never.
    public var nextDeadline: Instant? {
        var earliest: Instant?
        if case .expiring(let until) = phase { earliest = until }
        for stream in streams.values {
            guard let due = stream.due else { continue }
            earliest = earliest.map { min($0, due) } ?? due
        }
        return earliest
    }

    /// Takes an input, and says what is to be done.
    public mutating func receive(_ input: Input, at now: Instant) -> [Action] {
        self.now = now
        switch input {
        case .send(let bytes): send(bytes)
        case .head(let exchange, let head): if let number = owners[exchange] { headCame(number, head) }
        case .body(let exchange, let bytes): if let number = owners[exchange] { bodyCame(number, bytes) }
        case .ended(let exchange, let failure): if let number = owners[exchange] { bodyEnded(number, failure) }
        case .failed(let exchange, let failure): if let number = owners[exchange] { failed(number, failure) }
        case .recovered(let exchange, let recovery): if let number = owners[exchange] { recovered(number, recovery) }
        case .deadline: deadlineCame()
        case .close: close()
        }
        endIfExpired()
        sendWaiting()
        defer { actions = [] }
        return actions
    }

    mutating func act(_ action: Action) { actions.append(action) }

    /// A number that no stream or exchange has.
    mutating func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    // MARK: Ends

    /// Lets go of the exchange of a stream.
    mutating func endExchange(_ number: Int) {
        guard let exchange = streams[number]?.exchange else { return }
        forgetExchange(number)
        act(.end(exchange: exchange.number))
    }

    /// The exchange of a stream is over by itself.
    mutating func forgetExchange(_ number: Int) {
        guard let exchange = streams[number]?.exchange else { return }
        owners[exchange.number] = nil
        streams[number]?.exchange = nil
        streams[number]?.deadline = nil
    }

    /// Forgets a stream, and lets go of its exchange.
    mutating func drop(_ number: Int) {
        endExchange(number)
        streams[number] = nil
    }

    /// The session is of no use any more: everything ends, and nothing more is sent.
    mutating func fail(_ cause: TransportFailure) {
        for message in waiting {
            for id in message.ids { act(.report(.requestFailed(id: id, .notSent(cause)))) }
        }
        waiting = []
        let failure: RequestFailure =
            if case .unauthorized(let status) = cause { .unauthorized(status: status) } else { .notSent(cause) }
        for id in takeBack() { act(.report(.requestFailed(id: id, failure))) }
        letGo()
        phase = .over
        if cause == .sessionExpired { refusal = cause }
        act(.report(.closed(cause)))
    }

    /// Has requests not be sent any more that no server has executed; returns their ids.
    ///
    /// They wait for their turn, for another token after the server refused them, or, in the exchanges `unsent`, for the
    /// first one.
    mutating func takeBack(unsent: Set<Int> = []) -> [MessageID] {
        var ids = waiting.flatMap(\.ids)
        waiting = []
        for number in streams.keys.sorted() {
            guard let stream = streams[number], case .message(.request) = stream.kind, let exchange = stream.exchange,
                exchange.method == .post, exchange.phase == .recovering || unsent.contains(exchange.number)
            else { continue }
            ids += stream.awaited
            streams[number]?.awaited = []
        }
        return ids
    }

    private mutating func letGo() {
        waiting = []
        for number in streams.keys.sorted() { drop(number) }
    }

    private mutating func close() {
        refusal = .closed
        switch phase {
        case .open, .expiring: break
        case .closing: return
        case .over: return act(.finished)
        }
        letGo()
        guard sessionID != nil else { return finish() }
        phase = .closing
        let number = addStream(.farewell)
        begin(number, .delete, at: endpoint)
        streams[number]?.deadline = now.advanced(by: limits.closingTime)
    }

    /// The session is closed.
    mutating func finish() {
        letGo()
        phase = .over
        act(.finished)
    }
}
