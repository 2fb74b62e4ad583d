import MCPWire
import Foundation
import RepriseRecording
import TestSupport
import Testing

/// `reprise replay` of recordings over HTTP, in place of the server of live clients.
@Suite(.ownThreads) struct HTTPReplayServerTests {
    private static func call(_ id: Int, _ method: String = "a") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"}"#
    }
    private static func result(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"# }
    private static let go = #"{"jsonrpc":"2.0","method":"notifications/go"}"#
    private static let news = #"{"jsonrpc":"2.0","method":"notifications/news"}"#

    /// A call answered by JSON.
    private static let simple =
        ReplayedServer.post(1, call(1)) + [
            ReplayedServer.head(1, "application/json"), ReplayedServer.body(1, result(1)), ReplayedServer.end(1),
        ]

    /// A call whose answer comes on a stream after a notification of the client.
    private static func waiting(_ x: Int, go exchange: Int) -> (before: [String], after: [String]) {
        (
            ReplayedServer.post(x, call(x)) + [
                ReplayedServer.head(x, "text/event-stream"),
                #""x":\#(x),"d":"s2c","e":"sse","text":"id: \#(x)-0\ndata:\n\n"}"#,
            ],
            [
                ReplayedServer.event(x, id: x, news), ReplayedServer.event(x, id: x + 1000, result(x)),
                ReplayedServer.end(x),
            ]
        )
    }

    private static func goAhead(_ x: Int) -> [String] {
        ReplayedServer.post(x, go) + [ReplayedServer.head(x, "text/plain", status: 202), ReplayedServer.end(x)]
    }

    @Test("S-009, S-171: a recorded session with a login, a resumed stream and a reset comes back on real sockets")
    func aWholeSession() throws {
        let replay = try ReplayedServer(SampleHTTPRecording.lines)
        let bodies = SampleHTTPRecording.lines.compactMap { line -> String? in
            line.contains(#""d":"c2s","e":"body""#)
                ? line.firstMatch(of: /"(?:json|text)":(.*)}$/).map { String($0.1) } : nil
        }
        let client = try replay.connect()
        try client.send(RecordedServer.post(bodies[0]))
        let challenge = try client.readResponse().head
        #expect(challenge.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
        let metadata = "/.well-known/oauth-protected-resource/mcp"
        #expect(challenge.contains(#"Bearer resource_metadata="http://localhost\#(metadata)""#))
        try client.send(RecordedServer.get(metadata))
        #expect(try client.readResponse().body == #"{"resource":"http://localhost/mcp"}"#)
        let form = "grant_type=authorization_code&code=grey%2Fgoose-77"
        try client.send(
            RecordedServer.post(form, path: "/token").replacing(
                "application/json", with: "application/x-www-form-urlencoded"))
        #expect(try client.readResponse().body.contains("blue-goose-78"))
        try client.send(RecordedServer.post(bodies[0], "Authorization: Bearer mine\r\n"))
        let opened = try client.readResponse()
        let id = try #require(
            opened.head.firstMatch(of: /mcp-session-id: (reprise-[0-9a-f]+)\r\n/).map { String($0.1) })
        let session = "Mcp-Session-Id: \(id)\r\n"
        #expect(opened.body.contains("serverInfo"))
        try client.send(RecordedServer.post(bodies[3], session))
        #expect(try client.readResponse().head.hasPrefix("HTTP/1.1 202 Accepted\r\n"))
        let listener = try replay.connect()
        try listener.send(RecordedServer.get("/mcp", session))
        #expect(try listener.readHead().contains("text/event-stream"))
        try client.send(
            RecordedServer.post(bodies[4].replacing(#""progressToken":1"#, with: #""progressToken":"t""#), session))
        let streamed = try client.readResponse().body
        #expect(streamed.hasPrefix("id: 1\nretry: 500\ndata:\n\nid: 2\ndata: "))
        #expect(streamed.contains(#""progressToken":"t""#))
        #expect(try listener.read(to: "list_changed\"}\n\n").contains("data: {"))
        try client.send(RecordedServer.get("/mcp", session + "Last-Event-ID: 2\r\n"))
        let resumed = try client.readResponse().body
        #expect(resumed.hasPrefix(": still there\n\nid: 3\ndata: "))
        let broken = try replay.connect()
        try broken.send(RecordedServer.post(bodies[5], session))
        #expect(try broken.readToEnd().isEmpty)
        #expect(broken.end == .reset)
        try client.send("DELETE /mcp HTTP/1.1\r\nHost: localhost\r\n\(session)\r\n")
        #expect(try client.readResponse().head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        listener.hangUp()
        let finished = try replay.stop()
        #expect(finished.ending == .exit(0), "\(finished.error)")
        #expect(finished.said.last == "replay of a.jsonl: the session matched its recording: 5 client messages")
    }

    @Test("S-171, S-173: the recording of a replay equals the recording")
    func theRecordingOfAReplayEqualsTheRecording() throws {
        let replay = try ReplayedServer(ReplayedServer.lines(Self.simple))
        let recorder = try RunningProcess(
            [
                Program.reprise, "record", "--url", "http://127.0.0.1:\(replay.port)/mcp", "--redact", "none", "--out",
                "b.jsonl",
            ],
            in: replay.folder)
        try recorder.waitForError(" -> ")
        let port = try #require(recorder.errorSoFar.firstMatch(of: /127\.0\.0\.1:([0-9]+)/).flatMap { Int($0.1) })
        let client = try Socket.connect(port, deadline: replay.deadline)
        try client.send(RecordedServer.post(Self.call(1)))
        #expect(try client.readResponse().body == Self.result(1))
        kill(recorder.id, SIGTERM)
        #expect(try recorder.finish().ending == .exit(0))
        let diff = try RunningProcess.run([Program.reprise, "diff", "a.jsonl", "b.jsonl"], in: replay.folder)
        #expect(diff.text == "same: 2 messages\n")
        #expect(try replay.stop().ending == .exit(0))
    }

    @Test("S-009: an event reaches the client before the next is due, and a client that leaves gets the rest later")
    func aClientThatLeavesMidStream() throws {
        let stream = Self.waiting(1, go: 2)
        let replay = try ReplayedServer(ReplayedServer.lines(stream.before + Self.goAhead(2) + stream.after))
        let first = try replay.connect()
        try first.send(RecordedServer.post(Self.call(7)))
        #expect(try first.readHead().contains("text/event-stream"))
        _ = try first.read(to: "id: 1-0\ndata:\n\n")
        first.reset()
        #expect(try replay.response(to: RecordedServer.post(Self.go)).head.hasPrefix("HTTP/1.1 202"))
        let again = try replay.response(to: RecordedServer.get("/mcp", "Last-Event-ID: 1-0\r\n"))
        #expect(again.body == "id: 1\ndata: \(Self.news)\n\nid: 1001\ndata: \(Self.result(7))\n\n")
        let finished = try replay.stop()
        #expect(finished.ending == .exit(0), "\(finished.error)")
    }

    @Test func twoHundredStreamsAtOnce() throws {
        let streams = (1...200).map { Self.waiting($0, go: 201) }
        let replay = try ReplayedServer(
            ReplayedServer.lines(streams.flatMap(\.before) + Self.goAhead(201) + streams.flatMap(\.after)))
        var clients: [Socket] = []
        for id in 1...200 {
            clients.append(try replay.connect())
            try clients[id - 1].send(RecordedServer.post(Self.call(id + 5000)))
            _ = try clients[id - 1].read(to: "id: \(id)-0\ndata:\n\n")
        }
        #expect(try replay.response(to: RecordedServer.post(Self.go)).head.hasPrefix("HTTP/1.1 202"))
        for (index, client) in clients.enumerated() {
            #expect(try client.read(to: "result\":{}}\n\n").contains(#""id":\#(index + 5001)"#))
        }
        let finished = try replay.stop()
        #expect(finished.ending == .exit(0), "\(finished.error)")
    }

    @Test func aSlowReaderHoldsNobodyUp() throws {
        let text = String(repeating: "x", count: 100_000)
        let events = (1...200).map {
            ReplayedServer.event(1, id: $0, #"{"jsonrpc":"2.0","method":"n","params":{"text":"\#(text)"}}"#)
        }
        let slow =
            ReplayedServer.post(1, Self.call(1, "slow")) + [ReplayedServer.head(1, "text/event-stream")] + events
            + [ReplayedServer.event(1, id: 999, Self.result(1)), ReplayedServer.end(1)]
        let fast =
            ReplayedServer.post(2, Self.call(2)) + [
                ReplayedServer.head(2, "application/json"), ReplayedServer.body(2, Self.result(2)),
                ReplayedServer.end(2),
            ]
        let replay = try ReplayedServer(ReplayedServer.lines(slow + fast))
        let client = try replay.connect(receiveBuffer: 4096)
        try client.send(RecordedServer.post(Self.call(1, "slow")))
        _ = try client.readHead()
        #expect(try replay.response(to: RecordedServer.post(Self.call(9))).body == Self.result(9))
        for _ in 0..<200 { _ = try client.read(byteCount: 100_000) }
        _ = try client.read(to: Self.result(1))
        let finished = try replay.stop()
        #expect(finished.ending == .exit(0), "\(finished.error)")
    }

    @Test("a client whose requests are pipelined, of HTTP/1.0, or that waits for 100 gets its answers")
    func unusualRequests() throws {
        let calls = (1...3).flatMap { x in
            ReplayedServer.post(x, Self.call(x)) + [
                ReplayedServer.head(x, "text/event-stream"), ReplayedServer.event(x, id: x, Self.result(x)),
                ReplayedServer.end(x),
            ]
        }
        let replay = try ReplayedServer(ReplayedServer.lines(calls))
        let client = try replay.connect()
        try client.send(
            RecordedServer.post(Self.call(11)) + RecordedServer.post(Self.call(12), "Connection: close\r\n"))
        #expect(try client.readResponse().body == "id: 1\ndata: \(Self.result(11))\n\n")
        let second = try client.readResponse()
        #expect(second.body == "id: 2\ndata: \(Self.result(12))\n\n")
        #expect(second.head.contains("connection: close"))
        #expect(try client.readToEnd().isEmpty)
        let old = try replay.connect()
        let call = Self.call(13)
        try old.send("POST /mcp HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: \(call.utf8.count)\r\n\r\n")
        _ = try old.read(to: "100 Continue\r\n\r\n")
        try old.send(call)
        let answer = try old.readTextToEnd()
        #expect(answer.hasSuffix("\r\n\r\nid: 3\ndata: \(Self.result(13))\n\n"))
        #expect(!answer.contains("chunked"))
        let finished = try replay.stop()
        #expect(finished.ending == .exit(0), "\(finished.error)")
    }

    @Test("requests that are none of ours or no HTTP are refused, each with its status and who says so")
    func refusals() throws {
        let replay = try ReplayedServer(ReplayedServer.lines(Self.simple))
        let cases: [(request: String, status: Int, words: String)] = [
            ("POST /mcp HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 0\r\n\r\n", 403, "the Host evil.test is not"),
            (RecordedServer.get("/mcp", "Origin: http://evil.test\r\n"), 403, "the Origin http://evil.test is not"),
            ("nonsense\r\n\r\n", 400, "no HTTP request"),
            (RecordedServer.get("/mcp", "X: \(String(repeating: "x", count: 100_000))\r\n"), 431, "80 KiB"),
            ("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70000000\r\n\r\n", 413, "67108864 bytes"),
            (
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
                "HTTP"
            ),
        ]
        for (request, status, words) in cases {
            let client = try replay.connect()
            try client.send(request)
            let answer = try client.readTextToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(60)): \(answer)")
            #expect(answer.contains("reprise: ") && answer.contains(words), "\(answer)")
        }
        #expect(try replay.response(to: RecordedServer.post(Self.call(3))).body == Self.result(3))
        #expect(try replay.stop().ending == .exit(0))
    }

    @Test("S-180: a mismatch is told at once and again at the end, with exit code 1")
    func aMismatchIsTold() throws {
        let replay = try ReplayedServer(ReplayedServer.lines(Self.simple))
        let answer = try replay.response(to: RecordedServer.post(Self.call(3, "b")))
        #expect(answer.head.hasPrefix("HTTP/1.1 200"))
        #expect(answer.body.contains(#""error":{"code":-32603,"message":"reprise: no recorded message matches b"#))
        try replay.process.waitForError("no recorded message matches b (id 3)")
        let finished = try replay.stop()
        #expect(finished.ending == .exit(1))
        #expect(
            finished.error.hasSuffix(
                "never came from the client: event 2 a\nnever sent to the client: event 4 result of a\n"))
    }

    @Test("S-180: a client that waits is told what for, and goes on")
    func aStallOnARealClock() throws {
        let stream = Self.waiting(1, go: 2)
        let replay = try ReplayedServer(
            ReplayedServer.lines(stream.before + Self.goAhead(2) + stream.after), options: ["--stall", "0.05"])
        #expect(try replay.response(to: RecordedServer.post(Self.call(7))).body.hasSuffix("\(Self.result(7))\n\n"))
        let finished = try replay.stop()
        #expect(finished.ending == .exit(1))
        #expect(finished.error.contains("stalled: event 9 waits for event 6 from the client"), "\(finished.error)")
    }

    @Test("--listen names the port; one that is taken is exit code 4 with what to type")
    func portTaken() throws {
        let replay = try ReplayedServer(ReplayedServer.lines(Self.simple), options: ["--listen", "127.0.0.1:0"])
        let second = try RunningProcess.run(
            Command.replay("a.jsonl", "--listen", "127.0.0.1:\(replay.port)"), in: replay.folder)
        #expect(second.ending == .exit(4))
        #expect(second.error.contains("127.0.0.1:\(replay.port) is in use"))
        #expect(second.error.contains("--listen 127.0.0.1:0"))
        kill(replay.process.id, SIGKILL)
        #expect(try replay.process.finish().ending == .signal(SIGKILL))
        let third = try RunningProcess(
            Command.replay("a.jsonl", "--listen", "127.0.0.1:\(replay.port)"), in: replay.folder)
        try third.waitForError("http://127.0.0.1:\(replay.port)/mcp")
        kill(third.id, SIGINT)
        #expect(try third.finish().ending == .exit(1))
    }

    @Test("what cannot be served so is a usage error")
    func wrongUse() throws {
        let folder = try TestFolder()
        try folder.write(SampleRecording.text, to: "stdio.jsonl")
        let stdio = try RunningProcess.run(Command.replay("stdio.jsonl", "--listen", "127.0.0.1:0"), in: folder)
        #expect(stdio.ending == .exit(2))
        #expect(stdio.error.contains("stdio.jsonl is a recording of stdio"))
        let nonsense = try RunningProcess.run(Command.replay("stdio.jsonl", "--listen", "nowhere"), in: folder)
        #expect(nonsense.ending == .exit(2))
        #expect(nonsense.error.contains("--listen takes HOST:PORT"))
    }
}
