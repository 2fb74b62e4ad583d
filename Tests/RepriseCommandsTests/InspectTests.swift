import Foundation
import MCPWire
import RepriseRecording
import TestSupport
import Testing

/// `reprise inspect`, as text and as JSON.
@Suite(.ownThreads) struct InspectTests {
    private func inspect(_ folder: TestFolder, _ arguments: String...) throws -> Finished {
        try RunningProcess.run([Program.reprise, "inspect"] + arguments, in: folder)
    }

    @Test("a recording as text, whole")
    func aRecordingAsText() throws {
        let folder = try TestFolder()
        try folder.write(SampleRecording.text, to: "a.jsonl")
        let finished = try inspect(folder, "a.jsonl")
        #expect(finished.ending == .exit(0))
        #expect(finished.error.isEmpty)
        #expect(
            finished.text == """
                a.jsonl
                  stdio: server --port 1 · 2026-01-02T03:04:05.678Z · not redacted
                  c 1 <-> s 2, MCP 2025-11-25
                  11 events: 4 messages of the client, 2 of the server, 1 lines on stderr
                  WARNING: no finish line: the recorder was killed or could not write to the end

                    1     0.000 s    open
                    2     0.001 s -> initialize (id 1)  {"protocolVersion":"2025-11-25","capabilities":{},\
                "clientInfo":{"name":"c","version":"1"}}
                    3     0.004 s <- result of initialize (id 1) after 2.5 ms  {"protocolVersion":"2025-11-25",\
                "capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"2"}}
                    4     0.004 s -> notifications/initialized
                    5     0.005 s -> tools/call (id "a")  {"name":"add","arguments":{"a":2,"b":3}}
                    6     0.005 s <- stderr  adding\\u{9}2
                    7     1.205 s <- result of tools/call (id "a") after 1200.0 ms  {"content":[{"type":"text",\
                "text":"5"}],"isError":false}
                    8     1.206 s -> malformed: not JSON: unexpected 'j' at byte 0  junk\\u{a}
                    9     1.300 s -> end of stdin
                   10     1.300 s <- end of stdout
                   11     1.301 s    server ended with exit code 0

                """)
    }

    @Test("a recording as JSON: one valid document that begins with its schema")
    func aRecordingAsJSON() throws {
        let folder = try TestFolder()
        try folder.write(SampleRecording.text, to: "a.jsonl")
        let finished = try inspect(folder, "a.jsonl", "--format", "json")
        #expect(finished.ending == .exit(0))
        #expect(finished.text.hasPrefix(#"{"schema":1,"file":"a.jsonl","transport":"stdio","#))
        let document = try JSONDocument(finished.output)
        let events = try #require(document.member("events", of: 0))
        #expect(document.elements(of: events).count == SampleRecording.events.count)
        let answer = document.elements(of: events)[6]
        #expect(
            String(decoding: document.raw(at: answer), as: UTF8.self)
                == #"{"event":7,"time":1205000,"direction":"s2c","what":"result of tools/call","id":"\"a\"","#
                + #""elapsed":1200000,"detail":"{\"content\":[{\"type\":\"text\",\"text\":\"5\"}],\"isError\":false}"}"#
        )
        let completion = try #require(document.member("completion", of: 0))
        #expect(document.text(at: completion) == "unfinished")
        let revision = try #require(document.member("revision", of: 0))
        #expect(document.text(at: revision) == "2025-11-25")
    }

    @Test("a result that cannot be written is a failure", .enabled(if: access("/dev/full", W_OK) == 0, "no /dev/full"))
    func aResultThatCannotBeWritten() throws {
        let folder = try TestFolder()
        try folder.write(SampleRecording.text, to: "a.jsonl")
        for format in ["text", "json"] {
            let command = [Program.reprise, "inspect", "a.jsonl", "--format", format]
            let finished = try RunningProcess.run(Command.shell("\"$@\" >/dev/full", "sh") + command, in: folder)
            #expect(finished.ending == .exit(1))
            #expect(finished.said == ["cannot write the result: No space left on device"])
        }
    }

    @Test("a torn last line is dropped and named")
    func aTornRecording() throws {
        let folder = try TestFolder()
        try folder.write(SampleRecording.text.dropLast(20).utf8, to: "a.jsonl")
        let finished = try inspect(folder, "a.jsonl")
        #expect(finished.ending == .exit(0))
        #expect(finished.text.contains("WARNING: the last line is torn: 21 bytes were dropped"))
        let json = try JSONDocument(try inspect(folder, "a.jsonl", "--format", "json").output)
        let torn = try #require(json.member("tornBytes", of: 0))
        #expect(json.text(at: torn) == "21" || String(decoding: json.raw(at: torn), as: UTF8.self) == "21")
    }

    @Test("an edited recording is changed since it was recorded, and still replays")
    func anEditedRecording() throws {
        let folder = try TestFolder()
        let lines = [Line.initialize(1), Line.call(2, "add", #"{"a":2,"b":3}"#)]
        let input = Array((lines.joined(separator: "\n") + "\n").utf8)
        let live = try RunningProcess.run(Command.record(folder.file("a.jsonl"), Command.demoServer), input: input)
        #expect(!(try inspect(folder, "a.jsonl").text.contains("WARNING")))
        let edited = String(decoding: try folder.bytes(of: "a.jsonl"), as: UTF8.self)
            .replacingOccurrences(of: #""text":"5""#, with: #""text":"7""#)
        try folder.write(edited, to: "b.jsonl")
        #expect(try inspect(folder, "b.jsonl").text.contains("WARNING: changed since it was recorded"))
        let replayed = try RunningProcess.run(Command.replay(folder.file("b.jsonl")), input: input)
        #expect(replayed.ending == .exit(0))
        #expect(replayed.said.first == "\(folder.file("b.jsonl")): changed since it was recorded")
        #expect(replayed.text == live.text.replacingOccurrences(of: #""text":"5""#, with: #""text":"7""#))
    }
}
