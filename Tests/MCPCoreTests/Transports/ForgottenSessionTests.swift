import MCPCore
import MCPWire
import Testing

/// What becomes of a session over HTTP that the server has forgotten, and of the requests that are under way.
@Suite struct ForgottenSessionTests {
    private typealias Rehearsal = HTTPRehearsal

    private static func notSent(_ number: Int) -> StreamEvent {
        .requestFailed(id: id(number), .notSent(.sessionExpired))
    }

    @Test("SR-14: 404 to a request ends the session, and says of that request that it has had no effect")
    func anExpiredSessionIsGone() {
        var rehearsal = Rehearsal.standing()
        let push = rehearsal.last.exchange
        let call = rehearsal.request(7)
        rehearsal.head(call, 404)
        #expect(rehearsal.events == [Self.notSent(7), .closed(.sessionExpired)])
        #expect(rehearsal.ended.sorted() == [push, call])
        #expect(rehearsal.machine.nextDeadline == nil)
        let count = rehearsal.begun.count
        rehearsal.feed(.send(Array(Rehearsal.notification("notifications/x").utf8)))
        #expect(rehearsal.rejections == [.sessionExpired])
        rehearsal.feed(.close)
        #expect(rehearsal.isFinished)
        #expect(rehearsal.begun.count == count)
        #expect(rehearsal.events.count == 2)
    }

    @Test("SR-14: 404 to a GET that resumes a stream ends the session too")
    func anExpiredSessionIsNoticedOnResumption() {
        var rehearsal = Rehearsal.standing()
        rehearsal.events(rehearsal.last.exchange, Rehearsal.event("1", Rehearsal.log(1)))
        rehearsal.end(rehearsal.last.exchange)
        rehearsal.pass(.seconds(1))
        rehearsal.head(rehearsal.last.exchange, 404)
        #expect(rehearsal.events.last == .closed(.sessionExpired))
    }

    @Test("SR-14: each request whose 404 comes behind the first has had no effect either, and answers are still heard")
    func severalMeetTheEnd() {
        var rehearsal = Rehearsal.standing()
        let calls = (1...4).map { rehearsal.request($0) }
        rehearsal.events(calls[3])
        rehearsal.head(calls[1], 404)
        #expect(rehearsal.events == [Self.notSent(2)])
        rehearsal.pass(.milliseconds(300))
        rehearsal.head(calls[0], 404)
        rehearsal.answer(calls[2], Rehearsal.result(3))
        #expect(rehearsal.events.count == 3)
        rehearsal.body(calls[3], "data: \(Rehearsal.log(1))\n\ndata: \(Rehearsal.result(4))\n\n")
        #expect(
            rehearsal.events == [
                Self.notSent(2), Self.notSent(1), .message(Array(Rehearsal.result(3).utf8)),
                .message(Array(Rehearsal.log(1).utf8)), .message(Array(Rehearsal.result(4).utf8)),
                .closed(.sessionExpired),
            ])
        #expect(rehearsal.begun.count == 7)
    }

    @Test("SR-14: what has neither 404 nor answer after the first delay of the policy is not waited for")
    func theWaitHasAnEnd() {
        var policy = ConnectionPolicy()
        policy.backoffBase = .seconds(3)
        var rehearsal = Rehearsal.standing(policy: policy)
        let calls = (1...2).map { rehearsal.request($0) }
        rehearsal.pass(.seconds(1))
        rehearsal.head(calls[0], 404)
        #expect(rehearsal.machine.nextDeadline == Instant(nanoseconds: 4_000_000_000))
        rehearsal.pass(.milliseconds(2_999))
        #expect(rehearsal.events == [Self.notSent(1)])
        rehearsal.pass(.milliseconds(1))
        #expect(rehearsal.events == [Self.notSent(1), .closed(.sessionExpired)])
        #expect(rehearsal.ended.contains(calls[1]))
        #expect(rehearsal.machine.nextDeadline == nil)
    }

    @Test("SR-14: nothing is begun in a forgotten session: no message, no resumption, no other token, no redirect")
    func nothingIsBegun() {
        var limits = StreamableHTTPLimits()
        limits.exchangeCountMax = 6
        var rehearsal = Rehearsal.standing(limits: limits)
        let calls = (1...6).map { rehearsal.request($0) }
        rehearsal.feed(.send(Array(#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#.utf8)))
        rehearsal.head(calls[0], 401)
        rehearsal.events(calls[1], Rehearsal.event("c1", Rehearsal.log(1)))
        rehearsal.end(calls[1], .reset)
        rehearsal.events(calls[2], Rehearsal.event("d1", Rehearsal.log(2)))
        let count = rehearsal.begun.count
        rehearsal.head(calls[3], 404)
        rehearsal.feed(.recovered(exchange: calls[0], .retry(AccessToken("B", issue: 2))))
        rehearsal.feed(.send(Array(#"{"jsonrpc":"2.0","id":8,"method":"ping"}"#.utf8)))
        rehearsal.feed(.send(Array(Rehearsal.notification("notifications/x").utf8)))
        rehearsal.end(calls[2], .reset)
        rehearsal.head(calls[4], 307, nil, ["Location": "/there"])
        rehearsal.feed(.failed(exchange: calls[5], HTTPFailure(.refused, mayHaveArrived: false)))
        #expect(rehearsal.begun.count == count)
        let told = rehearsal.events.filter { if case .message = $0 { false } else { true } }
        // Of 2 and 3, which were begun and broke off, nobody knows what they have done.
        #expect(told == [4, 1, 5, 6, 7, 8].map(Self.notSent) + [.closed(.sessionExpired)])
    }

    @Test("SR-14: a request that is cancelled while its session ends is not waited for")
    func cancelledMeanwhile() {
        var rehearsal = Rehearsal.standing()
        let calls = (1...2).map { rehearsal.request($0) }
        rehearsal.head(calls[0], 404)
        let count = rehearsal.begun.count
        let cancel = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#
        rehearsal.feed(.send(Array(cancel.utf8)))
        #expect(rehearsal.events == [Self.notSent(1), .closed(.sessionExpired)])
        #expect(rehearsal.begun.count == count)
    }

    @Test("SR-14: a forgotten session is closed at once when its client closes it, without DELETE")
    func closedMeanwhile() {
        var rehearsal = Rehearsal.standing()
        let calls = (1...2).map { rehearsal.request($0) }
        rehearsal.head(calls[0], 404)
        let count = rehearsal.begun.count
        rehearsal.feed(.close)
        #expect(rehearsal.isFinished)
        #expect(rehearsal.begun.count == count)
        rehearsal.feed(.send(Array(Rehearsal.notification("notifications/x").utf8)))
        #expect(rehearsal.rejections == [.closed])
    }
}
