import RepriseReplay
import Testing

/// Sessions over HTTP: ids of our own, several at once, and their ends.
@Suite struct HTTPReplaySessionTests {
    /// A session with one call, of which the answer tells which session it is.
    private func session(_ name: String, from exchange: Int, initialize: String = "{}") -> String {
        """
        \(exchange) > POST 0 initialize \(initialize)
        \(exchange) < 200 json @\(name)
        \(exchange) < 0 = {"of":"\(name)"}
        \(exchange) < end
        \(exchange + 1) > POST @\(name) 1 a
        \(exchange + 1) < 200 json @\(name)
        \(exchange + 1) < 1 = {"of":"\(name)"}
        \(exchange + 1) < end
        """
    }

    @Test func sessionIDsAreMintedFromTheSeedAndTheSameForASession() throws {
        func ids(seed: UInt64) throws -> [String] {
            var playbook = try HTTPPlaybook(session("A", from: 1), seed: seed)
            playbook.play(session("A", from: 1))
            return playbook.actions.compactMap {
                if case .respond(_, let head) = $0 { head.fields.first("mcp-session-id") } else { nil }
            }
        }
        let first = try ids(seed: 1)
        #expect(first.count == 2 && Set(first).count == 1)
        #expect(first[0].utf8.allSatisfy { (0x21...0x7E).contains($0) })
        #expect(try ids(seed: 1) == first)
        #expect(try ids(seed: 2) != first)
    }

    @Test func sessionsSideBySideAreTheRecordedOnesInOrder() throws {
        var playbook = try HTTPPlaybook(session("A", from: 1) + "\n" + session("B", from: 3))
        playbook.expect(
            """
            1 > POST 10 initialize {}
            1 < 200 json @A
            1 < 10 = {"of":"A"}
            1 < end
            2 > POST 20 initialize {}
            2 < 200 json @B
            2 < 20 = {"of":"B"}
            2 < end
            3 > POST @B 1 a
            3 < 200 json @B
            3 < 1 = {"of":"B"}
            3 < end
            4 > POST @A 1 a
            4 < 200 json @A
            4 < 1 = {"of":"A"}
            4 < end
            """)
    }

    @Test func aSessionDoesNotWaitForAnother() throws {
        let other = session("B", from: 5).replacing("6 ", with: "8 ")
        var playbook = try HTTPPlaybook(
            """
            1 > POST 0 initialize {}
            1 < 200 json @A
            1 < 0 =
            1 < end
            2 > GET @A
            2 < 200 sse @A
            \(other)
            2 < id=1 - notifications/message {"data":1}
            """)
        playbook.play("1 > POST 0 initialize {}\n2 > GET @A")
        #expect(playbook.text.hasSuffix(HTTPDialogue.expanded("2 < id=1 - notifications/message {\"data\":1}")))
    }

    @Test("S-180: another client in the place of the recorded one is a difference, and goes on")
    func anotherInitializeIsADifference() throws {
        let recorded = session("A", from: 1, initialize: #"{"protocolVersion":"2025-06-18"}"#)
        var playbook = try HTTPPlaybook(recorded)
        playbook.play(session("A", from: 1, initialize: #"{"protocolVersion":"2025-11-25","clientInfo":{}}"#))
        #expect(playbook.text.contains("!   /params/protocolVersion: \"2025-06-18\" -> \"2025-11-25\""))
        #expect(playbook.replayer.report.matchedCount == 2)
        #expect(playbook.replayer.report.mismatches.count == 1)
    }

    @Test("S-180: a session that is not open is answered with 404, and reported")
    func aSessionThatIsNotOpen() throws {
        var playbook = try HTTPPlaybook(session("A", from: 1))
        playbook.play("1 > POST 0 initialize {}\n2 > POST @Z 1 a\n3 > GET @Z\n4 > DELETE @Z\n5 > POST @A 1 a")
        let statuses = playbook.actions.compactMap { if case .respond(_, let head) = $0 { head.status } else { nil } }
        #expect(statuses == [200, 404, 404, 404, 200])
        #expect(
            playbook.replayer.report.mismatches.map(\.description) == [
                "a names session session-Z, which is not open", "GET /mcp names session session-Z, which is not open",
                "DELETE /mcp names session session-Z, which is not open",
            ])
        #expect(playbook.replayer.report.neverCame.isEmpty)
    }

    @Test func aSessionThatWasDeletedIsGone() throws {
        let recorded = session("A", from: 1) + "\n3 > DELETE @A\n3 < 200\n3 < end"
        try replayHTTP(recorded, live: recorded)
        var playbook = try HTTPPlaybook(recorded)
        playbook.play(recorded + "\n4 > POST @A 2 a")
        #expect(playbook.text.contains("! a names session reprise-"))
        #expect(playbook.text.contains("4 < 404 json"))
    }

    @Test func theServersAnswerToACallAfterTheEndIsTheRecordedOne() throws {
        let recorded =
            session("A", from: 1)
            + "\n3 > DELETE @A\n3 < 204\n3 < end\n4 > POST @A 2 b\n4 < 404 text\n4 < closed\n4 < end"
        try replayHTTP(recorded, live: recorded)
    }

    @Test func anExpiredSessionIsFollowedByANewOne() throws {
        let recorded = session("A", from: 1) + "\n3 > POST @A 2 b\n3 < 404\n3 < end\n" + session("B", from: 4)
        try replayHTTP(recorded, live: recorded)
    }

    @Test func aSessionThatTheClientBroughtWithItIsBoundToTheRecordedOne() throws {
        let recorded = "1 > POST @Q 2 b\n1 < 404\n1 < end\n" + session("A", from: 2)
        let live = "1 > POST @Y 2 b\n1 < 404\n1 < end\n" + session("A", from: 2)
        try replayHTTP(recorded, live: live)
    }

    @Test("S-180: what was recorded and did not come is told")
    func whatDidNotComeIsTold() throws {
        var playbook = try HTTPPlaybook(
            session("A", from: 1) + "\n3 > GET @A\n3 < 200 sse\n3 < - n\n4 > DELETE @A\n4 < 200\n4 < end")
        playbook.play("1 > POST 0 initialize {}")
        let report = playbook.replayer.report
        #expect(report.neverCame.map(\.what) == ["a", "GET /mcp", "DELETE /mcp"])
        #expect(report.neverSent.map(\.what) == ["result of a", "n"])
        #expect(!playbook.replayer.isFinished)
    }

    @Test func theSessionsOfTheFirstTransportAreToldApartByTheirAddress() throws {
        func session(_ name: String, from exchange: Int) -> String {
            """
            \(exchange) > GET /sse
            \(exchange) < 200 sse
            \(exchange) < event \(name)
            \(exchange + 1) > POST /messages?s=\(name) 0 initialize {}
            \(exchange + 1) < 202
            \(exchange + 1) < end
            \(exchange) < 0 = {"of":"\(name)"}
            """
        }
        var recording = HTTPDialogue.recording(
            session("A", from: 1) + "\n" + session("B", from: 3), url: "http://upstream.test:9000/sse")
        for (index, event) in recording.events.enumerated() {
            guard var frame = event.frame,
                frame.payload == .bytes(bytes("event A")) || frame.payload == .bytes(bytes("event B")),
                case .bytes(let payload) = frame.payload
            else { continue }
            frame.pre = bytes("event: endpoint\ndata: ")
            frame.payload = .bytes(bytes("/messages?s=") + payload.suffix(1))
            recording.events[index].frame = frame
        }
        var playbook = try HTTPPlaybook(recording)
        try playbook.serve(at: "http://127.0.0.1:5", for: "http://upstream.test:9000")
        playbook.play(
            "1 > GET /sse\n2 > GET /sse\n3 > POST /messages?s=B 8 initialize {}\n4 > POST /messages?s=A 9 initialize {}"
        )
        #expect(
            playbook.text
                == HTTPDialogue.expanded(
                    """
                    1 > GET /sse
                    1 < 200 sse
                    1 < /messages?s=A
                    2 > GET /sse
                    2 < 200 sse
                    2 < /messages?s=B
                    3 > POST /messages?s=B 8 initialize {}
                    3 < 202
                    3 < end
                    2 < 8 = {"of":"B"}
                    4 > POST /messages?s=A 9 initialize {}
                    4 < 202
                    4 < end
                    1 < 9 = {"of":"A"}
                    """))
        #expect(playbook.replayer.report.isSame, "\(playbook.replayer.report)")
    }
}
