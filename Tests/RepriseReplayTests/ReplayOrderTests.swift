import RepriseRecording
@testable import RepriseReplay
import Testing

/// When each frame of the server comes: in its place, and after what it waits for.
@Suite struct ReplayOrderTests {
    @Test func progressComesBeforeItsResultUnderTheLiveToken() throws {
        try replay(
            """
            c> 1 work {"n":5,"_meta":{"progressToken":"p1"}}
            s> - notifications/progress {"progressToken":"p1","progress":1}
            s> - notifications/progress {"progress":2,"progressToken":"p1","message":"p1"}
            s> 1 = {"done":true}
            """,
            live: """
                c> 42 work {"n":5,"_meta":{"progressToken":7}}
                s> - notifications/progress {"progressToken":7,"progress":1}
                s> - notifications/progress {"progress":2,"progressToken":7,"message":"p1"}
                s> 42 = {"done":true}
                """)
    }

    @Test func aProgressTokenUsedAgainBelongsToItsLatestRequest() throws {
        try replay(
            """
            c> 1 a {"_meta":{"progressToken":0}}
            s> - notifications/progress {"progressToken":0,"progress":1}
            s> 1 =
            c> 2 b {"_meta":{"progressToken":0}}
            s> - notifications/progress {"progressToken":0,"progress":1}
            s> 2 =
            """,
            live: """
                c> 1 a {"_meta":{"progressToken":"x"}}
                s> - notifications/progress {"progressToken":"x","progress":1}
                s> 1 =
                c> 2 b {"_meta":{"progressToken":"y"}}
                s> - notifications/progress {"progressToken":"y","progress":1}
                s> 2 =
                """)
    }

    @Test func aRequestOfTheServerIsAnsweredBeforeTheNextFrame() throws {
        try replay(
            """
            c> 1 ask
            s> 1 sampling/createMessage {"maxTokens":10}
            c> 1 = {"role":"assistant"}
            s> - notifications/message {"data":"thinking"}
            s> "again" roots/list
            c> "again" ! {"code":-32601,"message":"no roots"}
            s> 1 = {"content":[]}
            """,
            live: """
                c> 1 ask
                s> 1 sampling/createMessage {"maxTokens":10}
                c> 1 = {"role":"assistant"}
                s> - notifications/message {"data":"thinking"}
                s> "again" roots/list
                c> "again" ! {"code":-32601,"message":"no roots"}
                s> 1 = {"content":[]}
                """)
    }

    @Test func anotherAnswerOfTheClientIsReportedAndTheSessionGoesOn() throws {
        var playbook = try Playbook(
            """
            c> 1 ask
            s> 9 elicitation/create {}
            c> 9 = {"action":"accept","content":{"a":1}}
            s> 1 =
            """)
        playbook.expect(
            """
            c> 1 ask
            s> 9 elicitation/create {}
            c> 9 = {"action":"decline"}
            ! the answer to request 9 differs from event 4 (recorded -> live):
            !   /result/action: "accept" -> "decline"
            !   /result/content: removed {"a":1}
            s> 1 =
            """, isSame: false)
    }

    @Test func anAnswerToNoRequestIsReported() throws {
        var playbook = try Playbook("c> 1 ask\ns> 9 roots/list\nc> 9 =\ns> 1 =")
        playbook.play("c> 9 =")
        #expect(playbook.replayer.report.mismatches.count == 1)
        playbook.play("c> 1 ask\nc> 9 =\nc> 9 =")
        #expect(playbook.replayer.report.mismatches.count == 2)
        #expect(playbook.replayer.report.neverCame.isEmpty)
    }

    @Test func answersComeOutOfOrderAsRecorded() throws {
        try replay(
            """
            c> 1 slow
            c> 2 fast
            s> 2 = {"fast":1}
            s> 1 = {"slow":1}
            """,
            live: """
                c> 1 slow
                c> 2 fast
                s> 2 = {"fast":1}
                s> 1 = {"slow":1}
                """)
    }

    @Test func concurrentRequestsMayComeInAnotherOrder() throws {
        try replay(
            """
            c> 1 a
            c> 2 b
            c> 3 c
            s> 1 = {"r":"a"}
            s> 2 = {"r":"b"}
            s> 3 = {"r":"c"}
            """,
            live: """
                c> 1 c
                c> 2 a
                s> 2 = {"r":"a"}
                c> 3 b
                s> 3 = {"r":"b"}
                s> 1 = {"r":"c"}
                """)
    }

    @Test func whatAnswersNothingWaitsForEverythingSaidBefore() throws {
        try replay(
            """
            s> - hello
            c> 1 a
            c> - b
            s> - after {}
            s> 1 =
            """,
            live: """
                s> - hello
                c> 1 a
                c> - b
                s> - after {}
                s> 1 =
                """)
    }

    @Test func aServerThatEndsFirstEndsFirst() throws {
        var playbook = try Playbook(
            """
            c> 1 a
            s> 1 =
            s> <end>
            c> 2 b
            """)
        playbook.play("c> 1 a")
        #expect(playbook.text == Dialogue.expanded("c> 1 a\ns> 1 =\ns> <end>"))
        #expect(playbook.replayer.isFinished)
        #expect(playbook.replayer.nextDeadline == nil)
        // Nothing is written any more, whatever comes.
        playbook.play("c> 2 b\nc> 3 ping\nc> 4 unknown\nc> <end>")
        #expect(playbook.text.split(separator: "\n").count { $0.hasPrefix("s> ") } == 2)
        #expect(playbook.replayer.report.neverCame.isEmpty)
        #expect(playbook.replayer.report.mismatches.count == 1)
    }

    @Test func theEndOfTheOutputFollowsTheEndOfTheInputWhereItDid() throws {
        var playbook = try Playbook("c> 1 a\ns> 1 =\nc> <end>\ns> - bye\ns> <end>")
        playbook.play("c> 1 a")
        #expect(!playbook.replayer.isFinished)
        playbook.play("c> <end>")
        #expect(playbook.text == Dialogue.expanded("c> 1 a\ns> 1 =\nc> <end>\ns> - bye\ns> <end>"))
        #expect(playbook.replayer.isFinished)
    }

    @Test func aRecordingWithoutAnEndStaysOpenUntilTheClientGoes() throws {
        var playbook = try Playbook("c> 1 a\ns> 1 =")
        playbook.play("c> 1 a")
        #expect(!playbook.replayer.isFinished)
        #expect(playbook.replayer.nextDeadline == nil)
        playbook.play("c> <end>")
        #expect(playbook.replayer.isFinished)
        #expect(playbook.replayer.report.isSame)
    }

    @Test("S-180: a client that leaves early never sends the rest")
    func aClientThatLeavesEarlyIsReported() throws {
        var playbook = try Playbook("c> 1 a\ns> 1 =\nc> 2 b\ns> 2 =\nc> - c\nc> <end>\ns> <end>")
        playbook.expect("c> 1 a\ns> 1 =\nc> <end>", isSame: false)
        #expect(playbook.replayer.isFinished)
        let report = playbook.replayer.report
        #expect(report.mismatches.isEmpty)
        #expect(report.neverCame == [.init(event: 4, what: "b"), .init(event: 6, what: "c")])
        #expect(report.neverSent == [.init(event: 5, what: "result of b")])
    }

    @Test func aLastLineWithoutALineFeedCounts() throws {
        var playbook = try Playbook("c> - a\nc> <end>\ns> - bye")
        playbook.send(bytes(Dialogue.message("- a")))
        #expect(playbook.replayer.report.matchedCount == 0)
        playbook.play("c> <end>")
        #expect(playbook.replayer.report.isSame)
        #expect(playbook.text == Dialogue.expanded("c> <end>\ns> - bye"))
    }
}
