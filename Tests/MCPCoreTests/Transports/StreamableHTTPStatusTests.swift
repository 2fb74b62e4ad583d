import HTTPTypes
import MCPCore
import MCPWire
import Testing

@Suite struct StreamableHTTPStatusTests {
    private typealias Rehearsal = HTTPRehearsal
    private static let revisions = ["2025-03-26", "2025-06-18", "2025-11-25"]

    /// What becomes of a request, of `initialize`, of a notification and of the GET for one status.
    struct Row: Sendable, CustomTestStringConvertible {
        var status: Int
        var request: [StreamEvent]
        var initialize: [StreamEvent]
        var note: [StreamEvent] = []
        var get: [StreamEvent] = []
        var isResumed = false
        var testDescription: String { "\(status)" }
    }

    private static func refused(_ status: Int) -> [StreamEvent] {
        [.requestFailed(id: id(7), .refused(status: status, text: "no"))]
    }

    private static func row(_ status: Int, get: [StreamEvent]? = nil, isResumed: Bool = false) -> Row {
        let told = "the server answered GET with status \(status)"
        return Row(
            status: status, request: refused(status), initialize: [.closed(.status(status))],
            get: get ?? (isResumed ? [] : [.pushDegraded(told)]), isResumed: isResumed)
    }

    private static func unauthorized(_ status: Int) -> Row {
        let failure = TransportFailure.unauthorized(status: status)
        return Row(
            status: status, request: [.requestFailed(id: id(7), .unauthorized(status: status)), .closed(failure)],
            initialize: [.closed(failure)], note: [.closed(failure)],
            get: [.pushDegraded("the server refused GET with status \(status)")])
    }

    /// What a token does not allow is up to the request; a server that forbids the handshake is of no use.
    private static let forbidden = Row(
        status: 403, request: refused(403), initialize: [.closed(.unauthorized(status: 403))],
        get: [.pushDegraded("the server refused GET with status 403")])

    private static func unavailable(_ status: Int) -> Row {
        Row(
            status: status, request: refused(status),
            initialize: [.closed(.unavailable(status: status, retryAfter: "30"))], isResumed: true)
    }

    static let rows: [Row] = [
        row(400), unauthorized(401), forbidden,
        Row(
            status: 404, request: [.requestFailed(id: id(7), .notSent(.sessionExpired)), .closed(.sessionExpired)],
            initialize: [.closed(.status(404))], note: [.closed(.sessionExpired)], get: []),
        row(405, get: []), row(406), row(409, isResumed: true), row(415), unavailable(429),
        row(500, isResumed: true), row(501, get: []), row(502, isResumed: true), unavailable(503),
    ]

    @Test("each status means one thing, whatever the revision", arguments: rows, revisions)
    func statusesMeanOneThing(_ row: Row, _ revision: String) {
        func respond(_ rehearsal: inout Rehearsal, _ exchange: Int) {
            rehearsal.head(exchange, row.status, "text/plain", ["Retry-After": "30"])
            if rehearsal.recoveries.last?.exchange == exchange {
                rehearsal.feed(.recovered(exchange: exchange, .refused("no")))
            }
            rehearsal.body(exchange, "no")
            rehearsal.end(exchange)
        }
        var beginning = Rehearsal()
        respond(&beginning, beginning.send(Rehearsal.initialize))
        #expect(beginning.events == row.initialize)
        var calling = Rehearsal.standing(revision)
        respond(&calling, calling.request(7))
        #expect(calling.events == row.request)
        var noting = Rehearsal.standing(revision)
        respond(&noting, noting.send(Rehearsal.notification("notifications/roots/list_changed")))
        #expect(noting.events == row.note)
        var listening = Rehearsal.standing(revision)
        respond(&listening, listening.last.exchange)
        #expect(listening.events == row.get)
        listening.pass(.seconds(30))
        let again = listening.begun.filter { $0.method == "GET" }.dropFirst().map(\.at.description)
        #expect(again == (row.isResumed ? ["30"] : []))
    }

    @Test("404 means nothing but itself to a server without sessions")
    func notFoundWithoutASession() {
        var rehearsal = Rehearsal.standing(session: nil)
        let call = rehearsal.request(7)
        rehearsal.head(call, 404)
        rehearsal.body(call, "no")
        rehearsal.end(call)
        #expect(rehearsal.events == Self.refused(404))
    }

    @Test("a refusal whose body answers the request is its answer; another JSON-RPC error is told in its words")
    func refusalsMayBeAnswers() {
        var rehearsal = Rehearsal.standing()
        let error = #"{"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"bad"}}"#
        rehearsal.answer(rehearsal.request(7), error, status: 400)
        #expect(rehearsal.messages == [error])
        #expect(rehearsal.events.count == 1)
        let foreign = #"{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"bad"}}"#
        rehearsal.answer(rehearsal.request(8), foreign, status: 400)
        #expect(rehearsal.events.last == .requestFailed(id: id(8), .refused(status: 400, text: "bad")))
    }

    @Test("a refusal of any length is told in a kibibyte, and one that does not end within the connect timeout")
    func refusalsAreShort() {
        var rehearsal = Rehearsal.standing()
        let call = rehearsal.request(7)
        rehearsal.head(call, 500)
        for _ in 1...100 { rehearsal.body(call, String(repeating: "x", count: 1000)) }
        let text = String(repeating: "x", count: 1024)
        #expect(rehearsal.events == [.requestFailed(id: id(7), .refused(status: 500, text: text))])
        #expect(rehearsal.ended == [call])
        let other = rehearsal.request(8)
        rehearsal.head(other, 500)
        rehearsal.pass(.seconds(30))
        #expect(rehearsal.events.last == .requestFailed(id: id(8), .refused(status: 500, text: "")))
    }

    @Test(
        "a request wants 200 with JSON or events", arguments: [(202, nil), (204, nil), (200, nil), (200, "text/html")])
    func otherAnswersAreNone(_ status: Int, _ type: String?) {
        var rehearsal = Rehearsal.standing()
        let call = rehearsal.request(7)
        rehearsal.head(call, status, type)
        let reason = "a request was answered with status \(status) and \(type ?? "no Content-Type")"
        #expect(rehearsal.events == [.requestFailed(id: id(7), .lost(.protocolBroken(reason)))])
        #expect(rehearsal.ended == [call])
        var beginning = Rehearsal()
        beginning.head(beginning.send(Rehearsal.initialize), status, type)
        #expect(beginning.events == [.closed(.protocolBroken(reason))])
    }

    @Test("a media type is one whatever its letters and parameters", arguments: ["Application/JSON; charset=utf-8"])
    func mediaTypes(_ type: String) {
        var rehearsal = Rehearsal.standing()
        let call = rehearsal.request(7)
        rehearsal.head(call, 200, type)
        rehearsal.body(call, Rehearsal.result(7))
        rehearsal.end(call)
        #expect(rehearsal.messages == [Rehearsal.result(7)])
    }

    @Test("an answer to another request is given to the reader, and the request is lost")
    func answersToOthers() {
        var rehearsal = Rehearsal.standing()
        rehearsal.answer(rehearsal.request(7), Rehearsal.result(8))
        let cause = TransportFailure.protocolBroken("a body without the answer to its request")
        #expect(
            rehearsal.events == [
                .message(Array(Rehearsal.result(8).utf8)), .requestFailed(id: id(7), .lost(cause)),
            ])
    }

    @Test("a batch of answers answers each of its requests")
    func batches() {
        var rehearsal = Rehearsal.standing("2025-03-26")
        let batch = rehearsal.send(
            #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#)
        rehearsal.answer(batch, "[\(Rehearsal.result(2)),\(Rehearsal.result(1))]")
        #expect(rehearsal.events.count == 1)
        let other = rehearsal.send(
            #"[{"jsonrpc":"2.0","id":3,"method":"ping"},{"jsonrpc":"2.0","id":4,"method":"ping"}]"#)
        rehearsal.events(other, "data: \(Rehearsal.result(4))\n\n")
        rehearsal.end(other, .reset)
        #expect(rehearsal.events.last == .requestFailed(id: id(3), .lost(.reset)))
    }

    @Test("an event with an id and no data is no message from 2025-11-25 on", arguments: revisions)
    func priming(_ revision: String) {
        var rehearsal = Rehearsal.standing(revision)
        rehearsal.events(rehearsal.last.exchange, "id: 1\ndata:\n\n")
        #expect(rehearsal.events == (revision == "2025-11-25" ? [] : [.message([])]))
    }

    @Test("a refused connect for a POST ends the connection, one for a GET does not")
    func refusedConnects() {
        var rehearsal = Rehearsal.standing()
        let get = rehearsal.last.exchange
        rehearsal.feed(.failed(exchange: get, HTTPFailure(.refused, mayHaveArrived: false)))
        #expect(rehearsal.events.isEmpty)
        let call = rehearsal.request(7)
        rehearsal.feed(.failed(exchange: call, HTTPFailure(.refused, mayHaveArrived: false)))
        #expect(rehearsal.events == [.requestFailed(id: id(7), .notSent(.refused)), .closed(.refused)])
        rehearsal.pass(.seconds(100))
        rehearsal.feed(.close)
        #expect(rehearsal.isFinished)
        #expect(rehearsal.begun.count == 4)
    }

    @Test("a reset before the response leaves open what became of the request, and nothing else")
    func resetsBeforeTheResponse() {
        var rehearsal = Rehearsal.standing()
        let call = rehearsal.request(7)
        rehearsal.feed(.failed(exchange: call, HTTPFailure(.reset, mayHaveArrived: true)))
        #expect(rehearsal.events == [.requestFailed(id: id(7), .lost(.reset))])
        let note = rehearsal.send(Rehearsal.notification("notifications/roots/list_changed"))
        rehearsal.feed(.failed(exchange: note, HTTPFailure(.reset, mayHaveArrived: true)))
        #expect(rehearsal.events.count == 1)
        var beginning = Rehearsal()
        let first = beginning.send(Rehearsal.initialize)
        beginning.feed(.failed(exchange: first, HTTPFailure(.reset, mayHaveArrived: true)))
        #expect(beginning.events == [.closed(.reset)])
    }
}
