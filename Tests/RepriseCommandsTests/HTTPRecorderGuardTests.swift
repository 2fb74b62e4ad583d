import MCPWire
import Foundation
import RepriseRecording
import TestSupport
import Testing

/// What the HTTP recorder refuses, what it says of a server that it cannot reach, and how it begins and ends.
@Suite(.ownThreads) struct HTTPRecorderGuardTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        var request: String
        var status: Int
        var reason: String
        var testDescription: String { String(request.prefix(70)) }

        init(_ request: String, _ status: Int, _ reason: String) {
            self.request = request
            self.status = status
            self.reason = reason
        }
    }

    static let refused = [
        Refused("GET / HTTP/1.1\r\nHost: evil.com\r\n\r\n", 403, "the Host evil.com is not"),
        Refused("GET / HTTP/1.1\r\nHost: localhost.evil.com:80\r\n\r\n", 403, "the Host localhost.evil.com:80 is not"),
        Refused("GET / HTTP/1.1\r\nA: b\r\n\r\n", 400, "no Host field"),
        Refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "a Host that is none"),
        Refused("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400, "two Host fields"),
        Refused(
            "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.com\r\n\r\n", 403,
            "the Origin https://evil.com is not"),
        Refused("GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n", 403, "the Origin null is not"),
        Refused("CONNECT a:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "a target that is no path"),
        Refused("GET http://a/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "a target that is no path"),
        Refused(
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n", 501,
            "WebSocket is not recorded yet"),
        Refused(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "both a content length and a transfer encoding"),
        Refused(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n", 400,
            "two different content lengths"),
        Refused(
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n", 501,
            "a transfer encoding other than chunked"),
        Refused("GET / HTTP/1.1\r\nHost: localhost\r\nA: b\rGET /x HTTP/1.1\r\n\r\n", 400, "a CR or NUL within a line"),
        Refused("GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n folded\r\n\r\n", 400, "a folded line in the head"),
        Refused("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400, "a header name that is none"),
        Refused("GET / HTTP/3\r\n\r\n", 400, "names no version of HTTP"),
        Refused("\u{16}\u{3}\u{1}\u{2}", 400, "TLS on a port without it"), Refused("hello\n", 400, "no request line"),
        Refused(
            "GET / HTTP/1.1\r\nHost: localhost\r\n" + (0..<10_000).map { "X-\($0): y\r\n" }.joined() + "\r\n", 431,
            "more than 1000 header fields"),
        Refused(
            "GET / HTTP/1.1\r\nHost: localhost\r\nA: " + String(repeating: "a", count: 300_000), 431,
            "a head of more than 262144 bytes"),
    ]

    @Test("S-171: bad use is refused in words, and nothing of it reaches the server", arguments: refused)
    func badUseIsRefused(use: Refused) throws {
        let session = try RecordedServer()
        let client = try session.connect()
        // The recorder may have answered and closed before all is sent.
        _ = try? client.send(use.request)
        let answer = try client.readTextToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 \(use.status) "), "\(answer)")
        #expect(answer.contains("\r\n\r\nreprise: "))
        #expect(answer.contains(use.reason), "\(answer)")
        #expect(!session.server.hasCaller)
        let outline = try session.stop().httpOutline
        #expect(outline.count == 3, "\(outline)")
        #expect(outline.contains { $0.hasPrefix("- note answered \(use.status): ") })
        #expect(outline.last == "- close eof")
    }

    @Test("a request that goes wrong behind a good one is refused after the answer to that")
    func aFaultBehindARequest() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send(RecordedServer.get() + "GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        let server = try session.server.accept()
        _ = try server.readHead()
        try server.send(RecordedServer.answer("{}"))
        #expect(try client.readResponse().body == "{}")
        #expect(try client.readTextToEnd().hasPrefix("HTTP/1.1 400 "))
        #expect(try server.readToEnd().isEmpty)
    }

    @Test("a chunk that is none breaks the request off on both sides")
    func aBrokenChunk() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        let server = try session.server.accept()
        #expect(try server.readHead().contains("\r\nTransfer-Encoding: chunked\r\n"))
        #expect(try server.read(to: "2\r\nab\r\n") == "2\r\nab\r\n")
        try client.send("zz\r\n")
        #expect(try client.readTextToEnd().contains("the size of a chunk is no hexadecimal number"))
        #expect(try server.readToEnd().isEmpty)
        #expect(server.end == .reset)
        #expect(
            try session.stop().httpOutline.suffix(3) == [
                "x1 c2s body ab", "x1 c2s close reset", "- close eof",
            ])
    }

    @Test("S-173: a server that is down is a 502 in words, and in the recording")
    func theServerIsDown() throws {
        let port = try ListeningSocket(deadline: Deadline(seconds: 5)).port
        let session = try RecordedServer(url: "http://127.0.0.1:\(port)/mcp")
        let client = try session.connect()
        try client.send(RecordedServer.post("{}"))
        let answer = try client.readTextToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
        #expect(
            answer.hasSuffix("reprise: cannot reach http://127.0.0.1:\(port): connecting: Connection refused\n"))
        #expect(
            try session.stop().httpOutline == [
                "- open", "x1 c2s request POST /mcp", "x1 c2s body {}",
                "x1 - note cannot reach http://127.0.0.1:\(port): connecting: Connection refused",
                "x1 s2c close refused",
                "- close eof",
            ])
        let unknown = try RecordedServer(url: "http://nobody.invalid:1/")
        let other = try unknown.connect()
        try other.send(RecordedServer.get("/"))
        #expect(try other.readTextToEnd().hasPrefix("HTTP/1.1 502 "))
    }

    @Test("a port that is taken is said, with what to type, and leaves no file")
    func thePortIsTaken() throws {
        let folder = try TestFolder()
        let taken = try ListeningSocket(deadline: Deadline(seconds: 5))
        let finished = try RunningProcess.run([
            Program.reprise, "record", "--url", "http://127.0.0.1:1/", "--listen", "127.0.0.1:\(taken.port)", "--out",
            folder.file("a.jsonl"),
        ])
        #expect(finished.ending == .exit(4))
        #expect(
            finished.said == [
                "127.0.0.1:\(taken.port) is in use: name another port, or take a free one with --listen 127.0.0.1:0"
            ])
        #expect(folder.names.isEmpty)
    }

    @Test("a listener for others than this machine is warned of, and serves every host")
    func aListenerForOthers() throws {
        let folder = try TestFolder()
        let deadline = Deadline(seconds: 30)
        let server = try ListeningSocket(deadline: deadline)
        let process = try RunningProcess([
            Program.reprise, "record", "--url", "http://127.0.0.1:\(server.port)/", "--listen", "0.0.0.0:0", "--out",
            folder.file("a.jsonl"),
        ])
        try process.waitForError("0.0.0.0 is not loopback")
        let port = try #require(process.errorSoFar.firstMatch(of: /0\.0\.0\.0:([0-9]+)/).flatMap { Int($0.1) })
        let client = try Socket.connect(port, deadline: deadline)
        try client.send("GET / HTTP/1.1\r\nHost: box.example:1\r\nOrigin: http://box.example:1\r\n\r\n")
        let upstream = try server.accept()
        #expect(try upstream.readHead().contains("\r\nOrigin: http://127.0.0.1:\(server.port)\r\n"))
        kill(process.id, SIGINT)
        #expect(try process.finish().ending == .exit(0))
    }

    @Test("the first signal ends the recording in order, with exchanges open", arguments: [SIGINT, SIGTERM, SIGHUP])
    func aSignalEndsInOrder(signal: Int32) throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send(RecordedServer.get())
        let server = try session.server.accept()
        _ = try server.readHead()
        try server.send(RecordedServer.streamHead + RecordedServer.chunk("data: 1\n\ndata: 2"))
        _ = try client.read(to: "data: 2")
        kill(session.process.id, signal)
        let finished = try session.process.finish()
        #expect(finished.ending == .exit(0))
        #expect(finished.output.isEmpty)
        #expect(finished.said.count == 1)
        let recording = try session.folder.recording("a.jsonl")
        #expect(recording.completion == .finished)
        #expect(
            recording.httpOutline.suffix(4) == [
                "x1 s2c sse data: 1\n\n", "x1 s2c sse data: 2", "x1 - close eof", "- close eof",
            ])
        #expect(recording.header.transport == "http")
        #expect(recording.header.target == .url("http://127.0.0.1:\(session.server.port)/mcp"))
    }

    @Test("S-007: killed in the middle, the file holds what had passed, and reads")
    func killedInTheMiddle() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send(RecordedServer.get())
        let server = try session.server.accept()
        _ = try server.readHead()
        try server.send(RecordedServer.streamHead)
        for number in 0..<20 {
            try server.send(RecordedServer.chunk("data: \(number)\n\n"))
            _ = try client.read(to: "data: \(number)\n\n")
        }
        kill(session.process.id, SIGKILL)
        #expect(try session.process.wait() == .signal(SIGKILL))
        _ = try client.readToEnd()
        _ = try server.readToEnd()
        let recording = try session.folder.recording("a.jsonl")
        #expect(recording.completion == .unfinished)
        let events = recording.httpOutline.filter { $0.hasPrefix("x1 s2c sse") }
        #expect(events.count >= 19)
        #expect(events.enumerated().allSatisfy { $1 == "x1 s2c sse data: \($0)\n\n" })
    }

    @Test("a file that cannot grow ends the recording, said once, and not the session")
    func theFileCannotGrow() throws {
        let session = try RecordedServer(prefix: Command.shell("ulimit -f 8; exec \"$@\"", "sh"))
        let client = try session.connect()
        var server: Socket?
        for number in 0..<100 {
            try client.send(RecordedServer.post("{\"n\":\(number)}"))
            let accepted = try server ?? session.server.accept()
            server = accepted
            _ = try accepted.read(to: "{\"n\":\(number)}")
            try accepted.send(RecordedServer.answer("[\(number)]"))
            #expect(try client.readResponse().body == "[\(number)]")
        }
        kill(session.process.id, SIGTERM)
        let finished = try session.process.finish()
        #expect(finished.ending == .exit(0))
        #expect(finished.said.count == 2)
        #expect(finished.said.last?.hasPrefix("recording stopped, the session goes on: ") == true)
        let recording = try session.folder.recording("a.jsonl")
        #expect(recording.completion == .unfinished)
        #expect(recording.tornByteCount == nil)
        #expect(recording.events.count > 4)
    }

    @Test("a place that cannot be written to is said, and requests pass")
    func thePlaceCannotBeWrittenTo() throws {
        let folder = try TestFolder()
        let deadline = Deadline(seconds: 30)
        let server = try ListeningSocket(deadline: deadline)
        let process = try RunningProcess([
            Program.reprise, "record", "--url", "http://127.0.0.1:\(server.port)/", "--out", "/proc/self/none/a.jsonl",
        ])
        try process.waitForError("forwarding http://127.0.0.1:")
        #expect(process.errorSoFar.hasPrefix("reprise: not recording, the session goes on: cannot create "))
        let port = try #require(process.errorSoFar.firstMatch(of: /127\.0\.0\.1:([0-9]+)/).flatMap { Int($0.1) })
        let client = try Socket.connect(port, deadline: deadline)
        try client.send(RecordedServer.get())
        let accepted = try server.accept()
        _ = try accepted.readHead()
        try accepted.send(RecordedServer.answer("{}"))
        #expect(try client.readResponse().body == "{}")
        kill(process.id, SIGTERM)
        #expect(try process.finish().ending == .exit(0))
        #expect(folder.names.isEmpty)
    }
}
