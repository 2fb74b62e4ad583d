import Foundation
import RepriseRecording
import TestSupport
import Testing

/// `reprise verify` with servers that behave, misbehave, and are not there.
@Suite(.ownThreads) struct VerifyCommandTests {
    private static func verify(
        _ file: String, _ server: [String], options: [String] = [], in folder: TestFolder
    ) throws -> Finished {
        try RunningProcess.run([Program.reprise, "verify", file] + options + ["--"] + server, in: folder)
    }

    /// A server of the sample session, in the shell: it answers by the id that a line holds.
    private static func sampleServer(_ answer: String = #""text":"5""#) -> [String] {
        let lines = SampleRecording.serverLines.map { $0.replacing(#""text":"5""#, with: answer) }
        let script = #"""
            while read -r line; do case $line in
            *'"id":1,'*) printf '%s\n' "$0";;
            *'"id":"a"'*) printf '%s\n' "$1";;
            esac; done
            """#
        return Command.shell(script, lines[0], lines[1])
    }

    private func sampleFolder() throws -> TestFolder {
        let folder = try TestFolder()
        try folder.write(SampleRecording.text, to: "a.jsonl")
        return folder
    }

    @Test("S-180: a server that does what was recorded: exit code 0; before it starts, what will be executed is said")
    func theSame() throws {
        let finished = try Self.verify("a.jsonl", Self.sampleServer(), in: sampleFolder())
        #expect(finished.ending == .exit(0), "\(finished.text)\(finished.error)")
        #expect(finished.text == "same: 3 MATCH\n")
        #expect(
            finished.said.contains {
                $0 == "the server will execute 2 recorded requests for real: initialize, tools/call \"add\""
            }, "\(finished.said)")
    }

    @Test("S-180: a server that answers otherwise: exit code 1, and name, event and JSON pointer of the place")
    func changed() throws {
        let folder = try sampleFolder()
        let server = Self.sampleServer(#""text":"6""#)
        let finished = try Self.verify("a.jsonl", server, in: folder)
        #expect(finished.ending == .exit(1))
        #expect(
            finished.text == """
                CHANGED event 7: result of tools/call "add": /result/content/0/text: "5" -> "6"
                different: 2 MATCH, 1 CHANGED

                """)
        let json = try Self.verify("a.jsonl", server, options: ["--format", "json"], in: folder)
        #expect(json.ending == .exit(1))
        #expect(json.text.hasPrefix(#"{"schema":1,"file":"a.jsonl","match":false,"counts":{"MATCH":2,"CHANGED":1,"#))
        #expect(
            json.text.contains(
                #"{"verdict":"CHANGED","event":7,"what":"result of tools/call \"add\"","#
                    + #""places":[{"pointer":"/result/content/0/text","from":"\"5\"","to":"\"6\""}]}"#), "\(json.text)")
    }

    @Test("a secret of the live server is not shown")
    func secretsAreNotShown() throws {
        let secret = ["sk", "live", "a1B2c3D4e5F6g7H8i9J0"].joined(separator: "_")
        let finished = try Self.verify("a.jsonl", Self.sampleServer(#""text":"\#(secret)""#), in: sampleFolder())
        #expect(finished.ending == .exit(1))
        #expect(!finished.text.contains(secret))
        #expect(finished.text.contains(#""5" -> "(secret)""#), "\(finished.text)")
    }

    @Test("no server: exit code 4, with what to do")
    func noServer() throws {
        let folder = try sampleFolder()
        let absent = try Self.verify("a.jsonl", ["no-such-server"], in: folder)
        #expect(absent.ending == .exit(4))
        #expect(absent.said.contains { $0.contains("cannot start \"no-such-server\"") }, "\(absent.said)")
        let dead = try Self.verify("a.jsonl", Command.shell("exit 9"), in: folder)
        #expect(dead.ending == .exit(4))
        #expect(
            dead.said.last == "the server ended before it said anything, with exit code 9", "\(dead.said)")
        #expect(absent.output.isEmpty && dead.output.isEmpty)
    }

    @Test("a server that never answers is given up: exit code 1")
    func silence() throws {
        let options = ["--stall", "0.1"]
        let finished = try Self.verify(
            "a.jsonl", Command.shell("cat >/dev/null"), options: options, in: sampleFolder())
        #expect(finished.ending == .exit(1))
        #expect(finished.text.contains("MISSING event 3: result of initialize (it did not come in time)"))
        #expect(finished.said.contains { $0.hasPrefix("stalled: the server owes event 3") }, "\(finished.said)")
        #expect(finished.text.contains("the server has stopped answering: the session was given up"))
    }

    @Test("a server that ends neither with its input nor on SIGTERM is killed")
    func stubborn() throws {
        let server = Self.sampleServer()
        let script = "trap '' TERM; " + server[2] + "; while :; do sleep 0.1; done"
        let finished = try Self.verify(
            "a.jsonl", ["sh", "-c", script] + server[3...], options: ["--stall", "1"], in: sampleFolder())
        #expect(finished.ending == .exit(1))
        #expect(finished.text.contains("MISSING event 11: end of the server"), "\(finished.text)")
    }

    @Test("a server that writes garbage, without end and without line feeds, does not harm")
    func garbage() throws {
        let folder = try sampleFolder()
        let junk = try Self.verify(
            "a.jsonl", Command.shell("while read -r l; do echo junk; done"), options: ["--stall", "0.2"], in: folder)
        #expect(junk.ending == .exit(1))
        #expect(junk.text.contains("EXTRA: malformed: not JSON"), "\(junk.text)")
        let binary = try Self.verify(
            "a.jsonl", Command.shell("head -c 3000000 /dev/zero; cat >/dev/null"), options: ["--stall", "0.2"],
            in: folder)
        #expect(binary.ending == .exit(1))
    }

    @Test("recordings that can be read and not played, and one of HTTP, which a command can be verified with")
    func otherRecordings() throws {
        let folder = try TestFolder()
        let newer = SampleRecording.text + #"{"t":1400000,"c":1,"d":"s2c","e":"telepathy","thought":"x"}"# + "\n"
        try folder.write(newer, to: "newer.jsonl")
        try folder.write(SampleRecording.header + "\n", to: "nothing.jsonl")
        for (name, message) in [("newer", "event 12 is of kind \"telepathy\""), ("nothing", "nothing to replay")] {
            let finished = try Self.verify("\(name).jsonl", ["cat"], in: folder)
            #expect(finished.ending == .exit(3))
            #expect(finished.error.contains(message), "\(finished.error)")
        }
        try folder.write(Self.http(sessions: 1), to: "one.jsonl")
        let one = try Self.verify("one.jsonl", Self.sampleServer(), in: folder)
        #expect(one.text == "same: 2 MATCH\n", "\(one.text)\(one.error)")
        try folder.write(Self.http(sessions: 2), to: "two.jsonl")
        let two = try Self.verify("two.jsonl", Self.sampleServer(), in: folder)
        #expect(two.ending == .exit(3))
        #expect(two.error.contains("the recording holds 2 sessions, and a stdio server has one"), "\(two.error)")
    }

    @Test("S-009: a server that cannot be reached, one that is none, and headers that are none")
    func badServers() throws {
        let folder = try TestFolder()
        try folder.write(Self.http(sessions: 1), to: "one.jsonl")
        func run(_ options: String...) throws -> Finished {
            try RunningProcess.run([Program.reprise, "verify", "one.jsonl"] + options, in: folder)
        }
        let nobody = try run("--url", "http://127.0.0.1:1/mcp")
        #expect(nobody.ending == .exit(4))
        #expect(
            nobody.said.last == "cannot reach the server: connecting: Connection refused", "\(nobody.said)")
        let secret = "value-that-is-not-shown"
        let header = try run("--url", "http://127.0.0.1:1/mcp", "--header", "A: \(secret)\u{1}")
        #expect(header.ending == .exit(2))
        #expect(header.error.contains("\"A\" is no name of a header field, or its value is none"))
        #expect(!header.error.contains(secret))
        let plain = try run("--url", "https://127.0.0.1:1/mcp", "--header", "Authorization: Bearer \(secret)")
        #expect(plain.ending == .exit(4))
        #expect(!plain.error.contains(secret))
    }

    /// The sample session over HTTP, as often as told.
    private static func http(sessions: Int) -> String {
        var lines = [
            #"{"reprise":1,"start":"2026-01-02T03:04:05.678Z","recorder":"reprise 0.1.0","transport":"http","#
                + #""target":{"url":"http://127.0.0.1:9/mcp"},"redaction":"none"}"#
        ]
        for session in 1...sessions {
            for (place, body) in [0, 2].enumerated() {
                let x = session * 10 + place
                let head = #""c":1,"x":\#(x),"#
                let id = #"["Mcp-Session-Id","s\#(session)"]"#
                lines += [
                    #"{"t":1,\#(head)"d":"c2s","e":"request","method":"POST","target":"/mcp","headers":[\#(id)]}"#,
                    #"{"t":1,\#(head)"d":"c2s","e":"body","json":\#(SampleRecording.clientLines[body])}"#,
                    #"{"t":2,\#(head)"d":"s2c","e":"response","status":200,"reason":"OK","headers":[\#(id)]}"#,
                    #"{"t":2,\#(head)"d":"s2c","e":"body","json":\#(SampleRecording.serverLines[place])}"#,
                    #"{"t":2,\#(head)"d":"s2c","e":"end"}"#,
                ]
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
