import MCPWire
import RepriseRecording
import RepriseReplay
import Testing

/// Batches, pings, notifications, and what is no message at all.
@Suite struct ReplayMessageKindTests {
    @Test func notificationsAreMatchedAndComeInTheirPlace() throws {
        try replay(
            """
            c> 1 initialize {}
            s> 1 =
            c> - notifications/initialized
            s> - notifications/tools/list_changed
            s> - notifications/message {"level":"info","data":1}
            """,
            live: """
                c> 1 initialize {}
                s> 1 =
                c> - notifications/initialized
                s> - notifications/tools/list_changed
                s> - notifications/message {"level":"info","data":1}
                """)
    }

    @Test func batchesOfBothSidesAreMatchedByTheirMessages() throws {
        let recorded = """
            c> [{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":2,"method":"b"}]
            s> [{"jsonrpc":"2.0","id":2,"result":{"b":1}}, {"jsonrpc":"2.0","id":1,"result":{"a":1}}]
            c> 3 c
            s> 3 =
            """
        try replay(
            recorded,
            live: """
                c> [{"jsonrpc":"2.0","id":"x","method":"b"},{"jsonrpc":"2.0","id":"yy","method":"a"},{"jsonrpc":"2.0","method":"n"}]
                s> [{"jsonrpc":"2.0","id":"x","result":{"b":1}}, {"jsonrpc":"2.0","id":"yy","result":{"a":1}}]
                c> 3 c
                s> 3 =
                """)
        // A client that sends the same messages one by one gets the batch when all of it is asked for.
        try replay(
            recorded,
            live: """
                c> 7 a
                c> - n
                c> 8 b
                s> [{"jsonrpc":"2.0","id":8,"result":{"b":1}}, {"jsonrpc":"2.0","id":7,"result":{"a":1}}]
                c> 9 c
                s> 9 =
                """)
    }

    @Test func malformedFramesOfTheClientAreComparedByteForByte() throws {
        let recorded = """
            c> {"jsonrpc":"2.0","id":1,
            s> null ! {"code":-32700,"message":"Parse error"}
            c> hello there
            c> 2 a
            s> 2 =
            """
        try replay(
            recorded,
            live: """
                c> {"jsonrpc":"2.0","id":1,
                s> null ! {"code":-32700,"message":"Parse error"}
                c> hello there
                c> 5 a
                s> 5 =
                """)
        var playbook = try Playbook(recorded)
        playbook.expect(
            #"""
            c> {"jsonrpc":"2.0","id":9,
            ! no recorded message matches a frame of 25 bytes that is no message
            !   nearest is event 2; first difference, recorded -> live:
            !   (whole value): "{\"jsonrpc\":\"2.0\",\"id\":1,\n" -> "{\"jsonrpc\":\"2.0\",\"id\":9,\n"
            """#, isSame: false)
        #expect(playbook.replayer.report.neverCame.map(\.event) == [2, 4, 5])
    }

    @Test func malformedFramesOfTheServerAreSentAsTheyAre() throws {
        var recording = Dialogue.recording(
            """
            s> Listening on stdio
            c> 1 a
            s> {"id":1,
            s> 1 =
            """)
        recording.events[3].frame?.payload = .bytes([0x7B, 0xFF, 0x00, 0x7D])
        var playbook = try Playbook(recording)
        playbook.play("c> 5 a")
        #expect(playbook.text == Dialogue.expanded("s> Listening on stdio\nc> 5 a\ns> {\u{FFFD}\u{0}}\ns> 5 ="))
        #expect(playbook.replayer.report.isSame)
    }

    @Test func aPingIsAnsweredAtOnceAndNotCompared() throws {
        let recorded = """
            c> 1 ping
            s> 1 =
            c> 2 a
            s> 2 =
            """
        try replay(recorded, live: "c> 7 a\ns> 7 =")
        try replay(
            recorded,
            live: """
                c> "p" ping
                s> "p" =
                c> 2 ping {}
                s> 2 =
                c> 7 a
                s> 7 =
                c> 9 ping
                s> 9 =
                """)
    }

    @Test func aPingOfTheServerWaitsForItsAnswer() throws {
        try replay(
            """
            c> 1 a
            s> 99 ping
            c> 99 =
            s> 1 =
            """,
            live: """
                c> 5 a
                s> 99 ping
                c> 99 =
                s> 5 =
                """)
    }

    @Test func linesCutByTheRecordersLimitAreWholeAgain() throws {
        var recorder = StdioRecorder(lineByteCountMax: 16)
        var events: [Event] = []
        for (line, pipe) in [
            ("1 a {\"text\":\"0123456789012345\"}", Pipe.stdin), ("1 = {\"t\":\"0123456789\"}", .stdout),
        ] {
            let chunk = bytes(Dialogue.message(line) + "\n")
            guard case .events(let more) = recorder.receive(chunk.span, on: pipe, at: 0) else { continue }
            events += more
        }
        #expect(events.count > 6)
        var recording = Dialogue.recording("")
        recording.events += events
        var playbook = try Playbook(recording)
        playbook.expect("c> 7 a {\"text\":\"0123456789012345\"}\ns> 7 = {\"t\":\"0123456789\"}")
    }

    @Test func payloadsThatWereLeftOutAreNamed() throws {
        let secret = bytes("\u{1}binary")
        var recording = Dialogue.recording(
            """
            c> x
            c> 1 a
            s> x
            s> 1 =
            """)
        let omitted = Frame.Payload.omitted(byteCount: secret.count, sha256: SHA256.hexadecimal(of: secret))
        recording.events[1].frame?.payload = omitted
        recording.events[3].frame?.payload = omitted
        var playbook = try Playbook(recording)
        playbook.send(secret + [0x0A])
        playbook.play("c> 1 a")
        #expect(playbook.text.contains("! event 4 cannot be sent: redaction kept only the length of its 8 bytes"))
        #expect(playbook.text.hasSuffix(Dialogue.expanded("s> 1 =")))
        #expect(playbook.replayer.report.mismatches.count == 1)
        #expect(playbook.replayer.report.neverCame.isEmpty)
        // Other bytes of the same length are another frame.
        playbook = try Playbook(recording)
        playbook.send(bytes("\u{1}binarx\n"))
        #expect(playbook.replayer.report.mismatches.count == 1)
        #expect(playbook.replayer.report.matchedCount == 0)
    }
}
