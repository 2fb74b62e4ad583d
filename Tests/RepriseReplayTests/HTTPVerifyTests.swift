import MCPWire
import RepriseRecording
import RepriseReplay
import Testing

/// The verifier over HTTP: sessions, streams, statuses, challenges.
@Suite struct HTTPVerifyTests {
    @Test("S-009, S-180: the live session id takes the place of the recorded one, and JSON or events answer alike")
    func sessions() throws {
        let recorded = """
            1 > POST 1 initialize {"protocolVersion":"2025-11-25"}
            1 < 200 json @A 1 = {"x":1}
            1 < end
            2 > POST @A - notifications/initialized
            2 < 202
            2 < end
            3 > POST @A 2 tools/list
            3 < 200 json 2 = {"tools":[]}
            3 < end
            4 > DELETE @A
            4 < 200
            4 < end
            """
        try verifyHTTP(
            recorded,
            live: """
                1 > POST 1 initialize {"protocolVersion":"2025-11-25"}
                1 < 200 sse @live
                1 < id=a
                1 < id=b 1 = {"x":1}
                2 > POST @live - notifications/initialized
                1 < end
                2 < 202
                3 > POST @live 2 tools/list
                2 < end
                3 < 200 json 2 = {"tools":[]}
                4 > DELETE @live
                3 < end
                4 < 200
                4 < end
                ! finish
                """)
    }

    @Test(
        "S-009: hop-by-hop fields, Host and placeholders are not sent; --header fields take the place of recorded ones")
    func fields() throws {
        let recorded = """
            1 > POST Connection:close Authorization:Bearer~reprise-secret-1 X-Key:reprise-secret-2 Origin:http://localhost:1 X-Own:a 1 a
            1 < 200 json 1 = {}
            1 < end
            """
        let plain = try HTTPVerifyPlaybook(recorded).heads
        #expect(
            plain == [
                RequestHead(
                    method: "POST", target: "/live",
                    fields: [
                        HTTPField("Origin", "http://live.test"), HTTPField("X-Own", "a"),
                    ])
            ])
        let overrides = [HTTPField("authorization", "Bearer mine"), HTTPField("x-own", "b")]
        let own = try HTTPVerifyPlaybook(recorded, overrides: overrides).heads
        #expect(own.map(\.fields) == [[HTTPField("Origin", "http://live.test")] + overrides])
    }

    /// A call whose stream the server closes before the answer.
    private static let resumed = """
        1 > POST @A 1 tools/call {"name":"x","_meta":{"progressToken":1}}
        1 < 200 sse
        1 < id=a retry=50
        1 < id=b - notifications/progress {"progressToken":1,"progress":1}
        1 < end
        2 > GET @A after=b
        2 < 200 sse
        2 < id=c - notifications/progress {"progressToken":1,"progress":2}
        2 < id=d 1 = {"done":true}
        2 < end
        3 > POST @A 2 next
        3 < 200 json 2 = {}
        3 < end
        """

    @Test("S-009, S-180: a stream that the server closes before the answer is resumed after its retry")
    func resume() throws {
        try verifyHTTP(
            Self.resumed,
            live: """
                1 > POST @session-A 1 tools/call {"name":"x","_meta":{"progressToken":1}}
                1 < 200 sse
                1 < id=u retry=70
                1 < id=v - notifications/progress {"progressToken":1,"progress":1}
                1 < end
                @ 69999
                @ 70000
                2 > GET @session-A after=v
                2 < 200 sse
                2 < id=w - notifications/progress {"progressToken":1,"progress":2}
                2 < id=x 1 = {"done":true}
                3 > POST @session-A 2 next
                2 < end
                3 < 200 json 2 = {}
                3 < end
                ! finish
                """)
    }

    @Test(
        "S-009: a server that does not close the stream needs no resuming, and one that closes it twice gets it twice")
    func resumedOtherwise() throws {
        try verifyHTTP(
            Self.resumed,
            live: """
                1 > POST @session-A 1 tools/call {"name":"x","_meta":{"progressToken":1}}
                1 < 200 sse
                1 < - notifications/progress {"progressToken":1,"progress":1}
                1 < - notifications/progress {"progressToken":1,"progress":2}
                1 < 1 = {"done":true}
                2 > POST @session-A 2 next
                1 < end
                2 < 200 json 2 = {}
                2 < end
                ! finish
                """)
        try verifyHTTP(
            Self.resumed,
            live: """
                1 > POST @session-A 1 tools/call {"name":"x","_meta":{"progressToken":1}}
                1 < 200 sse
                1 < id=1 retry=10
                1 < reset
                @ 10000
                2 > GET @session-A after=1
                2 < 200 sse
                2 < id=2 - notifications/progress {"progressToken":1,"progress":1}
                2 < end
                @ 20000
                3 > GET @session-A after=2
                3 < 200 sse
                3 < id=3 1 = {"done":true}
                4 > POST @session-A 2 next
                3 < end
                4 < 200 json 2 = {}
                4 < end
                ! finish
                """, verdicts: ["MISSING event 9: notifications/progress"])
    }

    @Test("S-009: a stream that the client left is left, and resumed from the live id in the recorded one's place")
    func leftStreams() throws {
        try verifyHTTP(
            """
            1 > GET @A
            1 < 200 sse
            1 < id=a - n {"x":1}
            1 < id=b - n {"x":2}
            1 > gone
            2 > GET @A after=a
            2 < 200 sse
            2 < id=b - n {"x":2}
            2 < id=c - n {"x":3}
            """,
            live: """
                1 > GET @session-A
                1 < 200 sse
                1 < id=7 - n {"x":1}
                1 < id=8 - n {"x":2}
                1 > gone
                2 > GET @session-A after=7
                2 < 200 sse
                2 < id=8 - n {"x":2}
                2 < id=9 - n {"x":3}
                2 > gone
                ! finish
                """)
    }

    @Test("S-180: what came on a call's own stream belongs to it; another class of status is a changed shape")
    func statuses() throws {
        try verifyHTTP(
            """
            1 > POST @A 1 a
            1 < 200 json 1 = {}
            1 < end
            2 > POST @A - n
            2 < 202
            2 < end
            3 > GET @A /other
            3 < 404 text no
            3 < end
            4 > GET @A
            4 < 405
            4 < end
            """,
            live: """
                1 > POST @session-A 1 a
                1 < 500 text broken
                1 < end
                2 > POST @session-A - n
                2 < 204
                3 > GET @session-A
                2 < end
                3 < 200 sse
                3 > gone
                ! finish
                """,
            verdicts: [
                "ERROR-SHAPE-CHANGED event 4: result of a (the status was 500): /status: 200 -> 500",
                "CHANGED event 8: status of POST n: /status: 202 -> 204",
                "ERROR-SHAPE-CHANGED event 15: status of GET /mcp: /status: 405 -> 200",
            ])
    }

    @Test("S-180: requests of the server are answered by a POST in their session; a client's pongs are not played")
    func requestsOfTheServer() throws {
        try verifyHTTP(
            """
            1 > POST @A 1 tools/call
            1 < 200 sse
            1 < 7 sampling/createMessage {"a":1}
            2 > POST @A 7 = {"text":"hi"}
            2 < 202
            2 < end
            1 < 8 ping
            3 > POST @A 8 = {}
            3 < 202
            3 < end
            1 < 1 = {}
            1 < end
            """,
            live: """
                1 > POST @session-A 1 tools/call
                1 < 200 sse
                1 < "x" sampling/createMessage {"a":1}
                2 > POST @session-A "x" = {"text":"hi"}
                2 < 202
                2 < end
                1 < "y" ping
                3 > POST @session-A "y" = {}
                3 < 202
                3 < end
                1 < 1 = {}
                1 < end
                ! finish
                """)
    }

    @Test("a request of the server that did not come is not answered, and nobody waits for that")
    func requestsThatDidNotCome() throws {
        try verifyHTTP(
            """
            1 > POST @A 1 tools/call
            1 < 200 sse
            1 < 7 sampling/createMessage {"a":1}
            2 > POST @A 7 = {"text":"hi"}
            2 < 202
            2 < end
            1 < 1 = {}
            1 < end
            3 > POST @A 2 a
            3 < 200 json 2 = {}
            3 < end
            """,
            live: """
                1 > POST @session-A 1 tools/call
                1 < 200 json 1 = {}
                2 > POST @session-A 2 a
                1 < end
                2 < 200 json 2 = {}
                2 < end
                ! finish
                """,
            verdicts: [
                "MISSING event 4: sampling/createMessage",
                "MISSING event 7: status of POST result of sampling/createMessage",
            ])
    }

    @Test("a server that takes requests and says nothing is given up")
    func silence() throws {
        var playbook = try HTTPVerifyPlaybook("1 > POST 1 a\n1 < 200 json 1 = {}\n1 < end")
        playbook.play("@ 6000000\n@ 12000000")
        #expect(playbook.text.hasSuffix("1 > gone\n! finish"), "\(playbook.text)")
        #expect(playbook.verifier.failure == nil)
        #expect(playbook.verifier.report.count(of: .missing) == 1)
    }

    @Test("S-009: a recorded challenge is provoked without a token, and a refused token's exchange is left out")
    func challenges() throws {
        let recorded = """
            1 > POST 1 initialize
            1 < 401
            1 < end
            2 > GET /.well-known/oauth-protected-resource
            2 < 200 json {"resource":"x"}
            2 < end
            3 > POST Authorization:Bearer~reprise-secret-1 1 initialize
            3 < 200 json @A 1 = {}
            3 < end
            4 > POST @A Authorization:Bearer~reprise-secret-1 2 a
            4 < 401
            4 < end
            5 > POST @A Authorization:Bearer~reprise-secret-2 2 a
            5 < 200 json 2 = {}
            5 < end
            """
        var playbook = try HTTPVerifyPlaybook(recorded, overrides: [HTTPField("Authorization", "Bearer mine")])
        playbook.expect(
            """
            1 > POST 1 initialize
            1 < 401
            2 > POST 1 initialize
            1 < end
            2 < 200 json @live 1 = {}
            3 > POST @live 2 a
            2 < end
            3 < 200 json 2 = {}
            3 < end
            ! finish
            """)
        #expect(playbook.heads.map { $0.fields.first("authorization") } == [nil, "Bearer mine", "Bearer mine"])
        #expect(
            playbook.verifier.report.remarks == [
                "left out: 1 exchanges that carry no MCP (metadata, login, other pages)",
                "left out: 1 exchanges that the server refused for their token, which is not the one that is used now",
            ])
        var bare = try HTTPVerifyPlaybook(recorded)
        bare.play("1 < 401\n1 < end\n2 < 401")
        #expect(bare.verifier.isUnauthorized && !bare.verifier.hasHeardServer)
        #expect(bare.text.hasSuffix("2 > gone\n! finish"), "\(bare.text)")
    }

    @Test("S-009: the address that a stream of 2024-11-05 names is used, and answers come on that stream")
    func endpoints() throws {
        var recording = HTTPDialogue.recording(
            """
            1 > GET
            1 < 200 sse
            1 < x
            2 > POST /messages?id=1 1 a
            2 < 202
            2 < end
            1 < 1 = {}
            """)
        recording.events[2].kind = .sse(
            Frame(payload: .bytes(bytes("event: endpoint\ndata: /messages?id=1\n\n")), post: []))
        var playbook = try HTTPVerifyPlaybook(recording)
        playbook.play("1 < 200 sse")
        #expect(playbook.text.hasSuffix("1 < 200 sse"))
        var decoder = SSEDecoder()
        var verifier = playbook.verifier
        let frames = decoder.receive(bytes("event: endpoint\ndata: http://live.test/m?s=9\n\n").span)
        let actions = frames.flatMap { verifier.receive($0, for: 0, at: 1) }
        guard case .request(1, let head, let body) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(head.target == "/m?s=9")
        #expect(text(body) == Dialogue.message("1 a"))
        _ = verifier.receive(ResponseHead(status: 202), for: 1, at: 2)
        #expect(verifier.end(1, at: 2) == [])
        let answer = decoder.receive(bytes("data: \(Dialogue.message("1 = {}"))\n\n").span)
        #expect(answer.flatMap { verifier.receive($0, for: 0, at: 3) } == [.abort(id: 0), .finish])
        #expect(verifier.report.isMatch)
    }

    @Test("a recording of stdio is played as a client of Streamable HTTP would")
    func stdioRecordings() throws {
        let recording = Dialogue.recording(
            """
            c> 1 initialize {"protocolVersion":"2025-11-25"}
            s> 1 = {}
            c> - notifications/initialized
            c> 2 a
            s> - n {"x":1}
            s> 2 = {}
            c> <end>
            s> <end>
            """, exit: 0)
        var playbook = try HTTPVerifyPlaybook(recording)
        playbook.expect(
            """
            1 > POST 1 initialize {"protocolVersion":"2025-11-25"}
            1 < 200 json @s 1 = {}
            2 > POST @s - notifications/initialized
            3 > GET @s
            4 > POST @s 2 a
            1 < end
            2 < 202
            2 < end
            3 < 405
            3 < end
            4 < 200 sse
            4 < - n {"x":1}
            4 < 2 = {}
            4 < end
            ! finish
            """)
        let accept = "application/json, text/event-stream"
        #expect(playbook.heads.map { $0.fields.first("accept") } == [accept, accept, "text/event-stream", accept])
        #expect(
            playbook.heads.map { $0.fields.first("mcp-protocol-version") }.dropFirst().allSatisfy { $0 == "2025-11-25" }
        )
    }

    @Test("a server that cannot be reached, and one that goes away in the middle")
    func notReached() throws {
        let recorded = """
            1 > POST @A 1 a
            1 < 200 json 1 = {}
            1 < end
            2 > POST @A 2 b
            2 < 200 json 2 = {}
            2 < end
            3 > DELETE @A
            3 < 200
            3 < end
            """
        var playbook = try HTTPVerifyPlaybook(recorded)
        playbook.play("1 < refused")
        #expect(playbook.verifier.failure == "refused")
        #expect(playbook.text.hasSuffix("! finish"))
        try verifyHTTP(
            recorded,
            live: """
                1 > POST @session-A 1 a
                1 < 200 json 1 = {}
                2 > POST @session-A 2 b
                1 < end
                2 < refused
                3 > DELETE @session-A
                3 < refused
                ! finish
                """,
            verdicts: [
                "MISSING event 9: result of b (refused)", "MISSING event 12: status of DELETE /mcp (refused)",
            ])
    }
}
