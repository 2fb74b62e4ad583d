import RepriseRecording
import RepriseReplay
import Testing

/// What differs between two sessions over HTTP, or between one over HTTP and one over stdio.
@Suite struct HTTPDiffTests {
    private static let session = """
        1 > POST 0 initialize {"protocolVersion":"2025-11-25"}
        1 < 401 WWW-Authenticate:Bearer~resource_metadata="http://upstream.test:9000/.well-known/x"
        1 < end
        2 > GET /.well-known/x
        2 < 200 json {"resource":"a"}
        2 < end
        3 > POST Authorization:Bearer~reprise-secret-1 0 initialize {"protocolVersion":"2025-11-25"}
        3 < 200 json @A 0 = {"serverInfo":{}}
        3 < end
        4 > POST @A - notifications/initialized
        4 < 202 @A
        4 < end
        5 > GET @A
        5 < 200 sse @A
        6 > POST @A 1 tools/call {"name":"add","_meta":{"progressToken":1}}
        6 < 200 sse @A
        7 > POST @A 2 tools/call {"name":"sub"}
        7 < 200 sse @A
        6 < id=a - notifications/progress {"progressToken":1,"progress":1}
        5 < - notifications/tools/list_changed
        7 < 9 roots/list
        8 > POST @A 9 = {"roots":[]}
        8 < 202 @A
        8 < end
        7 < 2 = {"content":["sub"]}
        7 < end
        6 < 1 = {"content":["add"],"token":"reprise-secret-2"}
        6 < end
        9 > DELETE @A
        9 < 200 @A
        9 < end
        5 > gone
        """

    private func differences(_ first: Recording, _ second: Recording) -> [String] {
        RecordingDiff(first, second).entries.flatMap { entry -> [String] in
            switch entry {
            case .removed(_, let what): ["- \(what)"]
            case .added(_, let what): ["+ \(what)"]
            case .moved(_, _, let what): ["> \(what)"]
            case .changed(_, _, let what, let differences): differences.map { "~ \(what) \($0)" }
            case .ended(let first, let second): ["ended \(first), \(second)"]
            case .answered(_, _, let what, let from, let to): ["! \(what): \(from) -> \(to)"]
            }
        }
    }

    /// What differs between the session and what these replacements make of it.
    private func differences(_ replacements: (String, String)..., url: String? = nil) -> [String] {
        var other = Self.session
        for (old, new) in replacements {
            #expect(other.contains(old))
            other = other.replacing(old, with: new)
        }
        let second = HTTPDialogue.recording(other, url: url ?? "http://upstream.test:9000/mcp")
        return differences(HTTPDialogue.recording(Self.session), second)
    }

    /// The session with its lines in another order, by the words with which they begin.
    private func moving(_ line: String, before other: String) -> (String, String) {
        let lines = Self.session.split(separator: "\n").map(String.init)
        let moved = lines.first { $0.hasPrefix(line) } ?? ""
        var rest = lines.filter { $0 != moved }
        rest.insert(moved, at: rest.firstIndex { $0.hasPrefix(other) } ?? 0)
        return (Self.session, rest.joined(separator: "\n"))
    }

    @Test("S-009: a recording is the same as itself, and its messages are counted")
    func theSame() {
        #expect(differences() == [])
        let recording = HTTPDialogue.recording(Self.session)
        #expect(RecordingDiff(recording, recording).pairedCount == 12)
    }

    @Test("S-009: ids, tokens, sessions' ids, event ids, numbers of placeholders and the server's port do not count")
    func whatDoesNotCount() {
        #expect(
            differences(
                ("1 tools/call", "\"x\" tools/call"), ("1 = {\"content\"", "\"x\" = {\"content\""), ("@A", "@B"),
                ("\"progressToken\":1", "\"progressToken\":\"p\""), ("id=a", "id=b"), ("secret-2", "secret-7"),
                ("upstream.test:9000", "upstream.test:9001"), url: "http://upstream.test:9001/mcp") == [])
    }

    @Test("S-009: the order across streams does not count, nor does that of calls made at once")
    func orderAcrossStreams() {
        #expect(differences(moving("5 < - notifications", before: "6 < 1 =")) == [])
        #expect(differences(moving("6 < id=a", before: "8 > POST")) == [])
        #expect(differences(moving("7 > POST", before: "6 > POST"), ("6 < 1 =", "6 < 1 =")) == [])
    }

    @Test("S-009: the order within a stream counts, and that of calls of which one was over when the other began")
    func orderWithinAStream() {
        #expect(differences(moving("6 < 1 =", before: "6 < id=a")) == ["> notifications/progress"])
        let calls =
            "1 > POST 1 a\n1 < 200 json 1 = {}\n1 < end\n2 > POST - b\n2 < 202\n3 > POST 3 c\n3 < 200 json 3 = {}"
        let moved =
            "2 > POST - b\n2 < 202\n3 > POST 3 c\n3 < 200 json 3 = {}\n1 > POST 1 a\n1 < 200 json 1 = {}\n1 < end"
        #expect(differences(HTTPDialogue.recording(calls), HTTPDialogue.recording(moved)) == ["> a"])
        #expect(differences(HTTPDialogue.recording(moved), HTTPDialogue.recording(calls)) == ["> a"])
        let atOnce = "1 > POST 1 a\n2 > POST - b\n3 > POST 3 c\n2 < 202\n1 < 200 json 1 = {}\n3 < 200 json 3 = {}"
        #expect(differences(HTTPDialogue.recording(calls), HTTPDialogue.recording(atOnce)) == [])
    }

    @Test("S-180: a changed, missing or new message is named by its call and place")
    func changedMessages() {
        #expect(
            differences(("[\"sub\"]", "[\"sup\"]")) == [
                #"~ result of tools/call "sub" /result/content/0: "sub" -> "sup""#
            ])
        #expect(
            differences(("\"progress\":1", "\"progress\":2")) == ["~ notifications/progress /params/progress: 1 -> 2"])
        #expect(
            differences(("5 < - notifications/tools/list_changed\n", "")) == ["- notifications/tools/list_changed"])
        #expect(differences(("8 > POST @A 9 = {\"roots\":[]}", "8 > POST @A 9 ! {}")).count == 2)
        #expect(
            differences(("\"name\":\"sub\"", "\"name\":\"pub\"")) == [
                #"~ tools/call "sub" /params/name: "sub" -> "pub""#
            ])
    }

    @Test("S-180: of two calls at once that differ, the one that is equal is found wherever it stands")
    func equalCallsFirst() {
        let first = "1 > POST 1 tools/call {\"name\":\"a\"}\n2 > POST 2 tools/call {\"name\":\"b\"}"
        let second = "1 > POST 1 tools/call {\"name\":\"c\"}\n2 > POST 2 tools/call {\"name\":\"a\"}"
        #expect(
            differences(HTTPDialogue.recording(first), HTTPDialogue.recording(second)) == [
                #"~ tools/call "b" /params/name: "b" -> "c""#
            ])
    }

    @Test("S-180: statuses, challenges and how exchanges ended are named by what they asked")
    func exchanges() {
        #expect(
            differences(("1 < 401 WWW-Authenticate:Bearer~", "1 < 403 WWW-Authenticate:Bearer~")) == [
                "! initialize: 401, Bearer resource_metadata=\"/.well-known/x\" -> "
                    + "403, Bearer resource_metadata=\"/.well-known/x\""
            ])
        #expect(
            differences(("/.well-known/x\"", "/.well-known/y\"")).first?.contains("/.well-known/y") == true)
        #expect(differences(("2 < 200 json {\"resource\":\"a\"}", "2 < 404")) == ["! GET /.well-known/x: 200 -> 404"])
        #expect(
            differences(("2 > GET /.well-known/x\n2 < 200 json {\"resource\":\"a\"}\n2 < end\n", "")) == [
                "- GET /.well-known/x"
            ])
        #expect(differences(("9 < 200 @A\n9 < end", "9 < reset")) == ["! DELETE /mcp: 200 -> broken off by the server"])
        #expect(differences(("9 < 200 @A\n9 < end", "9 < refused")) == ["! DELETE /mcp: 200 -> server not reached"])
        #expect(differences(("9 < 200 @A\n9 < end", "9 > gone")) == ["! DELETE /mcp: 200 -> broken off by the client"])
        #expect(differences(("5 > gone", "5 < end")) == [])
        #expect(
            differences(("6 < end", "6 < reset")) == [
                #"! tools/call "add": 200 -> 200, broken off by the server"#
            ])
    }

    @Test("S-009: a stream that was resumed is one stream")
    func resumedStreams() {
        let resumed = (
            "6 < 1 = {\"content\":[\"add\"],\"token\":\"reprise-secret-2\"}\n6 < end",
            "6 < end\n10 > GET @A after=a\n10 < 200 sse @A\n"
                + "10 < 1 = {\"content\":[\"add\"],\"token\":\"reprise-secret-2\"}\n10 < end"
        )
        #expect(differences(resumed) == ["+ GET /mcp, resuming a stream"])
        #expect(differences((resumed.0, resumed.1), ("6 < id=a - notif", "6 < id=a - late\n6 < - notif")).count == 2)
        let after = resumed.1.replacing("10 < 1 =", with: "10 < - late\n10 < 1 =")
        let before = "6 < - late\n" + resumed.0
        let recordings = [after, before].map { HTTPDialogue.recording(Self.session.replacing(resumed.0, with: $0)) }
        #expect(differences(recordings[0], recordings[1]) == ["- GET /mcp, resuming a stream"])
    }

    @Test("S-009: the first session is compared with the first, the second with the second")
    func sessionsByTheirOrder() {
        func dialogue(_ names: (String, String)) -> String {
            """
            1 > POST 0 initialize {}
            1 < 200 json @A 0 = {}
            2 > POST 0 initialize {}
            2 < 200 json @B 0 = {}
            3 > POST @A 1 \(names.0)
            3 < 200 json @A 1 = {}
            4 > POST @B 1 \(names.1)
            4 < 200 json @B 1 = {}
            """
        }
        let recordings = [("a", "b"), ("b", "a")].map { HTTPDialogue.recording(dialogue($0)) }
        #expect(differences(recordings[0], recordings[0]) == [])
        #expect(
            differences(recordings[0], recordings[1]).sorted() == [
                "+ a", "+ b", "+ result of a", "+ result of b", "- a", "- b", "- result of a", "- result of b",
            ])
    }

    @Test("S-009: of a stdio and an HTTP recording of one session the messages are compared")
    func overBothTransports() {
        let http = HTTPDialogue.recording(
            """
            1 > POST 0 initialize {}
            1 < 200 json @A 0 = {}
            2 > POST @A - notifications/initialized
            2 < 202
            3 > POST @A 1 tools/call {"name":"a"}
            3 < 200 sse @A
            3 < - notifications/progress {"progress":1}
            3 < 1 = {"ok":true}
            """)
        func stdio(_ result: String) -> Recording {
            Dialogue.recording(
                """
                c> 0 initialize {}
                s> 0 = {}
                c> - notifications/initialized
                c> 1 tools/call {"name":"a"}
                s> - notifications/progress {"progress":1}
                s> 1 = {"ok":\(result)}
                """, exit: 0)
        }
        for pair in [(http, stdio("true")), (stdio("true"), http)] {
            let diff = RecordingDiff(pair.0, pair.1)
            #expect(diff.entries == [] && diff.pairedCount == 6)
            #expect(diff.transports == [pair.0.header.transport, pair.1.header.transport])
        }
        #expect(differences(http, stdio("false")) == [#"~ result of tools/call "a" /result/ok: true -> false"#])
        #expect(RecordingDiff(http, http).transports == [])
    }

    @Test func manyCallsAtOnceAreComparedInReasonableTime() {
        let count = 1_000
        func dialogue(_ order: [Int]) -> String {
            order.map { "\($0) > POST \($0) a {\"n\":\($0)}\n\($0) < 200 json \($0) = {}" }.joined(separator: "\n")
        }
        let first = HTTPDialogue.recording(dialogue(Array(1...count)))
        let second = RecordingDiff(first, HTTPDialogue.recording(dialogue((1...count).reversed())))
        #expect(second.pairedCount == 2 * count)
        #expect(second.entries.count >= count - 1)
    }
}
