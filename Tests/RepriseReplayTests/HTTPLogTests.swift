import RepriseRecording
import RepriseReplay
import Testing

/// Exchanges, sessions and messages of an HTTP recording are derived from its events (S-173).
@Suite struct HTTPLogTests {
    /// Builds a recording event by event.
    private struct Tape {
        var events: [Event] = []

        mutating func add(_ exchange: Int?, _ direction: Direction?, _ kind: Event.Kind) {
            events.append(
                Event(
                    time: Int64(events.count) * 10, connection: 1, exchange: exchange, direction: direction, kind: kind)
            )
        }

        mutating func post(_ exchange: Int, _ body: String, to target: String = "/mcp", session: String? = nil) {
            let fields = session.map { [HTTPField("mcp-session-id", $0)] } ?? []
            add(exchange, .clientToServer, .request(RequestHead(method: "POST", target: target, fields: fields)))
            add(exchange, .clientToServer, .body(Frame(payload: .bytes(Array(body.utf8)), post: [])))
        }

        mutating func answer(_ exchange: Int, _ status: Int = 200, type: String, session: String? = nil) {
            var fields = [HTTPField("Content-Type", type)]
            if let session { fields.append(HTTPField("Mcp-Session-Id", session)) }
            add(exchange, .serverToClient, .response(ResponseHead(status: status, fields: fields)))
        }

        mutating func sse(_ exchange: Int, _ text: String) {
            add(exchange, .serverToClient, .sse(Frame(payload: .bytes(Array(text.utf8)), post: [])))
        }

        mutating func body(_ exchange: Int, _ text: String) {
            add(exchange, .serverToClient, .body(Frame(payload: .bytes(Array(text.utf8)), post: [])))
        }

        var recording: Recording {
            Recording(
                header: Header(
                    start: "2026-01-01T00:00:00Z", recorder: "test", transport: "http",
                    target: .url("http://127.0.0.1:9/mcp"), redaction: .none),
                events: events)
        }
    }

    private static let ping = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#
    private static let pong = #"{"jsonrpc":"2.0","id":1,"result":{}}"#

    @Test("S-173: an exchange holds its request, its response, what came of it, and how it ended")
    func exchangesAreWhole() throws {
        var tape = Tape()
        tape.post(1, Self.ping)
        tape.answer(1, type: "text/event-stream; charset=utf-8")
        tape.sse(1, "id: 4\nretry: 100\ndata: \n\n")
        tape.sse(1, "id: 5\ndata: \(Self.pong)\n\n")
        tape.add(1, .serverToClient, .end(nil))
        tape.add(2, .clientToServer, .request(RequestHead(method: "GET", target: "/mcp")))
        tape.add(2, .serverToClient, .disconnect(.refused))
        tape.add(3, .clientToServer, .request(RequestHead(method: "GET", target: "/mcp")))
        let log = HTTPLog(tape.recording)
        #expect(log.exchanges.map(\.number) == [1, 2, 3])
        let first = try #require(log.exchanges.first)
        #expect(first.items.map { $0.sse?.id } == ["4", "5"])
        #expect(first.items.first?.sse?.retryMilliseconds == 100)
        #expect(first.ending == .complete && first.endTime == 50)
        #expect(log.exchanges[1].ending == .broken(by: .serverToClient, .refused))
        #expect(log.exchanges[1].response == nil)
        #expect(log.exchanges[2].ending == nil)
    }

    @Test("S-173: sessions are numbered by the first appearance of their ids, and answers bound within them")
    func sessionsAreToldApart() throws {
        var tape = Tape()
        for session in 1...2 {
            tape.post(session, Self.ping)
            tape.answer(session, type: "application/json", session: "id-\(session)")
        }
        // The second session is answered first; both use request id 1.
        tape.body(2, Self.pong)
        tape.body(1, Self.pong)
        tape.post(3, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, session: "id-2")
        tape.answer(3, 202, type: "application/json")
        let log = HTTPLog(tape.recording)
        #expect(log.exchanges.map(\.session) == [1, 2, 2])
        let messages = MessageLog(tape.recording)
        #expect(messages.frames.map(\.session) == [1, 2, 2, 1, 2])
        #expect(messages.messages.map(\.request) == [nil, nil, 1, 0, nil])
    }

    @Test("S-173: sessions of the 2024-11-05 transport are told by the address that the stream names")
    func sessionsOfTheFirstTransport() {
        var tape = Tape()
        for (exchange, endpoint) in [(1, "/messages?id=a"), (2, "http://127.0.0.1:9/messages?id=b")] {
            tape.add(exchange, .clientToServer, .request(RequestHead(method: "GET", target: "/mcp")))
            tape.answer(exchange, type: "text/event-stream")
            tape.sse(exchange, "event: endpoint\r\ndata: \(endpoint)\r\n\r\n")
        }
        tape.post(3, Self.ping, to: "/messages?id=b")
        tape.answer(3, 202, type: "text/plain")
        tape.body(3, "Accepted")
        tape.post(4, Self.ping, to: "/messages?id=a")
        tape.answer(4, 202, type: "text/plain")
        tape.body(4, "Accepted")
        tape.sse(1, "event: message\r\ndata: \(Self.pong)\r\n\r\n")
        tape.sse(2, "event: message\r\ndata: \(Self.pong)\r\n\r\n")
        #expect(HTTPLog(tape.recording).exchanges.map(\.session) == [1, 2, 2, 1])
        let log = MessageLog(tape.recording)
        #expect(log.frames.map(\.session) == [2, 1, 1, 2])
        #expect(log.messages.map(\.request) == [nil, nil, 1, 0])
    }

    @Test("S-173: without a session id an answer is bound within its own exchange")
    func answersAreBoundWithinTheirExchange() {
        var tape = Tape()
        for exchange in 1...2 {
            tape.post(exchange, Self.ping)
            tape.answer(exchange, type: "application/json")
        }
        tape.body(2, Self.pong)
        tape.body(1, Self.pong)
        #expect(MessageLog(tape.recording).messages.map(\.request) == [nil, nil, 1, 0])
    }

    @Test("S-173: an answer on a resumed stream is bound to the request of the stream that broke off")
    func answersAreBoundAcrossResumedStreams() {
        var tape = Tape()
        tape.post(1, Self.ping, session: "s")
        tape.answer(1, type: "text/event-stream")
        tape.sse(1, "id: a\ndata:\n\n")
        tape.add(1, .serverToClient, .end(nil))
        let fields = [HTTPField("Mcp-Session-Id", "s"), HTTPField("Last-Event-ID", "a")]
        tape.add(2, .clientToServer, .request(RequestHead(method: "GET", target: "/mcp", fields: fields)))
        tape.answer(2, type: "text/event-stream")
        tape.sse(2, "data: \(Self.pong)\n\n")
        #expect(HTTPLog(tape.recording).exchanges.last?.lastEventID == "a")
        #expect(MessageLog(tape.recording).messages.map(\.request) == [nil, 0])
    }

    @Test("S-173: metadata, logins and words for people are no messages")
    func onlyProtocolTrafficCounts() {
        var tape = Tape()
        tape.add(1, .clientToServer, .request(RequestHead(method: "GET", target: "/.well-known/x")))
        tape.answer(1, type: "application/json")
        tape.body(1, #"{"resource":"http://127.0.0.1:9/mcp"}"#)
        tape.post(2, #"{"redirect_uris":["http://127.0.0.1:1/"]}"#, to: "/register")
        tape.answer(2, 201, type: "application/json")
        tape.body(2, #"{"client_id":"a"}"#)
        tape.post(3, Self.ping)
        tape.answer(3, 401, type: "application/json")
        tape.body(3, #"{"error":"invalid_token"}"#)
        tape.post(4, "not JSON")
        tape.answer(4, 400, type: "application/json")
        tape.body(4, #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#)
        tape.post(5, Self.ping, to: "/elsewhere")
        tape.answer(5, type: "text/event-stream")
        tape.sse(5, ": nothing yet\n\n")
        tape.sse(5, "event: endpoint\ndata: /messages\n\n")
        tape.sse(5, "data: {\"jsonrpc\":\"2.0\",\ndata: \"id\":1,\"result\":{}}\n\n")
        #expect(HTTPLog(tape.recording).exchanges.map(\.isProtocol) == [false, false, true, true, true])
        let log = MessageLog(tape.recording)
        #expect(
            log.messages.indices.map { log.name(of: $0) } == [
                "tools/list", "malformed: not JSON: unexpected 'o' at byte 1", "error for no request", "tools/list",
                "result of tools/list",
            ])
        #expect(log.frames.map(\.exchange) == [3, 4, 4, 5, 5])
    }

    @Test func aBodyThatTheLimitCutIsWholeAgain() {
        var tape = Tape()
        tape.add(1, .clientToServer, .request(RequestHead(method: "POST", target: "/mcp")))
        let halves = (Self.ping.utf8.prefix(20), Self.ping.utf8.dropFirst(20))
        tape.add(
            1, .clientToServer, .body(Frame(payload: .bytes(Array(halves.0)), post: [], isContinued: true)))
        tape.add(1, .clientToServer, .body(Frame(payload: .bytes(Array(halves.1)), post: [])))
        let log = MessageLog(tape.recording)
        #expect(log.frames.map(\.event) == [3])
        #expect(log.messages.indices.map { log.name(of: $0) } == ["tools/list"])
    }
}
