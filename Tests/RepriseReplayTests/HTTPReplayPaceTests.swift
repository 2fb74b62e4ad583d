import RepriseRecording
import RepriseReplay
import Testing
import MCPCore

/// When things are sent over HTTP, in how many writes, and what happens when something does not come.
@Suite struct HTTPReplayPaceTests {
    @Test func delaysAreTheRecordedOnesOrAFactorOfThem() throws {
        let recorded = "1 > POST 1 a\n1 < 200 sse\n@ 50000\n1 < - n {}\n@ 80000\n1 < 1 =\n1 < end"
        var playbook = try HTTPPlaybook(recorded, pace: .recorded(speed: 10))
        playbook.expect(
            """
            1 > POST 1 a
            @ 100
            1 < 200 sse
            @ 4999
            @ 5000
            1 < - n {}
            @ 8000
            1 < 1 =
            @ 8099
            @ 8100
            1 < end
            """)
        #expect(playbook.replayer.nextDeadline == nil)
        #expect(playbook.replayer.isFinished)
    }

    @Test func aBodyComesAfterTheTimeThatItTook() throws {
        var playbook = try HTTPPlaybook(
            "1 > POST 1 a\n@ 70000\n1 < 200 json\n1 < 1 =\n1 < end", pace: .recorded(speed: 1))
        playbook.play("1 > POST 1 a")
        #expect(playbook.replayer.nextDeadline == 70_000)
        #expect(playbook.actions.isEmpty)
    }

    @Test func cutsAreWritesOfTheirOwnAndMissingOnesJoinEvents() throws {
        var recording = HTTPDialogue.recording(
            "1 > POST 1 a\n1 < 200 sse\n1 < - n {}\n1 < - m {}\n1 < 1 =\n1 < end\n2 > POST 2 b\n2 < 200 json\n2 < 2 =\n2 < end"
        )
        let frames = recording.events.indices.filter {
            recording.events[$0].frame != nil && recording.events[$0].direction == .serverToClient
        }
        recording.events[frames[0]].frame?.cuts = [.init(offset: 3, age: 9), .init(offset: 20, age: 0)]
        recording.events[frames[1]].frame?.cuts = []
        recording.events[frames[3]].frame?.cuts = [.init(offset: 10, age: 9), .init(offset: 36, age: 0)]
        var playbook = try HTTPPlaybook(recording)
        playbook.play("1 > POST 100 a\n2 > POST 200 b")
        let writes = playbook.actions.compactMap { if case .send(_, let bytes) = $0 { text(bytes) } else { nil } }
        func event(_ short: String) -> String { "data: \(Dialogue.message(short))\n\n" }
        let first = event("- n {}")
        let joined = String(first.dropFirst(20)) + event("- m {}") + event("100 =")
        let body = Dialogue.message("200 =")
        var expected = [String(first.prefix(3)), String(first.prefix(20).dropFirst(3)), joined]
        expected += [String(body.prefix(10)), String(body.dropFirst(10))]
        #expect(writes == expected)
    }

    @Test("S-180: a client that waits gets the next event after the stall, and what was missing is named")
    func aClientThatWaitsGetsTheNextEvent() throws {
        let recorded = """
            1 > POST 1 a
            1 < 200 sse
            2 > POST - b
            2 < 202
            2 < end
            1 < - n {}
            1 < 1 =
            1 < end
            """
        var playbook = try HTTPPlaybook(recorded)
        playbook.play("1 > POST 1 a")
        #expect(playbook.replayer.nextDeadline == 5_000_000)
        playbook = try HTTPPlaybook(recorded)
        playbook.expect(
            """
            1 > POST 1 a
            1 < 200 sse
            @ 4999999
            @ 5000000
            ! stalled: event 8 waits for event 5 from the client; released without it
            1 < - n {}
            1 < 1 =
            1 < end
            """, isSame: false)
        #expect(playbook.replayer.report.neverCame.map(\.what) == ["b"])
        #expect(playbook.replayer.nextDeadline == nil)
    }

    @Test func whoeverIsIdleDoesNotStall() throws {
        let recorded = "1 > GET\n1 < 200 sse\n2 > POST 1 a\n2 < 200 json\n2 < 1 =\n2 < end\n1 < - n {}"
        var playbook = try HTTPPlaybook(recorded)
        playbook.play("1 > GET")
        #expect(playbook.replayer.nextDeadline == nil)
    }

    @Test func nobodyWaitsOnAStreamThatWasLeft() throws {
        let recorded =
            "1 > POST 1 a\n1 < 200 sse\n1 < id=1\n2 > POST - b\n2 < 202\n2 < end\n1 < id=2 - n {}\n1 < id=3 1 =\n1 < end"
        var playbook = try HTTPPlaybook(recorded)
        playbook.play("1 > POST 1 a\n1 > gone")
        #expect(playbook.replayer.nextDeadline == nil)
        playbook.play("@ 1000\n2 > GET after=1")
        #expect(playbook.replayer.nextDeadline == 5_001_000)
    }

    @Test("S-174: the same inputs give the same actions, a thousand times")
    func theSameInputsGiveTheSameActions() throws {
        let names = Array("ABCD")
        var recorded: [String] = []
        var live: [String] = []
        for exchange in 1...4 {
            recorded += [
                "\(exchange) > POST 0 initialize {}", "\(exchange) < 200 json @\(names[exchange - 1])",
                "\(exchange) < 0 = {\"n\":\(exchange)}", "\(exchange) < end",
            ]
            live.append("\(exchange) > POST 5 initialize {}")
        }
        for exchange in 11...22 {
            let call = "\(exchange) > POST @\(names[exchange % 4]) \(exchange) t {\"k\":"
            recorded += [
                call + "\"reprise-secret-\(exchange % 5 + 1)\"}", "\(exchange) < 200 sse",
                "\(exchange) < id=\(exchange)-1 - n {\"k\":\"reprise-secret-\(exchange % 5 + 1)\"}",
            ]
            live.append(call + "\"live\(exchange % 5)\"}")
        }
        for exchange in 11...22 {
            recorded += ["\(exchange) < id=\(exchange)-2 \(exchange) =", "\(exchange) < end"]
        }
        let recording = HTTPDialogue.recording(recorded.joined(separator: "\n"))
        var first: HTTPPlaybook?
        let fresh = try HTTPPlaybook(recording)
        for run in 0..<1000 {
            var playbook = run.isMultiple(of: 50) ? try HTTPPlaybook(recording) : fresh
            playbook.play(live.joined(separator: "\n"))
            if let first {
                try #require(playbook.actions == first.actions)
            } else {
                #expect(playbook.replayer.report.isSame, "\(playbook.replayer.report)")
                #expect(playbook.actions.count > 50)
                first = playbook
            }
        }
    }
}
