import HTTPTypes
import MCPCore
import MCPWire
import Testing

@Suite struct StreamResumeTests {
    private typealias Rehearsal = HTTPRehearsal

    @Test("SR-01: after a drop the GET names the last event that was seen, and what follows is delivered once")
    func aStreamIsResumedAfterTheLastEvent() {
        var rehearsal = Rehearsal.standing()
        rehearsal.events(rehearsal.last.exchange)
        #expect(rehearsal.last["Last-Event-ID"] == nil)
        for number in 1...5 {
            rehearsal.body(rehearsal.last.exchange, Rehearsal.event("e\(number)", Rehearsal.log(number)))
        }
        rehearsal.end(rehearsal.last.exchange, .reset)
        rehearsal.pass(.seconds(1))
        #expect(rehearsal.trace.suffix(1) == ["GET@1"])
        #expect(rehearsal.last["Last-Event-ID"] == "e5")
        rehearsal.events(rehearsal.last.exchange)
        for number in 6...8 {
            rehearsal.body(rehearsal.last.exchange, Rehearsal.event("e\(number)", Rehearsal.log(number)))
        }
        #expect(rehearsal.messages == (1...8).map(Rehearsal.log))
    }

    @Test("SR-03: a stream that is resumed and closed before any event keeps its cursor")
    func theCursorOutlivesAnEmptyResumption() {
        var rehearsal = Rehearsal.standing()
        rehearsal.events(rehearsal.last.exchange, Rehearsal.event("opaque/5", Rehearsal.log(5)))
        rehearsal.end(rehearsal.last.exchange)
        rehearsal.pass(.seconds(1))
        rehearsal.events(rehearsal.last.exchange)
        rehearsal.end(rehearsal.last.exchange)
        rehearsal.pass(.seconds(2))
        #expect(rehearsal.trace.suffix(2) == ["GET@1", "GET@3"])
        #expect(rehearsal.last["Last-Event-ID"] == "opaque/5")
    }

    @Test("SR-11: the stream of a call and the stream of GET have a cursor each")
    func cursorsAreNeverMixed() {
        var rehearsal = Rehearsal.standing()
        let push = rehearsal.last.exchange
        rehearsal.events(push, Rehearsal.event("g9", Rehearsal.log(9)))
        let call = rehearsal.request(7)
        rehearsal.events(call, Rehearsal.event("p1", Rehearsal.log(1)) + Rehearsal.event("p2", Rehearsal.log(2)))
        rehearsal.body(push, ": still here\n\n")
        rehearsal.end(call, .reset)
        rehearsal.end(push, .reset)
        rehearsal.pass(.seconds(1))
        #expect(rehearsal.begun.suffix(2).map { $0["Last-Event-ID"] } == ["g9", "p2"])
        let resumed = rehearsal.last.exchange
        rehearsal.events(resumed, Rehearsal.event("p3", Rehearsal.result(7)))
        rehearsal.end(resumed)
        #expect(rehearsal.messages.last == Rehearsal.result(7))
        rehearsal.pass(.seconds(100))
        #expect(rehearsal.begun.count { $0["Last-Event-ID"] == "p3" } == 0)
        #expect(rehearsal.events.count == 4)
    }

    @Test("SR-12: a call whose stream has no ids ends with the stream, at once, and push is asked for afresh")
    func aStreamWithoutIDsIsLost() {
        var rehearsal = Rehearsal.standing()
        let push = rehearsal.last.exchange
        rehearsal.events(push, "data: \(Rehearsal.log(1))\n\n")
        let call = rehearsal.request(7)
        rehearsal.events(call, "data: \(Rehearsal.log(2))\n\n")
        rehearsal.end(call, .reset)
        rehearsal.end(push, .reset)
        #expect(rehearsal.events.last == .requestFailed(id: id(7), .lost(.reset)))
        rehearsal.pass(.seconds(1))
        #expect(rehearsal.trace.suffix(1) == ["GET@1"])
        #expect(rehearsal.last["Last-Event-ID"] == nil)
    }

    @Test("SR-13: the server's retry takes the place of the backoff's delay")
    func retryReplacesTheBackoff() {
        var rehearsal = Rehearsal.standing()
        rehearsal.pass(.seconds(2))
        rehearsal.events(rehearsal.last.exchange, "retry: 500\n" + Rehearsal.event("1", Rehearsal.log(1)))
        rehearsal.end(rehearsal.last.exchange, .reset)
        rehearsal.pass(.seconds(1))
        #expect(rehearsal.trace.suffix(1) == ["GET@2.5"])
    }

    @Test("SR-13: a server that asks for a day gets it, while a call that is cancelled meanwhile is not resumed")
    func aLongRetryIsRespected() {
        var rehearsal = Rehearsal.standing()
        rehearsal.events(rehearsal.last.exchange, "retry: 86400000\nid: g1\n\n")
        rehearsal.end(rehearsal.last.exchange)
        let call = rehearsal.request(7)
        rehearsal.events(call, "retry: 86400000\nid: p1\ndata:\n\n")
        rehearsal.end(call)
        rehearsal.pass(.seconds(60))
        let cancellation = rehearsal.send(
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#)
        rehearsal.accept(cancellation)
        let count = rehearsal.begun.count
        rehearsal.pass(.seconds(86_339))
        #expect(rehearsal.begun.count == count)
        rehearsal.pass(.seconds(2))
        #expect(rehearsal.trace[count...] == ["GET@86400"])
        #expect(rehearsal.last["Last-Event-ID"] == "g1")
        #expect(rehearsal.events.isEmpty)
    }

    @Test("SR-18: a server that offers no stream by GET is asked once, and nobody is told", arguments: [405, 200, 404])
    func noStreamIsNoTrouble(_ status: Int) {
        var rehearsal = Rehearsal.standing()
        rehearsal.head(rehearsal.last.exchange, status, "text/plain")
        rehearsal.end(rehearsal.last.exchange)
        rehearsal.pass(.seconds(86_400))
        #expect(rehearsal.begun.count { $0.method == "GET" } == 1)
        #expect(rehearsal.events.isEmpty)
        #expect(rehearsal.machine.nextDeadline == nil)
        let call = rehearsal.request(7)
        rehearsal.answer(call, Rehearsal.result(7))
        #expect(rehearsal.messages == [Rehearsal.result(7)])
    }

    @Test("RS-04: a server that takes the GET and closes it at once, for ever, is asked six times")
    func aDeadStreamIsGivenUp() {
        var rehearsal = Rehearsal.standing()
        for _ in 1...6 {
            rehearsal.events(rehearsal.last.exchange)
            rehearsal.pass(.milliseconds(1))
            rehearsal.end(rehearsal.last.exchange)
            rehearsal.pass(.seconds(20))
        }
        let times = rehearsal.begun.filter { $0.method == "GET" }.map(\.at)
        #expect(times.count == 6)
        let reason = "the stream of GET could not be resumed after 5 attempts"
        #expect(rehearsal.events == [.pushDegraded(reason)])
        rehearsal.pass(.seconds(86_400))
        #expect(rehearsal.begun.count { $0.method == "GET" } == 6)
    }

    @Test("RS-04: the delays between those are 1, 2, 4, 8 and 16 seconds, and 503 and refused connects count alike")
    func aDeadStreamIsAskedLessAndLess() {
        var rehearsal = Rehearsal.standing()
        for number in 1...6 {
            let exchange = rehearsal.last.exchange
            switch number % 3 {
            case 0: rehearsal.head(exchange, 503)
            case 1: rehearsal.feed(.failed(exchange: exchange, HTTPFailure(.refused, mayHaveArrived: false)))
            default:
                rehearsal.events(exchange, ": nothing but a comment\n\n")
                rehearsal.end(exchange, .reset)
            }
            if let due = rehearsal.machine.nextDeadline { rehearsal.pass(rehearsal.now.duration(to: due)) }
        }
        #expect(rehearsal.trace.suffix(6) == ["GET@0", "GET@1", "GET@3", "GET@7", "GET@15", "GET@31"])
        #expect(rehearsal.events.count == 1)
    }

    @Test("an event, or ten seconds, give a stream all its attempts back", arguments: [true, false])
    func attemptsAreGivenBack(_ byEvent: Bool) {
        var rehearsal = Rehearsal.standing()
        for number in 1...40 {
            rehearsal.events(rehearsal.last.exchange)
            if byEvent {
                rehearsal.body(rehearsal.last.exchange, "data: \(Rehearsal.log(number))\n\n")
            } else {
                rehearsal.pass(.seconds(10))
            }
            rehearsal.end(rehearsal.last.exchange)
            rehearsal.pass(.seconds(1))
        }
        #expect(rehearsal.begun.count { $0.method == "GET" } == 41)
    }

    @Test("a server that primes a stream and says when to come back is polled for as long as it takes")
    func aServerIsPolled() {
        var rehearsal = Rehearsal.standing()
        let call = rehearsal.request(7)
        rehearsal.events(call, "retry: 0\nid: p0\ndata: \n\n")
        rehearsal.end(call)
        for number in 1...50 {
            rehearsal.pass(.milliseconds(100))
            #expect(rehearsal.last["Last-Event-ID"] == "p\(number - 1)")
            rehearsal.events(rehearsal.last.exchange, "id: p\(number)\ndata:\n\n")
            rehearsal.end(rehearsal.last.exchange)
        }
        rehearsal.pass(.milliseconds(100))
        rehearsal.events(rehearsal.last.exchange, Rehearsal.event("p99", Rehearsal.result(7)))
        #expect(rehearsal.events == [.message(Array(Rehearsal.result(7).utf8))])
        // Never more often than every 100 ms, although the server asked for no delay at all.
        #expect(rehearsal.begun.count == 4 + 51)
    }

    @Test("a call whose stream cannot be resumed any more is lost, and the connection stands")
    func aCallIsGivenUp() {
        var rehearsal = Rehearsal.standing()
        let call = rehearsal.request(7)
        rehearsal.events(call, Rehearsal.event("p1", Rehearsal.log(1)))
        rehearsal.end(call, .reset)
        for _ in 1...5 {
            rehearsal.pass(.seconds(16))
            rehearsal.feed(
                .failed(exchange: rehearsal.last.exchange, HTTPFailure(.refused, mayHaveArrived: false)))
        }
        #expect(rehearsal.events.last == .requestFailed(id: id(7), .lost(.refused)))
        rehearsal.answer(rehearsal.request(8), Rehearsal.result(8))
        #expect(rehearsal.messages.last == Rehearsal.result(8))
    }

    @Test("an id that no header can carry, or is too long, is not sent back", arguments: ["a\u{1}b", "", "long"])
    func someIDsAreNotSentBack(_ text: String) {
        var limits = StreamableHTTPLimits()
        limits.idByteCountMax = 100
        var rehearsal = Rehearsal.standing(limits: limits)
        let eventID = text == "long" ? String(repeating: "x", count: 101) : text
        rehearsal.events(rehearsal.last.exchange, Rehearsal.event("1", Rehearsal.log(1)))
        rehearsal.body(rehearsal.last.exchange, Rehearsal.event(eventID, Rehearsal.log(2)))
        rehearsal.end(rehearsal.last.exchange)
        rehearsal.pass(.seconds(1))
        #expect(rehearsal.last.method == "GET")
        #expect(rehearsal.last["Last-Event-ID"] == nil)
    }

    @Test("an event id is sent back as it came, whatever its letters")
    func idsAreOpaque() {
        var rehearsal = Rehearsal.standing()
        rehearsal.events(rehearsal.last.exchange, Rehearsal.event("größe/0?=;\"7\"", Rehearsal.log(1)))
        rehearsal.end(rehearsal.last.exchange)
        rehearsal.pass(.seconds(1))
        #expect(rehearsal.last["Last-Event-ID"] == "größe/0?=;\"7\"")
    }

    @Test(
        "a server that has forgotten what it sent gets a GET without a cursor, and the loss is told",
        arguments: [400, 410])
    func lostHistoryIsTold(_ status: Int) {
        var rehearsal = Rehearsal.standing()
        rehearsal.events(rehearsal.last.exchange, Rehearsal.event("1", Rehearsal.log(1)))
        rehearsal.end(rehearsal.last.exchange)
        rehearsal.pass(.seconds(1))
        rehearsal.head(rehearsal.last.exchange, status)
        #expect(rehearsal.events.last == .historyLost)
        rehearsal.pass(.seconds(2))
        #expect(rehearsal.trace.suffix(2) == ["GET@1", "GET@3"])
        #expect(rehearsal.last["Last-Event-ID"] == nil)
    }

    @Test("an answer that comes on another stream than its request's counts, and the request's stream is not resumed")
    func anAnswerCountsOnAnyStream() {
        var rehearsal = Rehearsal.standing()
        let push = rehearsal.last.exchange
        rehearsal.events(push)
        let call = rehearsal.request(7)
        rehearsal.events(call, Rehearsal.event("p1", Rehearsal.log(1)))
        rehearsal.end(call)
        rehearsal.body(push, "data: \(Rehearsal.result(7))\n\n")
        #expect(rehearsal.messages.last == Rehearsal.result(7))
        #expect(rehearsal.machine.nextDeadline == nil)
    }
}
