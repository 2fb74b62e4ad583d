import RepriseRecording
import RepriseReplay
import Testing

/// Which recorded message a live one is.
@Suite struct ReplayMatchingTests {
    @Test func answersCarryTheLiveIDs() throws {
        try replay(
            """
            c> 1 tools/list
            s> 1 = {"tools":[]}
            c> "a" tools/call {"name":"x"}
            s> "a" ! {"code":-32601,"message":"no"}
            c> <end>
            s> <end>
            """,
            live: """
                c> "abc" tools/list
                s> "abc" = {"tools":[]}
                c> 123456789012345678901234567890 tools/call {"name":"x"}
                s> 123456789012345678901234567890 ! {"code":-32601,"message":"no"}
                c> <end>
                s> <end>
                """)
    }

    @Test func paramsAreEqualAsJSONValues() throws {
        try replay(
            """
            c> 1 a {"n":1,"list":[1.0,"é"],"o":{"x":1,"y":2}}
            s> 1 = {"which":"a"}
            c> 2 b
            s> 2 = {"which":"b"}
            c> 3 c {}
            s> 3 = {"which":"c"}
            """,
            live: #"""
                c> 1 a {"o": {"y":2e0, "x":1}, "list":[1, "\u00e9"], "n":0, "n":10e-1}
                s> 1 = {"which":"a"}
                c> 2 b {}
                s> 2 = {"which":"b"}
                c> 3 c
                s> 3 = {"which":"c"}
                """#)
    }

    @Test("S-180: equal requests are consumed in order, and one too many is a miss")
    func equalRequestsAreConsumedInOrder() throws {
        var playbook = try Playbook(
            """
            c> 1 tools/call {"name":"count"}
            s> 1 = {"n":1}
            c> 2 tools/call {"name":"count"}
            s> 2 = {"n":2}
            """)
        let miss =
            #"no recorded message matches tools/call (id 9)\n  event 2 is equal, but was used already: "#
            + "the client sent it once more than recorded"
        playbook.expect(
            """
            c> 7 tools/call {"name":"count"}
            s> 7 = {"n":1}
            c> 8 tools/call {"name":"count"}
            s> 8 = {"n":2}
            c> 9 tools/call {"name":"count"}
            ! no recorded message matches tools/call (id 9)
            !   event 2 is equal, but was used already: the client sent it once more than recorded
            s> 9 ! {"code":-32603,"message":"reprise: \(miss)"}
            """, isSame: false)
        #expect(playbook.replayer.report.mismatches.count == 1)
        #expect(playbook.replayer.report.matchedCount == 2)
        #expect(playbook.replayer.report.neverCame.isEmpty)
    }

    @Test("S-180: a miss names the nearest event and the first place where it differs")
    func aMissNamesTheNearestEvent() throws {
        var playbook = try Playbook(
            """
            c> 1 tools/call {"name":"add","arguments":{"a":2,"b":3}}
            s> 1 = {}
            c> 2 tools/call {"name":"sub","arguments":{"a":9,"b":9}}
            s> 2 = {}
            """)
        let differs = #"first difference, recorded -> live:\n  /params/arguments/b: 3 -> 4"#
        playbook.expect(
            #"""
            c> 5 tools/call {"name":"add","arguments":{"a":2,"b":4}}
            ! no recorded message matches tools/call (id 5)
            !   nearest is event 2; first difference, recorded -> live:
            !   /params/arguments/b: 3 -> 4
            s> 5 ! {"code":-32603,"message":"reprise: no recorded message matches tools/call (id 5)\n  nearest is event 2; \#(differs)"}
            c> - unheard/of
            ! no recorded message matches unheard/of
            !   the recording holds none like it
            """#, isSame: false)
        let report = playbook.replayer.report
        #expect(report.neverCame.map(\.event) == [2, 4])
        #expect(report.neverSent.map(\.event) == [3, 5])
        #expect(report.neverCame.map(\.what) == ["tools/call", "tools/call"])
        #expect(report.neverSent.map(\.what) == ["result of tools/call", "result of tools/call"])
        #expect(report.description.contains("2. no recorded message matches unheard/of"))
        #expect(report.description.contains("never came from the client: event 2 tools/call, event 4 tools/call"))
    }

    @Test func aUsedEventIsTheNearestWhenNoneIsLeft() throws {
        var playbook = try Playbook("c> 1 a {\"x\":1}\ns> 1 =")
        playbook.play("c> 1 a {\"x\":1}\nc> 2 a {\"x\":2}")
        #expect(playbook.text.contains("! " + "  nearest is event 2 (used already); first difference"))
        #expect(playbook.text.contains("! " + "  /params/x: 1 -> 2"))
    }

    @Test func absentAndEmptyParamsAreEqualToTheNearestToo() throws {
        var playbook = try Playbook("c> 1 a\ns> 1 =")
        playbook.play("c> 1 a\nc> 2 a {}")
        #expect(playbook.text.contains("event 2 is equal, but was used already"))
    }

    @Test func anotherClientIsNoDifferenceButAnotherRevisionIs() throws {
        let recorded = """
            c> 0 initialize {"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"a","version":"1"}}
            s> 0 = {"protocolVersion":"2025-06-18"}
            """
        try replay(
            recorded,
            live: """
                c> 1 initialize {"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"b"}}
                s> 1 = {"protocolVersion":"2025-06-18"}
                """)
        var playbook = try Playbook(recorded)
        playbook.expect(
            """
            c> 1 initialize {"protocolVersion":"2025-11-25","capabilities":{"roots":{}},"clientInfo":{}}
            ! initialize differs from event 2 (recorded -> live):
            !   /params/capabilities/roots: added {}
            !   /params/protocolVersion: "2025-06-18" -> "2025-11-25"
            s> 1 = {"protocolVersion":"2025-06-18"}
            """, isSame: false)
        #expect(playbook.replayer.report.neverCame.isEmpty)
    }

    @Test func whoAsksAndTracingAreNoDifference() throws {
        try replay(
            """
            c> 1 tools/list {"_meta":{"traceparent":"00-a","io.modelcontextprotocol/clientInfo":{"name":"a"},"k":1}}
            s> 1 =
            """,
            live: """
                c> 1 tools/list {"_meta":{"tracestate":"z","k":1,"baggage":"b"}}
                s> 1 =
                """)
    }

    @Test func aCancellationNamesTheLiveRequest() throws {
        let recorded = """
            c> 1 slow {"n":1}
            c> 2 slow {"n":2}
            c> - notifications/cancelled {"requestId":2,"reason":"enough"}
            s> 2 ! {"code":-32800,"message":"cancelled"}
            """
        try replay(
            recorded,
            live: """
                c> "b" slow {"n":1}
                c> "a" slow {"n":2}
                c> - notifications/cancelled {"requestId":"a","reason":"enough"}
                s> "a" ! {"code":-32800,"message":"cancelled"}
                """)
        var playbook = try Playbook(recorded)
        playbook.expect(
            """
            c> 7 slow {"n":1}
            c> 8 slow {"n":2}
            c> - notifications/cancelled {"requestId":7,"reason":"enough"}
            ! no recorded message matches notifications/cancelled
            !   nearest is event 4, which names another request or another secret
            """, isSame: false)
    }

    @Test func aRequestIsNoNotificationOfTheSameName() throws {
        var playbook = try Playbook("c> - a\ns> - hello")
        playbook.play("c> 1 a")
        #expect(playbook.replayer.report.mismatches.count == 1)
        #expect(playbook.replayer.report.matchedCount == 0)
        playbook.play("c> - a")
        #expect(playbook.replayer.report.matchedCount == 1)
    }
}
