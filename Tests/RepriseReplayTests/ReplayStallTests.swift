import RepriseRecording
@testable import RepriseReplay
import Testing

/// What happens when the client does not say what the server waits for.
@Suite struct ReplayStallTests {
    @Test("S-180: what waits in vain is named and let go")
    func whatWaitsInVainIsNamedAndLetGo() throws {
        var playbook = try Playbook(
            """
            c> 1 a
            c> - forgotten
            s> - note
            s> 1 =
            """)
        playbook.play("@ 1000\nc> 1 a")
        #expect(playbook.replayer.nextDeadline == 5_001_000)
        playbook.play("@ 5000999")
        #expect(playbook.replayer.report.mismatches.isEmpty)
        playbook.play("@ 5001000")
        let whole = """
            @ 1000
            c> 1 a
            @ 5000999
            @ 5001000
            ! stalled: event 4 waits for event 3 from the client; released without it
            s> - note
            s> 1 =
            """
        #expect(playbook.text == Dialogue.expanded(whole))
        #expect(playbook.replayer.nextDeadline == nil)
        let report = playbook.replayer.report
        #expect(report.neverCame == [.init(event: 3, what: "forgotten")])
        #expect(report.neverSent.isEmpty)
    }

    @Test func whatDoesNotComeIsWaitedForOnce() throws {
        var playbook = try Playbook("c> 1 a\nc> - x\nc> - y\ns> - one\ns> - two\ns> 1 =\nc> 2 b\ns> - three\ns> 2 =")
        playbook.play("c> 1 a\n@ 5000000\nc> 2 b")
        let whole = """
            c> 1 a
            @ 5000000
            ! stalled: event 5 waits for event 3, event 4 from the client; released without it
            s> - one
            s> - two
            s> 1 =
            c> 2 b
            s> - three
            s> 2 =
            """
        #expect(playbook.text == Dialogue.expanded(whole))
        #expect(playbook.replayer.report.neverCame.map(\.what) == ["x", "y"])
    }

    @Test func whatTheClientSaysPutsTheStallOff() throws {
        var playbook = try Playbook("c> 1 a\nc> - x\nc> - y\ns> - note\ns> 1 =")
        playbook.play("c> 1 a\n@ 4000000\nc> - x\n@ 8999999")
        #expect(playbook.replayer.nextDeadline == 9_000_000)
        #expect(playbook.replayer.report.mismatches.isEmpty)
        playbook.play("c> - y")
        #expect(playbook.replayer.report.isSame)
    }

    @Test func aClientThatMerelyIdlesDoesNotStall() throws {
        var playbook = try Playbook(
            """
            c> 1 a
            s> 1 =
            c> 2 b
            s> 2 =
            """)
        #expect(playbook.replayer.nextDeadline == nil)
        playbook.play("c> 1 a")
        #expect(playbook.replayer.nextDeadline == nil)
        playbook.play("@ 999999999\nc> 2 b")
        #expect(playbook.replayer.report.isSame)
    }

    @Test func aRequestThatWasNeverAnsweredIsNotWaitedFor() throws {
        var playbook = try Playbook(
            """
            c> 1 subscribe
            c> 2 b
            s> 2 =
            """)
        playbook.play("c> 1 subscribe")
        #expect(playbook.replayer.nextDeadline == nil)
        playbook.play("@ 999999999\nc> 2 b")
        #expect(playbook.replayer.report.isSame)
    }

    @Test func aSubscriptionIsNotWaitedForAndEndsWhereItEnded() throws {
        let dialogue = """
            c> 1 subscriptions/listen {}
            s> - notifications/subscriptions/acknowledged {"_meta":{"io.modelcontextprotocol/subscriptionId":1}}
            c> 2 b
            s> 2 =
            s> - notifications/tools/list_changed {"_meta":{"io.modelcontextprotocol/subscriptionId":1,"n":1}}
            c> <end>
            s> 1 = {"_meta":{"io.modelcontextprotocol/subscriptionId":1}}
            s> - notifications/cancelled {"requestId":1}
            """
        let live = dialogue.replacing(" 1 ", with: " \"abc\" ").replacing("Id\":1", with: "Id\":\"abc\"")
        var playbook = try Playbook(dialogue)
        playbook.play("c> \"abc\" subscriptions/listen {}")
        #expect(playbook.replayer.nextDeadline == nil)
        playbook.play("c> 2 b\nc> <end>")
        #expect(playbook.text == Dialogue.expanded(live))
        #expect(playbook.replayer.report.isSame)
    }

    @Test func aCancellationOfTheServersOwnRequestKeepsItsID() throws {
        try replay(
            "c> 1 a\ns> 1 roots/list\ns> - notifications/cancelled {\"requestId\":1}\ns> 1 =",
            live: "c> 7 a\ns> 1 roots/list\ns> - notifications/cancelled {\"requestId\":1}\ns> 7 =")
    }

    @Test func anAnswerWhoseRequestNeverCameIsLeftOut() throws {
        var playbook = try Playbook(
            """
            c> 1 a
            c> 2 b
            s> 2 = {"r":"b"}
            s> 1 = {"r":"a"}
            c> 3 c
            s> 3 =
            """)
        playbook.play("c> 1 a\n@ 5000000\nc> 9 c\nc> <end>")
        let whole = """
            c> 1 a
            @ 5000000
            ! stalled: event 4 waits for event 3 from the client; released without it
            s> 1 = {"r":"a"}
            c> 9 c
            s> 9 =
            c> <end>
            """
        #expect(playbook.text == Dialogue.expanded(whole))
        #expect(playbook.replayer.report.neverCame == [.init(event: 3, what: "b")])
        #expect(playbook.replayer.report.neverSent == [.init(event: 4, what: "result of b")])
        #expect(playbook.replayer.nextDeadline == nil)
    }

    @Test func aRequestThatComesAfterTheStallIsAnsweredAllTheSame() throws {
        var playbook = try Playbook("c> 1 a\nc> 2 b\ns> 2 = {\"r\":\"b\"}\ns> 1 =\nc> 3 c\ns> 3 =")
        playbook.play("c> 1 a\n@ 5000000\nc> 8 b")
        #expect(playbook.text.hasSuffix(Dialogue.expanded("s> 1 =\nc> 8 b\ns> 8 = {\"r\":\"b\"}")))
        #expect(playbook.replayer.nextDeadline == nil)
        playbook.play("c> 3 c")
        let report = playbook.replayer.report
        #expect(report.neverSent.isEmpty)
        #expect(report.neverCame.isEmpty)
        #expect(report.mismatches.count == 1)
    }

    @Test func aBatchOfWhichAPartNeverCameIsLeftOut() throws {
        let batch = #"[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]"#
        var playbook = try Playbook("c> 1 a\nc> 2 b\ns> \(batch)\nc> 3 c\ns> 3 =\nc> - d\ns> - e")
        playbook.play("c> 1 a\n@ 5000000\nc> 3 c")
        #expect(playbook.text.hasSuffix(Dialogue.expanded("c> 3 c\ns> 3 =")))
        // Nobody waits any more but for the batch, which will not come.
        #expect(playbook.replayer.nextDeadline == nil)
        playbook.play("c> 2 b")
        #expect(playbook.text.hasSuffix(Dialogue.expanded("c> 2 b\ns> \(batch)")))
    }

    @Test func anAnswerOfTheClientThatNeverComesStallsItsRequest() throws {
        var playbook = try Playbook("c> 1 a\ns> 7 roots/list\nc> 7 =\ns> 1 =")
        playbook.play("c> 4 a\n@ 5000000")
        let whole = """
            c> 4 a
            s> 7 roots/list
            @ 5000000
            ! stalled: event 5 waits for event 4 from the client; released without it
            s> 4 =
            """
        #expect(playbook.text == Dialogue.expanded(whole))
        #expect(playbook.replayer.report.neverCame == [.init(event: 4, what: "answer to 7")])
    }

    @Test func aClientThatHasGoneDoesNotStall() throws {
        var playbook = try Playbook("c> 1 a\nc> - x\ns> - note\ns> 1 =")
        playbook.play("c> 1 a\nc> <end>")
        #expect(playbook.replayer.nextDeadline == nil)
        #expect(playbook.replayer.isFinished)
        #expect(playbook.replayer.report.mismatches.isEmpty)
    }
}
