import RepriseRecording

@testable import RepriseRedaction

/// The events of one exchange, for tests of redaction.
struct HTTPExchange {
    var number = 1
    var request = RequestHead(method: "POST", target: "/mcp")
    var requestBody: String?
    var response = ResponseHead(status: 200)
    /// The body of the response, or the frames of its event stream.
    var responseBody: String?
    var events: [Frame] = []

    var recorded: [Event] {
        var all = [event(.clientToServer, .request(request))]
        if let requestBody { all.append(event(.clientToServer, .body(Self.frame(requestBody)))) }
        all.append(event(.serverToClient, .response(response)))
        if let responseBody { all.append(event(.serverToClient, .body(Self.frame(responseBody)))) }
        all += events.map { event(.serverToClient, .sse($0)) }
        return all + [event(.serverToClient, .end(nil))]
    }

    func event(_ direction: Direction, _ kind: Event.Kind) -> Event {
        Event(time: 0, connection: 1, exchange: number, direction: direction, kind: kind)
    }

    static func frame(_ text: String) -> Frame { Frame(payload: .bytes(Array(text.utf8)), post: []) }

    static func sse(_ pre: String, _ payload: String) -> Frame {
        Frame(pre: Array(pre.utf8), payload: .bytes(Array(payload.utf8)), post: Array("\n\n".utf8))
    }
}

extension EventRedactor {
    static func standard() throws -> EventRedactor { try EventRedactor(rules: .standard) }

    /// The lines that a recording of these exchanges would hold.
    mutating func lines(_ exchanges: [HTTPExchange]) -> String {
        var encoder = RecordingEncoder()
        let lines = exchanges.flatMap(\.recorded).map { encoder.encode(redact($0)) }
        return String(decoding: lines.joined(), as: UTF8.self)
    }

    mutating func field(_ name: String, _ value: String) -> HTTPField {
        let head = ResponseHead(status: 200, fields: [HTTPField(name, value)])
        guard case .response(let redacted) = redact(HTTPExchange().event(.serverToClient, .response(head))).kind else {
            return HTTPField(name, "")
        }
        return redacted.fields[0]
    }

    mutating func target(_ target: String) -> RequestHead {
        let head = RequestHead(method: "GET", target: target)
        let event = redact(HTTPExchange().event(.clientToServer, .request(head)))
        guard case .request(let redacted) = event.kind else { return RequestHead(method: "", target: "") }
        return redacted
    }

    /// The payload of a response's body of this content type.
    mutating func body(_ text: String, _ type: String) -> String {
        var exchange = HTTPExchange(response: ResponseHead(status: 200, fields: [HTTPField("Content-Type", type)]))
        exchange.responseBody = text
        let events = exchange.recorded.map { redact($0) }
        let bytes = events.compactMap(\.frame?.wireBytes).first ?? []
        return String(decoding: bytes, as: UTF8.self)
    }
}
