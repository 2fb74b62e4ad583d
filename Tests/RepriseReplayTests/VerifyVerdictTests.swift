import RepriseRecording
import RepriseReplay
import Testing

/// What the verifier says of a server that does otherwise.
@Suite struct VerifyVerdictTests {
    private static let session = """
        c> 1 tools/list
        s> 1 = {"tools":[{"name":"add"},{"name":"sub"}]}
        c> 2 tools/call {"name":"add","arguments":{"a":2},"_meta":{"progressToken":2}}
        s> - notifications/progress {"progressToken":2,"progress":1}
        s> - notifications/progress {"progressToken":2,"progress":2}
        s> 2 = {"content":[{"text":"5"}],"isError":false}
        c> 3 tools/call {"name":"sub"}
        s> 3 ! {"code":-32602,"message":"no"}
        c> <end>
        """

    private func expect(
        _ change: (String, String), _ verdicts: [String], at place: SourceLocation = #_sourceLocation
    ) throws {
        var playbook = try VerifyPlaybook(Self.session)
        playbook.play(Self.session.replacing(change.0, with: change.1))
        let found = playbook.verifier.report.verdicts.filter { $0.kind != .match }.map(\.description)
        #expect(found == verdicts, sourceLocation: place)
        #expect(playbook.verifier.report.isMatch == verdicts.isEmpty, sourceLocation: place)
    }

    @Test("S-180: a server that does the same matches everywhere; spelling and request order do not count")
    func theSameIsAMatch() throws {
        try expect((#""isError":false}"#, #""isError":false} "#), [])
        try expect(
            (#"{"content":[{"text":"5"}],"isError":false}"#, #"{"isError":false,"content":[{"text":"\u0035"}]}"#), [])
        var playbook = try VerifyPlaybook(Self.session)
        playbook.play(Self.session)
        #expect(playbook.verifier.report.description == "same: 5 MATCH")
    }

    @Test("S-180: one changed answer, by its name and JSON pointer")
    func oneChangedAnswer() throws {
        try expect(
            (#""5""#, #""6""#),
            [#"CHANGED event 7: result of tools/call "add": /result/content/0/text: "5" -> "6""#])
    }

    @Test("S-180: one missing tool")
    func oneMissingTool() throws {
        try expect(
            (#"{"name":"add"},"#, ""),
            [#"CHANGED event 3: result of tools/list: /result/tools/0: removed {"name":"add"}"#])
    }

    @Test("S-180: an error that became a result, a result that became an error, and a tool that failed")
    func errorShapes() throws {
        try expect(
            (#"3 ! {"code":-32602,"message":"no"}"#, #"3 = {"ok":1}"#),
            [
                "ERROR-SHAPE-CHANGED event 9: error of tools/call \"sub\": /result: added {\"ok\":1}"
                    + "\n    /error: removed {\"code\":-32602,\"message\":\"no\"}"
            ])
        try expect(
            (#""isError":false"#, #""isError":true"#),
            [#"ERROR-SHAPE-CHANGED event 7: result of tools/call "add": /result/isError: false -> true"#])
    }

    @Test("S-180: one reordered notification, before its answer and after it")
    func reordered() throws {
        try expect(
            (
                """
                s> - notifications/progress {"progressToken":2,"progress":1}
                s> - notifications/progress {"progressToken":2,"progress":2}
                """,
                """
                s> - notifications/progress {"progressToken":2,"progress":2}
                s> - notifications/progress {"progressToken":2,"progress":1}
                """
            ), ["REORDERED event 5: notifications/progress"])
        try expect(
            (
                """
                s> - notifications/progress {"progressToken":2,"progress":2}
                s> 2 = {"content":[{"text":"5"}],"isError":false}
                """,
                """
                s> 2 = {"content":[{"text":"5"}],"isError":false}
                s> - notifications/progress {"progressToken":2,"progress":2}
                """
            ), ["REORDERED event 6: notifications/progress"])
    }

    @Test("S-180: what the server left out and what it said beyond the recording")
    func missingAndExtra() throws {
        try expect(
            (#"s> - notifications/progress {"progressToken":2,"progress":1}"#, ""),
            ["MISSING event 5: notifications/progress"])
        try expect(
            ("s> 3 !", "s> - x {\"a\":1}\ns> 2 = {}\ns> 9 = {}\ns> junk\ns> 3 !"),
            [
                #"EXTRA: x: /params: added {"a":1}"#,
                #"EXTRA: result of tools/call "add" (a second answer): /result: added {}"#,
                "EXTRA: result for no request: /result: added {}",
                "EXTRA: malformed: not JSON: unexpected 'j' at byte 0",
            ])
    }

    @Test("notifications of no call are in order among themselves, whatever the answers between them")
    func unrelatedNotifications() throws {
        let recorded = """
            c> 1 a
            s> - n {"x":1}
            s> 1 = {}
            s> - n {"x":2}
            c> 2 b
            s> 2 = {}
            c> <end>
            """
        try verify(
            recorded,
            live: """
                c> 1 a
                s> 1 = {}
                s> - n {"x":1}
                s> - n {"x":2}
                c> 2 b
                s> 2 = {}
                c> <end>
                ! finish
                """)
        try verify(
            recorded,
            live: """
                c> 1 a
                s> - n {"x":2}
                s> 1 = {}
                c> 2 b
                s> - n {"x":1}
                s> 2 = {}
                c> <end>
                ! finish
                """, verdicts: ["REORDERED event 3: n"])
    }

    @Test("S-180: a server that owes something is waited for, then the session goes on without")
    func stalled() throws {
        try verify(
            """
            c> 1 a
            s> 1 = {}
            c> 2 b
            s> 2 = {}
            c> <end>
            """,
            live: """
                c> 1 a
                @ 5000999
                @ 5001000
                ! missing [3]
                c> 2 b
                s> 2 = {}
                c> <end>
                ! finish
                """, verdicts: ["MISSING event 3: result of a (it did not come in time)"])
    }

    @Test("a call that took long in the recording may take as long and the stall more")
    func patience() throws {
        try verify(
            """
            c> 1 a
            @ 60000000
            s> 1 = {}
            c> <end>
            """,
            live: """
                c> 1 a
                @ 64000000
                s> 1 = {}
                c> <end>
                ! finish
                """)
    }

    @Test("S-180: a server that says nothing for long is given up, and one that ends is not waited for")
    func givenUp() throws {
        let recorded = """
            c> 1 a
            s> 1 = {}
            c> 2 b
            s> 2 = {}
            c> 3 c
            s> 3 = {}
            c> <end>
            """
        var playbook = try VerifyPlaybook(recorded)
        playbook.play("@ 6000000\n@ 12000000")
        #expect(playbook.text.hasSuffix("! missing [5]\n! finish"))
        #expect(playbook.verifier.report.count(of: .missing) == 3)
        #expect(playbook.verifier.report.description.contains("the server has stopped answering"))
        #expect(playbook.verifier.nextDeadline == nil)

        // One that has spoken gets one more chance, as a call may hang by itself.
        playbook = try VerifyPlaybook("c> 0 z\ns> 0 = {}\n" + recorded)
        playbook.play("s> 0 = {}\n@ 6000000\n@ 12000000")
        #expect(playbook.text.hasSuffix("! missing [7]\nc> " + Dialogue.message("3 c")))
        playbook.play("@ 18000000")
        #expect(playbook.text.hasSuffix("! missing [9]\n! finish"))

        playbook = try VerifyPlaybook(recorded)
        playbook.play("s> 1 = {}\ns> <end>")
        #expect(playbook.text.hasSuffix("s> <end>\n! finish"))
        #expect(playbook.verifier.report.count(of: .missing) == 2)
        let text = playbook.verifier.report.description
        #expect(text.contains("the server ended before event 5; 1 of 3 messages of the client were not"), "\(text)")
    }

    @Test("the way in which the server process ended counts, unless the client or the verifier ended it")
    func ends() throws {
        func report(_ recorded: Int32?, _ live: Close?) throws -> [String] {
            var playbook = try VerifyPlaybook("c> 1 a\ns> 1 = {}\nc> <end>\ns> <end>", exit: recorded)
            playbook.play("s> 1 = {}\ns> <end>")
            return playbook.verifier.report(serverEnd: live).verdicts.filter { $0.kind != .match }.map(\.description)
        }
        #expect(try report(0, .exit(code: 0)) == [])
        #expect(try report(nil, .exit(code: 1)) == [])
        #expect(
            try report(0, .exit(code: 3)) == [
                "CHANGED event 6: end of the server: (whole value): exit code 0 -> exit code 3"
            ])
        #expect(
            try report(0, nil) == ["MISSING event 6: end of the server (it did not end when its input did)"])
    }

    @Test("recordings that cannot be played are refused")
    func refused() throws {
        var recording = Dialogue.recording("c> 1 a")
        recording.events.append(Event(time: 1, kind: .unknown("x")))
        #expect(throws: ReplayError.unknownKind(event: 3, kind: "x")) { try Verifier(stdio: recording) }
        #expect(throws: ReplayError.nothingToReplay) { try Verifier(stdio: Dialogue.recording("")) }
    }

    @Test("a frame of which redaction kept the length alone is not sent, and its answer missing")
    func omittedFrames() throws {
        var recording = Dialogue.recording("c> 1 a\ns> 1 = {}\nc> 2 b\ns> 2 = {}\nc> <end>")
        recording.events[1].frame?.payload = .omitted(byteCount: 9, sha256: "")
        var verifier = try Verifier(stdio: recording)
        _ = verifier.start(at: 0)
        _ = verifier.receive(bytes(Dialogue.message("2 = {}")), at: 1)
        #expect(!verifier.report.isMatch)
        #expect(verifier.report.description.contains("event 2 was not sent: redaction kept only the length"))
    }
}
