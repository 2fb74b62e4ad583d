import MCPWire
import RepriseRecording
import Testing
import MCPCore

@testable import RepriseReplay

/// Streams over HTTP: what comes on them and when, and clients that leave them and come back.
@Suite struct HTTPReplayStreamTests {
    /// A stream that the server closes twice, and that the client comes back to.
    static let polled = """
        1 > POST 1 a
        1 < 200 sse
        1 < id=1 retry=10
        1 < id=2 - notifications/message {"n":2}
        1 < end
        2 > GET after=2
        2 < 200 sse
        2 < id=3 - notifications/message {"n":3}
        2 < reset
        3 > GET after=3
        3 < 200 sse
        3 < :there
        3 < id=4 1 = {"n":4}
        3 < end
        """

    @Test("S-009: a stream ends where it ended, and goes on where the client comes back")
    func aStreamEndsWhereItEnded() throws {
        try replayHTTP(Self.polled, live: Self.polled)
    }

    @Test func aClientThatLostMoreGetsMore() throws {
        try replayHTTP(
            Self.polled,
            live: """
                1 > POST 7 a
                1 < 200 sse
                1 < id=1 retry=10
                1 < id=2 - notifications/message {"n":2}
                1 < end
                2 > GET after=1
                2 < 200 sse
                2 < id=2 - notifications/message {"n":2}
                2 < id=3 - notifications/message {"n":3}
                2 < reset
                3 > GET after=1
                3 < 200 sse
                3 < id=2 - notifications/message {"n":2}
                3 < id=3 - notifications/message {"n":3}
                3 < :there
                3 < id=4 7 = {"n":4}
                3 < end
                4 > GET after=3
                4 < 200 sse
                4 < :there
                4 < id=4 7 = {"n":4}
                4 < end
                """)
    }

    @Test("S-180: a client that never comes back misses the rest, and that is told")
    func aClientThatNeverComesBack() throws {
        var playbook = try HTTPPlaybook(Self.polled)
        playbook.play("1 > POST 1 a")
        let report = playbook.replayer.report
        #expect(report.mismatches.isEmpty)
        #expect(report.neverCame.map(\.what) == ["GET /mcp after event id 2", "GET /mcp after event id 3"])
        #expect(report.neverSent.map(\.what) == ["notifications/message", "result of a"])
        #expect(playbook.replayer.nextDeadline == nil)
    }

    /// The client leaves between two events, and the server sends one of them again.
    private static let left = """
        1 > POST 1 a
        1 < 200 sse
        1 < id=1 - notifications/message {"n":1}
        1 < id=2 - notifications/message {"n":2}
        1 > gone
        2 > GET after=1
        2 < 200 sse
        2 < id=2 - notifications/message {"n":2}
        2 < id=3 1 = {}
        2 < end
        """

    @Test func aClientThatDoesNotLeaveGetsTheRestOnItsStream() throws {
        try replayHTTP(
            Self.left,
            live: """
                1 > POST 1 a
                1 < 200 sse
                1 < id=1 - notifications/message {"n":1}
                1 < id=2 - notifications/message {"n":2}
                1 < id=3 1 = {}
                1 < end
                """)
    }

    @Test func aClientThatLeavesElsewhereGetsTheRestThere() throws {
        var playbook = try HTTPPlaybook(Self.left, pace: .recorded(speed: 1))
        playbook.expect(
            """
            1 > POST 1 a
            @ 1000
            1 < 200 sse
            @ 2000
            1 < id=1 - notifications/message {"n":1}
            1 > gone
            @ 90000
            2 > GET after=1
            2 < 200 sse
            @ 91000
            2 < id=2 - notifications/message {"n":2}
            @ 92000
            2 < id=3 1 = {}
            @ 93000
            2 < end
            """)
    }

    @Test func aSecondListenerTakesTheStreamOver() throws {
        var playbook = try HTTPPlaybook(
            "1 > POST 1 a\n1 < 200 sse\n1 < id=1\n2 > POST - go\n2 < 202\n2 < end\n1 < id=2 - n {}\n1 < id=3 1 =\n1 < end"
        )
        playbook.expect(
            """
            1 > POST 1 a
            1 < 200 sse
            1 < id=1
            2 > GET after=1
            1 < end
            2 < 200 sse
            3 > POST - go
            3 < 202
            3 < end
            2 < id=2 - n {}
            2 < id=3 1 =
            2 < end
            """)
    }

    @Test("S-180: an event id that was not sent is reported, and the stream comes from where it was recorded")
    func anUnknownEventID() throws {
        var playbook = try HTTPPlaybook("1 > GET\n1 < 200 sse\n1 < id=5 - n {}")
        playbook.expect(
            """
            1 > GET after=9
            ! the client resumed after event id 9, which it was not sent in this session
            1 < 200 sse
            1 < id=5 - n {}
            2 > GET after=8
            ! the client resumed after event id 8, which it was not sent in this session
            ! no recorded message matches GET /mcp
            !   the recording holds none like it
            2 < 405 text
            2 < reprise: the recorded client did not open this stream
            2 < end
            """, isSame: false)
    }

    @Test func aResumeThatWasRefusedIsRefused() throws {
        let recorded = "1 > POST 1 a\n1 < 200 sse\n1 < id=1\n1 < end\n2 > GET after=1\n2 < 405\n2 < end"
        try replayHTTP(recorded, live: recorded)
    }

    @Test func notificationsOnTheStreamOfAGetComeWhereTheyCame() throws {
        let recorded = """
            1 > POST 0 initialize {}
            1 < 200 json @A
            1 < 0 =
            1 < end
            2 > GET @A
            2 < 200 sse @A
            2 < :open
            3 > POST @A 1 a
            3 < 200 json
            3 < 1 =
            3 < end
            2 < id=1 - notifications/message {"n":1}
            4 > POST @A 2 b
            2 < id=2 - notifications/message {"n":2}
            4 < 200 json
            4 < 2 =
            4 < end
            5 > DELETE @A
            5 < 200
            5 < end
            2 < end
            """
        try replayHTTP(recorded, live: recorded)
        // A stream that is opened late gets what was due at once, and ends only after the session does.
        try replayHTTP(
            recorded,
            live: """
                1 > POST 0 initialize {}
                1 < 200 json @A
                1 < 0 =
                1 < end
                2 > POST @A 1 a
                2 < 200 json
                2 < 1 =
                2 < end
                3 > POST @A 2 b
                3 < 200 json
                3 < 2 =
                3 < end
                4 > GET @A
                4 < 200 sse @A
                4 < :open
                4 < id=1 - notifications/message {"n":1}
                4 < id=2 - notifications/message {"n":2}
                5 > DELETE @A
                5 < 200
                5 < end
                4 < end
                """)
    }

    @Test func aStreamWithoutIDsGoesOnForAClientThatOpensItAgain() throws {
        try replayHTTP(
            "1 > GET\n1 < 200 sse\n1 < - n {\"n\":1}\n2 > POST - a\n2 < 202\n2 < end\n1 < - n {\"n\":2}",
            live: """
                1 > GET
                1 < 200 sse
                1 < - n {"n":1}
                1 > gone
                2 > POST - a
                2 < 202
                2 < end
                3 > GET
                3 < 200 sse
                3 < - n {"n":2}
                """)
    }

    @Test func anOlderConnectionThatGoesOnBesideTheNewOneEndsNothing() throws {
        try replayHTTP(
            """
            1 > POST 1 a
            1 < 200 sse
            1 < id=1
            2 > GET after=1
            2 < 200 sse
            1 < id=2 - n {}
            1 < end
            2 < id=3 1 =
            2 < end
            """,
            live: """
                1 > POST 1 a
                1 < 200 sse
                1 < id=1
                1 < id=2 - n {}
                1 < id=3 1 =
                1 < end
                """)
    }

    @Test func aStreamThatWasLeftBeforeItsHeadIsOpenedAgain() throws {
        var playbook = try HTTPPlaybook("1 > GET\n1 < 200 sse\n1 < - n {}", pace: .recorded(speed: 1))
        playbook.expect("1 > GET\n1 > gone\n2 > GET\n@ 1000\n2 < 200 sse\n@ 2000\n2 < - n {}")
    }

    @Test("S-180: a stream that was never opened is refused, and reported")
    func aStreamThatWasNotRecorded() throws {
        var playbook = try HTTPPlaybook("1 > POST 1 a\n1 < 200 json\n1 < 1 =\n1 < end")
        playbook.play("1 > POST 1 a\n2 > GET")
        #expect(
            playbook.text.hasSuffix("2 < 405 text\n2 < reprise: the recorded client did not open this stream\n2 < end"))
        #expect(playbook.replayer.report.mismatches.count == 1)
    }

    @Test func dataInSeveralLinesKeepsThemAroundLiveValues() throws {
        var recording = HTTPDialogue.recording("1 > POST 1 a\n1 < 200 sse\n1 < id=1 1 =\n1 < end")
        let block =
            "event: message\r\ndata: {\"jsonrpc\":\"2.0\",\r\ndata:\"id\":1,\r\nid: 7\r\ndata: \"result\":{}}\r\n\r\n"
        let index = try #require(recording.events.firstIndex { if case .sse = $0.kind { true } else { false } })
        recording.events[index].frame = Frame(payload: .bytes(bytes(block)), post: [])
        var playbook = try HTTPPlaybook(recording)
        playbook.play("1 > POST \"live\" a")
        let sent = playbook.actions.compactMap { if case .send(_, let bytes) = $0 { text(bytes) } else { nil } }
        #expect(sent == [block.replacing(#""id":1"#, with: #""id":"live""#)])
        #expect(playbook.replayer.report.isSame)
    }
}
