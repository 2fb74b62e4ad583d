import RepriseRecording
@testable import RepriseReplay
import Testing

/// Which exchange of a recording answers a live request over HTTP.
@Suite struct HTTPReplayMatchingTests {
    static let opening = """
        1 > POST 0 initialize {"protocolVersion":"2025-11-25"}
        1 < 200 json @A
        1 < 0 = {"serverInfo":{}}
        1 < end
        2 > POST @A - notifications/initialized
        2 < 202
        2 < end
        """

    @Test("S-009: calls are answered by JSON and by a stream, as recorded, under live ids and tokens")
    func callsAreAnsweredByJSONAndByAStream() throws {
        try replayHTTP(
            Self.opening + "\n" + """
                3 > POST @A 1 tools/list
                3 < 200 json @A
                3 < 1 = {"tools":[]}
                3 < end
                4 > POST @A 2 tools/call {"name":"a","_meta":{"progressToken":2}}
                4 < 200 sse @A
                4 < id=x-1
                4 < id=x-2 retry=50 - notifications/progress {"progressToken":2,"progress":1}
                4 < :ping
                4 < 2 = {"content":[]}
                4 < end
                """,
            live: """
                7 > POST "i" initialize {"protocolVersion":"2025-11-25"}
                7 < 200 json @A
                7 < "i" = {"serverInfo":{}}
                7 < end
                8 > POST @A - notifications/initialized
                8 < 202
                8 < end
                9 > POST @A 5 tools/list
                9 < 200 json @A
                9 < 5 = {"tools":[]}
                9 < end
                10 > POST @A "n" tools/call {"name":"a","_meta":{"progressToken":"t"}}
                10 < 200 sse @A
                10 < id=x-1
                10 < id=x-2 retry=50 - notifications/progress {"progressToken":"t","progress":1}
                10 < :ping
                10 < "n" = {"content":[]}
                10 < end
                """)
    }

    /// The opening as a live client plays it, with what it gets.
    private func live(_ dialogue: String) -> String { Self.opening + "\n" + dialogue }

    @Test("S-180: a miss is an error in a JSON answer that names the nearest, and a difference")
    func aMissIsExplained() throws {
        var playbook = try HTTPPlaybook(
            live("3 > POST @A 1 tools/call {\"name\":\"add\",\"arguments\":{\"a\":2}}\n3 < 200 json\n3 < 1 =\n3 < end"))
        playbook.play(live("3 > POST @A 9 tools/call {\"name\":\"add\",\"arguments\":{\"a\":3}}"))
        let last = playbook.text.split(separator: "\n").suffix(6)
        #expect(
            last.joined(separator: "\n") == #"""
                ! no recorded message matches tools/call (id 9)
                !   nearest is event 11; first difference, recorded -> live:
                !   /params/arguments/a: 2 -> 3
                3 < 200 json
                3 < {"jsonrpc":"2.0","id":9,"error":{"code":-32603,"message":"reprise: no recorded message matches tools/call (id 9)\n  nearest is event 11; first difference, recorded -> live:\n  /params/arguments/a: 2 -> 3"}}
                3 < end
                """#)
        let report = playbook.replayer.report
        #expect(report.matchedCount == 2)
        #expect(report.neverCame == [.init(event: 11, what: "tools/call")])
        #expect(report.neverSent == [.init(event: 13, what: "result of tools/call")])
    }

    @Test("S-180: one call more than recorded is a miss that says so")
    func oneCallMoreThanRecorded() throws {
        let call = "3 > POST @A 1 a\n3 < 200 json\n3 < 1 =\n3 < end"
        var playbook = try HTTPPlaybook(live(call))
        playbook.play(live(call) + "\n4 > POST @A 2 a")
        #expect(playbook.text.contains("event 11 is equal, but was used already"))
        #expect(playbook.replayer.report.neverCame.isEmpty)
    }

    @Test func whatIsNoMessageIsAnsweredAsABadRequest() throws {
        var playbook = try HTTPPlaybook(Self.opening)
        playbook.expect(
            live(
                """
                3 > POST @A {"jsonrpc"
                ! no recorded message matches a frame of 10 bytes that is no message
                !   the recording holds none like it
                3 < 400 json
                3 < {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"reprise: this is no message, and not what the recorded client sent"}}
                3 < end
                4 > POST @A
                ! no recorded message matches a frame of 0 bytes that is no message
                !   the recording holds none like it
                4 < 400 json
                4 < {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"reprise: this is no message, and not what the recorded client sent"}}
                4 < end
                """), isSame: false)
    }

    @Test func whatWasNoMessageThenIsAnsweredAsThen() throws {
        let junk = "3 > POST @A junk\n3 < 415 text\n3 < what?\n3 < end"
        try replayHTTP(live(junk), live: live(junk))
    }

    @Test func aNotificationThatMatchesNothingIsAcknowledgedAndReported() throws {
        var playbook = try HTTPPlaybook(Self.opening)
        playbook.expect(
            live(
                """
                3 > POST @A - notifications/roots/list_changed
                ! no recorded message matches notifications/roots/list_changed
                !   the recording holds none like it
                3 < 202
                3 < end
                4 > POST @A 5 =
                ! the client answered request 5, which is not open, or which the recorded client did not answer
                4 < 202
                4 < end
                """), isSame: false)
    }

    @Test func pingsAreAnsweredAtOnceAndAreNoDifference() throws {
        try replayHTTP(
            live("3 > POST @A 7 ping\n3 < 200 json\n3 < 7 =\n3 < end"),
            live: live(
                "3 > POST @A \"p\" ping\n3 < 200 json\n3 < \"p\" =\n3 < end\n4 > POST @A 8 ping\n4 < 200 json\n4 < 8 =\n4 < end"
            ))
    }

    @Test func concurrentCallsAreAnsweredInTheirOwnExchanges() throws {
        try replayHTTP(
            live(
                """
                3 > POST @A 1 slow
                4 > POST @A 2 fast
                4 < 200 json
                4 < 2 = {"fast":1}
                4 < end
                3 < 200 sse
                3 < 1 = {"slow":1}
                3 < end
                """),
            live: live(
                """
                3 > POST @A 11 fast
                3 < 200 json
                3 < 11 = {"fast":1}
                3 < end
                4 > POST @A 12 slow
                4 < 200 sse
                4 < 12 = {"slow":1}
                4 < end
                """))
    }

    @Test func equalCallsAreAnsweredInOrder() throws {
        let calls = (3...5).map {
            "\($0) > POST @A \($0) a\n\($0) < 200 json\n\($0) < \($0) = {\"n\":\($0)}\n\($0) < end"
        }
        let dialogue = live(calls.joined(separator: "\n"))
        try replayHTTP(dialogue, live: dialogue)
    }

    @Test func aRequestOfTheServerIsAnsweredByAPostOfItsOwn() throws {
        let dialogue = live(
            """
            3 > POST @A 1 ask
            3 < 200 sse
            3 < id=1 4 sampling/createMessage {"maxTokens":5}
            4 > POST @A 4 = {"role":"assistant"}
            4 < 202
            4 < end
            3 < id=2 1 = {"content":[]}
            3 < end
            """)
        try replayHTTP(dialogue, live: dialogue)
        var playbook = try HTTPPlaybook(dialogue)
        playbook.play(live("3 > POST @A 1 ask\n4 > POST @A 4 = {\"role\":\"user\"}"))
        #expect(playbook.text.contains("! the answer to request 4 differs from event 15 (recorded -> live):"))
        #expect(playbook.text.hasSuffix(HTTPDialogue.expanded("3 < id=2 1 = {\"content\":[]}\n3 < end")))
    }

    @Test func aBatchIsAnsweredAsOne() throws {
        let batch = live(
            """
            3 > POST @A [{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}]
            3 < 200 json
            3 < [{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","id":1,"result":{}}]
            3 < end
            """)
        try replayHTTP(batch, live: batch)
        try replayHTTP(
            batch, live: batch.replacing(#""id":1"#, with: #""id":"x""#).replacing(#""id":2"#, with: #""id":7"#))
        var playbook = try HTTPPlaybook(Self.opening)
        playbook.play(
            live(
                "3 > POST @A [{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"b\"}]"
            ))
        #expect(playbook.text.contains(#"3 < [{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"error""#))
    }

    @Test func recordedStatusReasonAndFieldsComeBackAndFramingDoesNot() throws {
        var playbook = try HTTPPlaybook(
            "1 > POST 1 a\n1 < 503 text retry-after:3 X-Twice:1 X-Twice:2 Transfer-Encoding:chunked Connection:close\n1 < busy\n1 < end"
        )
        playbook.play("1 > POST 1 a")
        let head = ResponseHead(
            status: 503, reason: "R",
            fields: [
                HTTPField("Content-Type", "text/plain"), HTTPField("retry-after", "3"), HTTPField("X-Twice", "1"),
                HTTPField("X-Twice", "2"), HTTPField("content-length", "4"),
            ])
        #expect(
            playbook.actions == [
                .respond(exchange: 1, head), .send(exchange: 1, bytes("busy")), .finish(exchange: 1),
            ])
    }

    @Test func whatWasRefusedOrBrokenOffIsSoAgain() throws {
        try replayHTTP(
            "1 > POST 1 a\n1 < refused",
            live: """
                1 > POST 7 a
                1 < 502 text
                1 < reprise: the server could not be reached when this was recorded
                1 < end
                """)
        for how in ["eof", "reset"] {
            try replayHTTP("1 > POST 1 a\n1 < \(how)", live: "1 > POST 7 a\n1 < \(how)")
            try replayHTTP(
                "1 > POST 1 a\n1 < 200 sse\n1 < id=1\n1 < \(how)",
                live: "1 > POST 7 a\n1 < 200 sse\n1 < id=1\n1 < \(how)")
            try replayHTTP(
                "1 > POST 1 a\n1 < 200 text Content-Length:90\n1 < half\n1 < \(how)",
                live: "1 > POST 7 a\n1 < 200 text\n1 < half\n1 < \(how)")
        }
    }

    @Test("a recording of another transport, and one without an exchange, cannot be served")
    func otherRecordingsAreRefused() {
        #expect(throws: ReplayError.transport("stdio")) { try HTTPReplayer(Dialogue.recording("c> 1 a")) }
        #expect(throws: ReplayError.nothingToReplay) { try HTTPReplayer(HTTPDialogue.recording("")) }
        var recording = HTTPDialogue.recording("1 > POST 1 a")
        recording.events.append(Event(time: 9, kind: .unknown("ws")))
        #expect(throws: ReplayError.unknownKind(event: 3, kind: "ws")) { try HTTPReplayer(recording) }
    }
}
