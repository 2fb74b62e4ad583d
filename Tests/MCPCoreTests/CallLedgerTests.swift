import MCPCore
import MCPWire
import Testing

/// What becomes of calls, event by event.
@Suite struct CallLedgerTests {
    private static func call(_ number: Int, isIdempotent: Bool = false, deadline: Int64? = nil) -> CallLedger.Call {
        CallLedger.Call(
            number: number, method: "tools/call", params: nil, isIdempotent: isIdempotent,
            patience: .init(until: deadline.map { Instant(nanoseconds: $0) }))
    }

    private static func ending(_ number: Int, _ error: ConnectionError) -> CallLedger.Ending {
        CallLedger.Ending(number: number, outcome: .failure(error))
    }

    @Test("S-186: an answer ends its call once; a second one, and one to no call, are unknown")
    func answersAreMatchedOnce() {
        var ledger = CallLedger(server: "a")
        ledger.begin(Self.call(1), requestID: 7, at: .zero)
        #expect(ledger.answered(requestID: 8, .success(1)) == .unknown)
        #expect(ledger.answered(requestID: 7, .success(1)) == .ending(.init(number: 1, outcome: .success(1))))
        #expect(ledger.answered(requestID: 7, .success(1)) == .unknown)
        #expect(ledger.count == 0)
    }

    @Test("RS-09: with the connection end the calls that were sent, unknown, and those that were not, unsent")
    func theEndOfAConnection() {
        var ledger = CallLedger(server: "a")
        for number in 1...3 {
            ledger.begin(Self.call(number, isIdempotent: number == 2), requestID: number + 10, at: .zero)
        }
        ledger.handOver(requestID: 11)
        ledger.handOver(requestID: 12)
        let unknown = ConnectionError.outcomeUnknown(server: "a", cause: .reset)
        #expect(
            ledger.connectionLost(.reset) == [Self.ending(1, unknown), Self.ending(3, .notConnected(server: "a"))])
        #expect(ledger.waiting.map(\.number) == [2])
        #expect(ledger.connectionLost(.closed) == [])

        ledger.resend(2, requestID: 20)
        #expect(ledger.waiting.isEmpty)
        #expect(ledger.answered(requestID: 12, .success(1)) == .unknown)
        ledger.handOver(requestID: 20)
        #expect(ledger.connectionLost(.closed) == [Self.ending(2, .outcomeUnknown(server: "a", cause: .closed))])
        #expect(ledger.count == 0)
    }

    @Test("AE-16: what the transport has taken back ends unsent with its connection, or waits for the next one")
    func whatWasTakenBackWasNotExecuted() {
        var ledger = CallLedger(server: "a")
        for number in 1...3 {
            ledger.begin(Self.call(number, isIdempotent: number == 2), requestID: number + 10, at: .zero)
            ledger.handOver(requestID: number + 10)
        }
        ledger.takenBack([11, 12, 99])
        let unknown = ConnectionError.outcomeUnknown(server: "a", cause: .closed)
        #expect(
            ledger.connectionLost(.closed) == [Self.ending(1, .notConnected(server: "a")), Self.ending(3, unknown)])
        #expect(ledger.waiting.map(\.number) == [2])
        // It was not executed, so that it may be repeated when the next connection is lost.
        ledger.resend(2, requestID: 20)
        ledger.handOver(requestID: 20)
        #expect(ledger.connectionLost(.reset) == [])
        #expect(ledger.waiting.map(\.number) == [2])
        #expect(ledger.endWaiting() == [Self.ending(2, .outcomeUnknown(server: "a", cause: .reset))])
    }

    @Test("RS-09: a repetition that was never taken leaves open what the first call did")
    func aRepetitionThatWasNotSent() {
        var ledger = CallLedger(server: "a")
        ledger.begin(Self.call(1, isIdempotent: true), requestID: 1, at: .zero)
        ledger.handOver(requestID: 1)
        _ = ledger.connectionLost(.reset)
        ledger.resend(1, requestID: 2)
        let unknown = ConnectionError.outcomeUnknown(server: "a", cause: .reset)
        #expect(ledger.connectionLost(.closed) == [Self.ending(1, unknown)])
    }

    @Test func whatWaitsInVainEndsUnknown() {
        var ledger = CallLedger(server: "a")
        ledger.begin(Self.call(1, isIdempotent: true), requestID: 1, at: .zero)
        ledger.handOver(requestID: 1)
        _ = ledger.connectionLost(.exited(code: 3))
        let unknown = ConnectionError.outcomeUnknown(server: "a", cause: .exited(code: 3))
        #expect(ledger.endWaiting() == [Self.ending(1, unknown)])
        #expect(ledger.endWaiting() == [])
    }

    @Test func deadlinesEndCallsInOrderAndTheirAnswersAreLate() {
        var ledger = CallLedger(server: "a")
        for (number, deadline) in [(1, 5), (2, 3), (3, 5), (4, nil)] as [(Int, Int64?)] {
            ledger.begin(Self.call(number, deadline: deadline), requestID: number, at: .zero)
            if number > 1 { ledger.handOver(requestID: number) }
        }
        #expect(ledger.nextDeadline == Instant(nanoseconds: 3))
        #expect(ledger.expire(at: Instant(nanoseconds: 2)) == [])
        let expired = ledger.expire(at: Instant(nanoseconds: 5))
        #expect(expired.map(\.number) == [1, 2, 3] && expired.map(\.abandoned) == [nil, 2, 3])
        #expect(ledger.nextDeadline == nil)
        let cancelled = CallLedger.Outcome.failure(.cancelled(server: "a"))
        #expect(ledger.cancel(4) == CallLedger.Ending(number: 4, outcome: cancelled, abandoned: 4))
        #expect(ledger.cancel(4) == nil)
        #expect(ledger.answered(requestID: 1, .success(1)) == .unknown)
        for id in 2...4 {
            #expect(ledger.answered(requestID: id, .success(1)) == .late)
            #expect(ledger.answered(requestID: id, .success(1)) == .unknown)
        }
    }

    @Test("SR-14: a call that met a forgotten session waits once for the next, and then fails as not sent")
    func forgottenSession() {
        var ledger = CallLedger(server: "a")
        ledger.begin(Self.call(1), requestID: 1, at: .zero)
        ledger.handOver(requestID: 1)
        #expect(ledger.failed(requestID: 1, .notSent(.sessionExpired)) == .none)
        #expect(ledger.connectionLost(.sessionExpired) == [])
        #expect(ledger.waiting.map(\.number) == [1])
        ledger.resend(1, requestID: 2)
        ledger.handOver(requestID: 2)
        #expect(
            ledger.failed(requestID: 2, .notSent(.sessionExpired))
                == .ending(Self.ending(1, .notConnected(server: "a"))))
        #expect(ledger.failed(requestID: 2, .notSent(.sessionExpired)) == .none)
        #expect(ledger.count == 0)
    }

    @Test(
        "SR-14: a call that was not taken as the session was forgotten waits once for the next",
        arguments: [true, false])
    func forgottenBeforeItWasTaken(_ isHandedOver: Bool) {
        var ledger = CallLedger(server: "a")
        ledger.begin(Self.call(1), requestID: 1, at: .zero)
        if isHandedOver {
            ledger.handOver(requestID: 1)
            #expect(ledger.failed(requestID: 1, .notSent(.sessionExpired)) == .none)
        }
        #expect(ledger.connectionLost(.sessionExpired) == [])
        #expect(ledger.waiting.map(\.number) == [1])
        ledger.resend(1, requestID: 2)
        #expect(ledger.connectionLost(.sessionExpired) == [Self.ending(1, .notConnected(server: "a"))])
    }

    @Test("SR-14, RS-09: what may have been executed before its session was forgotten ends unknown, not unsent")
    func forgottenAfterALoss() {
        var ledger = CallLedger(server: "a")
        ledger.begin(Self.call(1, isIdempotent: true), requestID: 1, at: .zero)
        ledger.handOver(requestID: 1)
        #expect(ledger.failed(requestID: 1, .lost(.reset)) == .resend(1))
        ledger.resend(1, requestID: 2)
        ledger.handOver(requestID: 2)
        #expect(ledger.failed(requestID: 2, .notSent(.sessionExpired)) == .none)
        let unknown = ConnectionError.outcomeUnknown(server: "a", cause: .reset)
        #expect(ledger.endWaiting() == [Self.ending(1, unknown)])
    }

    @Test func whatIsGivenUpBeforeItWasSentIsNotSent() {
        var ledger = CallLedger(server: "a")
        ledger.begin(Self.call(1), requestID: 1, at: .zero)
        let ending = ledger.cancel(1)
        #expect(ending != nil && ending?.abandoned == nil)
        let isSent = ledger.handOver(requestID: 1)
        #expect(!isSent)
    }

    @Test func progressBeginsThePatienceAnewUpToItsEnd() {
        func seconds(_ seconds: Int64) -> Instant { Instant.zero.advanced(by: .seconds(seconds)) }
        var ledger = CallLedger(server: "a")
        let patience = CallLedger.Patience(until: seconds(25), idle: .seconds(10))
        ledger.begin(
            .init(number: 1, method: "m", params: nil, patience: patience, wantsProgress: true), requestID: 1, at: .zero
        )
        ledger.begin(.init(number: 2, method: "m", params: nil), requestID: 2, at: .zero)
        #expect(ledger.progressed(token: 1, at: seconds(9)) == 1)
        #expect(ledger.progressed(token: 2, at: seconds(9)) == nil)
        #expect(ledger.progressed(token: 3, at: seconds(9)) == nil)
        #expect(ledger.expire(at: seconds(10)) == [])
        #expect(ledger.nextDeadline == seconds(19))
        #expect(ledger.progressed(token: 1, at: seconds(18)) == 1)
        #expect(ledger.expire(at: seconds(24)) == [])
        #expect(ledger.expire(at: seconds(25)).map(\.number) == [1])
    }

    @Test func idsOfEndedCallsAreRememberedToALimit() {
        var ledger = CallLedger(server: "a", lateMax: 2)
        for number in 1...3 {
            ledger.begin(Self.call(number), requestID: number, at: .zero)
            ledger.handOver(requestID: number)
            _ = ledger.cancel(number)
        }
        #expect(ledger.answered(requestID: 1, .success(1)) == .unknown)
        #expect(ledger.answered(requestID: 3, .success(1)) == .late)
    }
}
