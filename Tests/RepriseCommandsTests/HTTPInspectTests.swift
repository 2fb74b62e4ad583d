import MCPWire
import TestSupport
import Testing

/// `reprise inspect`, `diff` and `redact` of a recording over HTTP.
@Suite(.ownThreads) struct HTTPInspectTests {
    @Test("S-173: an HTTP recording as text, whole")
    func aRecordingAsText() throws {
        let folder = try TestFolder()
        try folder.write(SampleHTTPRecording.text, to: "a.jsonl")
        let finished = try RunningProcess.run([Program.reprise, "inspect", "a.jsonl"], in: folder)
        #expect(finished.ending == .exit(0))
        #expect(
            finished.text == """
                a.jsonl
                  http: https://example.com/mcp · 2026-01-02T03:04:05.678Z · not redacted
                  session 1: c 1 <-> s 2, MCP 2025-11-25
                  48 events: 10 exchanges (8 of them MCP) on 2 connections, 5 messages of the client, 4 of the s\
                erver, 1 note
                  WARNING: no finish line: the recorder was killed or could not write to the end
                  WARNING: broken off: x9 by the server
                  WARNING: answered with an error: x1 401

                    3     0.001 s  x1 -> initialize (id 0)  {"protocolVersion":"2025-11-25","capabilities":{},"c\
                lientInfo":{"name":"c","version":"1"}}
                    4     0.002 s  x1    note  Host is sent on as example.com
                    5     0.002 s  x1 <- 401 Unauthorized after 1.5 ms  Bearer resource_metadata="https://exampl\
                e.com/.well-known/oauth-protected-resource/mcp"
                    7     0.003 s  x2 -> GET /.well-known/oauth-protected-resource/mcp
                    8     0.004 s  x2 <- 200 OK after 0.5 ms  {"resource":"https://example.com/mcp"}
                   11     0.005 s  x3 -> POST /token  grant_type=authorization_code&code=grey%2Fgoose-77
                   13     0.006 s  x3 <- 200 OK after 1.0 ms  {"access_token":"blue-goose-78","token_type":"Bear\
                er"}
                   17     0.008 s  x4 -> initialize (id 0)  {"protocolVersion":"2025-11-25","capabilities":{},"c\
                lientInfo":{"name":"c","version":"1"}}
                   19     0.009 s  x4 <- result of initialize (id 0) after 1.0 ms  {"protocolVersion":"2025-11-2\
                5","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"2"}}
                   22     0.011 s  x5 -> notifications/initialized
                   23     0.011 s  x5 <- 202 Accepted after 1.0 ms
                   26     0.013 s  x6 -> GET /mcp
                   27     0.013 s  x6 <- 200 OK after 0.5 ms  text/event-stream
                   29     0.014 s  x7 -> tools/call (id 1)  {"name":"add","arguments":{"a":2,"b":3},"_meta":{"pr\
                ogressToken":1}}
                   31     0.015 s  x7 <- event without data, retry 500 ms (event id "1")
                   32     0.015 s  x7 <- notifications/progress (event id "2")  {"progressToken":1,"progress":0.\
                5}
                   33     0.016 s  x6 <- notifications/tools/list_changed
                   34     0.017 s  x7 <- end of the stream
                   35     0.017 s  x8 -> GET /mcp resumes the stream of x7 after event id "2"
                   36     0.018 s  x8 <- 200 OK after 0.5 ms  text/event-stream
                   37     0.018 s  x8 <- comment  still there
                   38     0.018 s  x8 <- result of tools/call (id 1, event id "3") after 4.5 ms  {"content":[{"t\
                ype":"text","text":"5"}],"isError":false}
                   39     0.019 s  x8 <- end of the stream
                   41     0.020 s  x9 -> tools/list (id 2)
                   42     0.021 s  x9 <- broken off by the server
                   43     0.021 s x10 -> DELETE /mcp
                   44     0.021 s x10 <- 200 OK after 0.5 ms
                   46     0.022 s  x6 -> stream closed by the client

                """)
    }

    @Test("S-173: the same as JSON: every event, and a list of the exchanges")
    func aRecordingAsJSON() throws {
        let folder = try TestFolder()
        try folder.write(SampleHTTPRecording.text, to: "a.jsonl")
        let finished = try RunningProcess.run([Program.reprise, "inspect", "a.jsonl", "--format", "json"], in: folder)
        #expect(finished.ending == .exit(0))
        let document = try JSONDocument(finished.output)
        let events = try #require(document.member("events", of: 0))
        #expect(document.elements(of: events).count == SampleHTTPRecording.events.count)
        let exchanges = try #require(document.member("exchanges", of: 0))
        let shown = document.elements(of: exchanges).map { String(decoding: document.raw(at: $0), as: UTF8.self) }
        #expect(shown.count == 10)
        #expect(
            shown[7]
                == #"{"exchange":8,"connection":1,"session":1,"mcp":true,"method":"GET","target":"/mcp","status":200,"#
                + #""resumes":7,"ending":"complete"}"#)
        #expect(shown[8].hasSuffix(#""ending":"reset by the server"}"#))
        let warnings = try #require(document.member("warnings", of: 0))
        #expect(
            document.elements(of: warnings).map { document.text(at: $0) } == [
                "no finish line: the recorder was killed or could not write to the end", "broken off: x9 by the server",
                "answered with an error: x1 401",
            ])
    }

    @Test("S-173: two sessions at once have a column of their own")
    func severalSessions() throws {
        let folder = try TestFolder()
        let other = SampleHTTPRecording.lines.dropFirst().map { line in
            line.replacing("\"x\":", with: "\"x\":1").replacing("5f0c2a9e4b7d4c31", with: "00c2a9e4b7d4c315")
        }
        try folder.write((SampleHTTPRecording.lines + other).joined(separator: "\n") + "\n", to: "a.jsonl")
        let finished = try RunningProcess.run([Program.reprise, "inspect", "a.jsonl"], in: folder)
        #expect(finished.text.contains("\n  session 1: c 1 <-> s 2, MCP 2025-11-25\n  session 2: c 1 <-> s 2, MCP"))
        #expect(finished.text.contains("s  s1   x5 -> notifications/initialized\n"))
        #expect(finished.text.contains("s  s2  x15 -> notifications/initialized\n"))
        #expect(finished.text.contains("s  s2  x18 -> GET /mcp resumes the stream of x17 after event id \"2\"\n"))
    }

    @Test("S-179: redact takes an HTTP recording made with its secrets, and then a scan finds none")
    func redactAndScan() throws {
        let folder = try TestFolder()
        try folder.write(SampleHTTPRecording.text, to: "a.jsonl")
        let scan = try RunningProcess.run([Program.reprise, "redact", "a.jsonl", "--scan"], in: folder)
        #expect(scan.ending == .exit(1))
        #expect(scan.text.contains("c2s request: "))
        let redacted = try RunningProcess.run([Program.reprise, "redact", "a.jsonl", "--out", "b.jsonl"], in: folder)
        #expect(redacted.ending == .exit(0))
        let text = String(decoding: try folder.bytes(of: "b.jsonl"), as: UTF8.self)
        for secret in ["grey%2Fgoose-77", "blue-goose-78", "5f0c2a9e4b7d4c31"] { #expect(!text.contains(secret)) }
        #expect(text.contains(#"["Authorization","Bearer reprise-secret-2",[[7,16]]]"#))
        #expect(text.contains(#""text":"grant_type=authorization_code&code=reprise-secret-1""#))
        #expect(text.contains(#""access_token":"reprise-secret-2","token_type":"Bearer""#))
        #expect(text.contains(#"["mcp-session-id","reprise-secret-3",[[0,16]]]"#))
        let again = try RunningProcess.run([Program.reprise, "redact", "b.jsonl", "--scan"], in: folder)
        #expect(again.ending == .exit(0))
        #expect(again.text == "no secrets found in \(SampleHTTPRecording.events.count) events\n")
    }

    @Test("S-180: diff names exchanges that were answered otherwise, and says once that transports differ")
    func diffOverHTTP() throws {
        let folder = try TestFolder()
        try folder.write(SampleHTTPRecording.text, to: "a.jsonl")
        let other = SampleHTTPRecording.text.replacing(#""status":401"#, with: #""status":403"#)
            .replacing(#""text":"5""#, with: #""text":"6""#)
        try folder.write(other, to: "b.jsonl")
        try folder.write(SampleRecording.text, to: "stdio.jsonl")
        func diff(_ arguments: String...) throws -> Finished {
            try RunningProcess.run([Program.reprise, "diff"] + arguments, in: folder)
        }
        #expect(try diff("a.jsonl", "a.jsonl").text == "same: 9 messages\n")
        let changed = try diff("a.jsonl", "b.jsonl")
        #expect(changed.ending == .exit(1))
        let challenge = #"Bearer resource_metadata="/.well-known/oauth-protected-resource/mcp""#
        #expect(
            changed.text == """
                ~ event 38 / 38: result of tools/call "add"
                    /result/content/0/text: "5" -> "6"
                ~ event 2 / 2: initialize: 401, \(challenge) -> 403, \(challenge)
                2 differences, 9 messages in both

                """)
        let json = try diff("a.jsonl", "b.jsonl", "--format", "json")
        #expect(json.text.contains(#"{"kind":"answered","first":2,"second":2,"what":"initialize","from":"401, "#))
        let mixed = try diff("stdio.jsonl", "a.jsonl")
        #expect(mixed.text.hasPrefix("transports differ (stdio and http), so messages alone are compared\n"))
        #expect(mixed.text.contains("- event 8: malformed: not JSON"))
        #expect(
            try diff("stdio.jsonl", "a.jsonl", "--format", "json").text.contains(#""transports":["stdio","http"]"#))
    }
}
