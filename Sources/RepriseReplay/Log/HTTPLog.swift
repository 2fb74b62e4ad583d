import MCPWire
import RepriseRecording

/// The exchanges of an HTTP recording in the order of their requests, with the session that each belongs to.
public struct HTTPLog: Sendable {
    /// A frame of an exchange and when its last byte was read.
    public struct Item: Sendable {
        /// Number of the event; for a body in several pieces, of the last one.
        public var event: Int
        /// Microseconds since the start of the recording.
        public var time: Int64
        /// The frame; a body that the recorder's limit cut is whole again.
        public var frame: Frame
        /// What the frame is as a server-sent event; nil for a body, and for what was omitted.
        public var sse: SSEFrame?
    }

    /// How an exchange ended.
    public enum Ending: Equatable, Sendable {
        /// The response came whole.
        case complete
        /// One side broke it off, or the server could not be reached.
        case broken(by: Direction, Disconnect)
    }

    /// One HTTP request with its response.
    public struct Exchange: Sendable {
        /// Its number in the recording (key `x`).
        public var number: Int
        /// The client connection on which it was made (key `c`).
        public var connection: Int
        /// The session, counting from 1 in the order in which session ids first appear; nil for none.
        public var session: Int?
        /// Number of the request's event.
        public var requestEvent: Int
        /// Microseconds since the start at which the request's head was read.
        public var requestTime: Int64
        /// The request's head.
        public var request: RequestHead
        /// The request's body; nil when it was empty.
        public var requestBody: Item?
        /// Number of the response's event; nil when none came.
        public var responseEvent: Int?
        /// Microseconds since the start at which the response's head was read; 0 when none came.
        public var responseTime: Int64 = 0
        /// The response's head; nil when none came.
        public var response: ResponseHead?
        /// The body or the events of the response.
        public var items: [Item] = []
        /// How it ended; nil when the recording ended first.
        public var ending: Ending?
        /// Number of the event that ended it.
        public var endEvent: Int?
        /// Microseconds since the start at which it ended; 0 when it did not.
        public var endTime: Int64 = 0
        /// Whether it carries MCP, and not metadata, a login, or another page of the server.
        public var isProtocol = false

        /// The request's last seen event id, of a client that resumes a stream.
        public var lastEventID: String? { request.fields.first("last-event-id") }
    }

    /// The exchanges in the order of their requests.
    public private(set) var exchanges: [Exchange] = []
    /// Index of an exchange by its number.
    public private(set) var index: [Int: Int] = [:]

    /// Reads the events of a recording; those of other transports have no exchanges.
    public init(_ recording: Recording) {
        var pieces: [Int: [Direction: Frame]] = [:]
        for (place, event) in recording.events.enumerated() {
            guard let number = event.exchange else { continue }
            if case .request(let head) = event.kind, index[number] == nil {
                index[number] = exchanges.count
                exchanges.append(
                    Exchange(
                        number: number, connection: event.connection ?? 0, requestEvent: place + 1,
                        requestTime: event.time, request: head))
            }
            guard let exchange = index[number] else { continue }
            Self.take(event, number: place + 1, into: &exchanges[exchange], pieces: &pieces[number, default: [:]])
        }
        assignSessions()
        let path = Self.path(of: recording.header)
        for index in exchanges.indices { exchanges[index].isProtocol = exchanges[index].carriesProtocol(path: path) }
    }

    private static func take(
        _ event: Event, number: Int, into exchange: inout Exchange, pieces: inout [Direction: Frame]
    ) {
        switch event.kind {
        case .response(let head):
            exchange.response = head
            exchange.responseEvent = number
            exchange.responseTime = event.time
        case .body(let piece):
            let direction = event.direction ?? .serverToClient
            let frame = pieces[direction].map { $0.joined(with: piece) } ?? piece
            pieces[direction] = frame.isContinued ? frame : nil
            guard !frame.isContinued else { return }
            let item = Item(event: number, time: event.time, frame: frame)
            if direction == .clientToServer { exchange.requestBody = item } else { exchange.items.append(item) }
        case .sse(let piece):
            let frame = pieces[.serverToClient].map { $0.joined(with: piece) } ?? piece
            pieces[.serverToClient] = frame.isContinued ? frame : nil
            guard !frame.isContinued else { return }
            exchange.items.append(Item(event: number, time: event.time, frame: frame, sse: read(frame)))
        case .end:
            exchange.ending = .complete
            exchange.endEvent = number
            exchange.endTime = event.time
        case .disconnect(let how):
            exchange.ending = .broken(by: event.direction ?? .serverToClient, how)
            exchange.endEvent = number
            exchange.endTime = event.time
        default:
            break
        }
    }

    private static func read(_ frame: Frame) -> SSEFrame? {
        guard let bytes = frame.wireBytes else { return nil }
        var decoder = SSEDecoder(frameByteCountMax: max(1, bytes.count))
        return decoder.receive(bytes.span).first ?? decoder.finish()
    }

    /// A session is known by its id, which the server gives in its first response and the client then repeats.
    ///
    /// In the transport of 2024-11-05 it is the address for messages, which the stream's `endpoint` event names.
    private mutating func assignSessions() {
        var sessions: [String: Int] = [:]
        func number(of id: String) -> Int {
            let number = sessions[id] ?? sessions.count + 1
            sessions[id] = number
            return number
        }
        for index in exchanges.indices {
            let exchange = exchanges[index]
            if let id = exchange.response?.fields.first("mcp-session-id")
                ?? exchange.request.fields.first("mcp-session-id")
            {
                exchanges[index].session = number(of: id)
            } else if let endpoint = exchange.endpoint {
                exchanges[index].session = number(of: endpoint)
            } else if let session = sessions[exchange.request.target] {
                exchanges[index].session = session
            }
        }
    }

    /// The path of the recorded URL, `/` where it has none.
    static func path(of header: Header) -> String {
        guard case .url(let url) = header.target else { return "/" }
        return String(target(of: url).prefix { $0 != "?" })
    }

    /// Path and query of a URL, which may lack scheme and host.
    private static func target(of url: String) -> String {
        let whole = url.prefix { $0 != "#" }
        guard let scheme = whole.firstRange(of: "://") else { return String(whole) }
        let rest = whole[scheme.upperBound...]
        return rest.firstIndex { $0 == "/" || $0 == "?" }.map { String(rest[$0...]) } ?? "/"
    }

    /// The target that an `endpoint` event names for the client's messages (MCP 2024-11-05, HTTP with SSE).
    fileprivate static func endpoint(_ item: Item) -> String? {
        guard let event = item.sse?.event, event.type == "endpoint" else { return nil }
        return target(of: String(decoding: event.data, as: UTF8.self))
    }
}

extension HTTPLog.Exchange {
    /// The target for the client's messages, of a stream of the transport of 2024-11-05.
    public var endpoint: String? { items.lazy.compactMap { HTTPLog.endpoint($0) }.first }

    fileprivate func carriesProtocol(path: String) -> Bool {
        if request.path == path || response?.isEventStream == true { return true }
        guard request.method == "POST", let bytes = requestBody?.frame.wireBytes else { return false }
        if case .malformed = Message.read(bytes.span).kind { return false }
        return true
    }
}

extension HTTPLog.Item {
    /// The bytes of the message that this frame carries, and where placeholders stand in them.
    ///
    /// Nil for a server-sent event that carries none: a comment, a priming event, or an event of another type.
    var message: (bytes: [UInt8], placeholders: [Range<Int>])? {
        guard let wire = frame.wireBytes else { return ([], []) }
        guard let sse else {
            let shift = frame.pre.count
            return (wire, frame.placeholders.map { $0.lowerBound + shift..<$0.upperBound + shift })
        }
        guard let event = sse.event, event.type == "message", !event.data.isEmpty else { return nil }
        if !frame.pre.isEmpty, frame.payload == .bytes(event.data) { return (event.data, frame.placeholders) }
        return (event.data, frame.placeholders.isEmpty ? [] : Placeholder.places(in: event.data))
    }
}

extension HTTPLog {
    /// Every frame of MCP traffic in recorded order, with the exchange that carries it.
    ///
    /// The body of an error or of an acknowledgement is none unless it is a message: servers put it in their own words.
    var protocolItems: [(item: Item, direction: Direction, exchange: Exchange)] {
        var items: [(item: Item, direction: Direction, exchange: Exchange)] = []
        for exchange in exchanges where exchange.isProtocol {
            if let body = exchange.requestBody { items.append((body, .clientToServer, exchange)) }
            for item in exchange.items {
                if item.sse == nil, !isMessage(item.frame.wireBytes ?? [], in: exchange) { continue }
                items.append((item, .serverToClient, exchange))
            }
        }
        return items.sorted { $0.item.event < $1.item.event }
    }

    /// Whether a body stands where a message must: as JSON, or without a type, in answer to a request.
    private func isMessage(_ bytes: [UInt8], in exchange: Exchange) -> Bool {
        if case .malformed = Message.read(bytes.span).kind {} else { return true }
        let type = exchange.response?.fields.first("content-type")
        return exchange.response?.status == 200 && type?.hasPrefix("application/json") != false
    }
}
