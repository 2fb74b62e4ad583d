import Foundation
import RepriseRecording
import TestSupport
import Testing

/// A client and a server, both played by the test, on both sides of the recorder.
@Suite(.ownThreads) struct HTTPRecorderTests {
    private static let call = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#
    private static let result = #"{"jsonrpc":"2.0","id":1,"result":{}}"#

    @Test("S-009, S-171: a POST answered by JSON passes, is recorded, and its connection serves the next one")
    func jsonAndKeepAlive() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send(RecordedServer.post(Self.call, "X-A: 1\r\nx-a: 2\r\n"))
        let server = try session.server.accept()
        #expect(
            try server.readHead() == "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:\(session.server.port)\r\n"
                + "Content-Type: application/json\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: \(Self.call.utf8.count)\r\n"
                + "Accept-Encoding: identity\r\n\r\n")
        #expect(try server.read(byteCount: Self.call.utf8.count) == Array(Self.call.utf8))
        let answer =
            "HTTP/1.1 207 Odd\r\nB: 1\r\nb: 2\r\nContent-Length: \(Self.result.utf8.count)\r\n\r\n\(Self.result)"
        try server.send(answer)
        #expect(try client.read(byteCount: answer.utf8.count) == Array(answer.utf8))
        // The same two connections carry the next exchange.
        try client.send("DELETE /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try server.readHead().hasPrefix("DELETE /mcp HTTP/1.1\r\n"))
        try server.send("HTTP/1.1 204 No Content\r\n\r\n")
        #expect(try client.readHead() == "HTTP/1.1 204 No Content\r\n\r\n")
        client.hangUp()
        #expect(try server.readToEnd().isEmpty)
        #expect(server.end == .eof)
        let recording = try session.stop()
        #expect(recording.completion == .finished)
        #expect(
            recording.httpOutline == [
                "- open", "x1 c2s request POST /mcp", "x1 c2s body \(Self.call)", "x1 s2c response 207",
                "x1 s2c body \(Self.result)", "x1 s2c end", "x2 c2s request DELETE /mcp", "x2 s2c response 204",
                "x2 s2c end", "c2s close eof",
            ])
        let notes = recording.notes
        #expect(
            notes == ["Host rewritten to 127.0.0.1:\(session.server.port)", "Accept-Encoding added: identity"])
        let heads = recording.events.compactMap { if case .request(let head) = $0.kind { head } else { nil } }
        // What the client sent, and not what the server got.
        #expect(heads.first?.fields.first == HTTPField("Host", "localhost"))
        #expect(zip(recording.events, recording.events.dropFirst()).allSatisfy { $0.time <= $1.time })
    }

    @Test("S-009: an event of a stream reaches the client before the next is produced")
    func eventsAreNotHeldBack() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send(RecordedServer.get("/mcp", "Accept: text/event-stream\r\nLast-Event-ID: 4\r\n"))
        let server = try session.server.accept()
        #expect(try server.readHead().contains("\r\nLast-Event-ID: 4\r\n"))
        try server.send(RecordedServer.streamHead)
        #expect(try client.readHead() == RecordedServer.streamHead)
        var expected: [String] = []
        for number in 0..<10 {
            let event = number == 3 ? ": keep\n\n" : "id: \(number)\ndata: {\"n\":\(number)}\n\n"
            try server.send(RecordedServer.chunk(event))
            #expect(try client.read(to: RecordedServer.chunk(event)) == RecordedServer.chunk(event))
            expected.append("x1 s2c sse \(event)")
        }
        try server.send("0\r\n\r\n")
        #expect(try client.read(to: "0\r\n\r\n") == "0\r\n\r\n")
        let recording = try session.stop()
        #expect(
            recording.httpOutline == ["- open", "x1 c2s request GET /mcp", "x1 s2c response 200"] + expected + [
                "x1 s2c end", "- close eof",
            ])
    }

    @Test("S-171: what is no JSON-RPC passes as well: HEAD, 202, 304, 1xx, early hints, a continuation that is awaited")
    func otherExchanges() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send("HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let server = try session.server.accept()
        _ = try server.readHead()
        try server.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
        #expect(try client.readHead() == "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
        try client.send(RecordedServer.get("/y", "If-None-Match: a\r\n"))
        _ = try server.readHead()
        try server.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
        #expect(try client.readHead() == "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
        try client.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(try server.readHead().contains("\r\nExpect: 100-continue\r\n"))
        try server.send("HTTP/1.1 100 Continue\r\n\r\n")
        #expect(try client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
        try client.send("{}")
        #expect(try server.read(byteCount: 2) == Array("{}".utf8))
        try server.send(
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        #expect(try client.readHead() == "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        #expect(try client.readHead() == "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        #expect(
            try session.stop().httpOutline == [
                "- open", "x1 c2s request HEAD /x", "x1 s2c response 200", "x1 s2c end", "x2 c2s request GET /y",
                "x2 s2c response 304", "x2 s2c end", "x3 c2s request POST /mcp", "x3 c2s body {}",
                "x3 s2c response 202",
                "x3 s2c end", "- close eof",
            ])
    }

    @Test("requests sent in one go are answered one after the other, and each reaches the server once")
    func pipelinedRequests() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send((1...3).map { RecordedServer.post("{\"n\":\($0)}") }.joined())
        let server = try session.server.accept()
        for number in 1...3 {
            _ = try server.readHead()
            #expect(try server.read(byteCount: 7) == Array("{\"n\":\(number)}".utf8))
            try server.send(RecordedServer.answer("[\(number)]"))
        }
        for number in 1...3 { #expect(try client.readResponse().body == "[\(number)]") }
        #expect(!session.server.hasCaller)
        let bodies = try session.stop().httpOutline.filter { $0.contains(" body ") }
        #expect(
            bodies == (1...3).flatMap { ["x\($0) c2s body {\"n\":\($0)}", "x\($0) s2c body [\($0)]"] })
    }

    @Test("S-173: a client that leaves in the middle of a stream is seen by the server", arguments: [true, false])
    func theClientLeaves(resets: Bool) throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send(RecordedServer.get())
        let server = try session.server.accept()
        _ = try server.readHead()
        try server.send(RecordedServer.streamHead + RecordedServer.chunk("data: 1\n\n"))
        _ = try client.read(to: "data: 1\n\n")
        if resets { client.reset() } else { client.hangUp() }
        #expect(try server.readToEnd().isEmpty)
        #expect(server.end == (resets ? .reset : .eof))
        let how = resets ? "reset" : "eof"
        #expect(
            try session.stop().httpOutline.suffix(3) == [
                "x1 s2c sse data: 1\n\n", "x1 c2s close \(how)", "c2s close \(how)",
            ])
    }

    @Test("S-173: a server that breaks off in the middle of an event breaks the client off", arguments: [true, false])
    func theServerBreaksOff(resets: Bool) throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send(RecordedServer.post(Self.call))
        let server = try session.server.accept()
        _ = try server.readHead()
        try server.send(RecordedServer.streamHead + RecordedServer.chunk("data: 1\n\ndata: {\"a\""))
        let got = try client.read(to: "data: {\"a\"")
        #expect(got.contains("data: 1\n\n"))
        if resets { server.reset() } else { server.hangUp() }
        #expect(try client.readTextToEnd() == "\r\n")
        #expect(client.end == (resets ? .reset : .eof))
        let how = resets ? "reset" : "eof"
        #expect(
            try session.stop().httpOutline.suffix(4) == [
                "x1 s2c sse data: 1\n\n", "x1 s2c sse data: {\"a\"", "x1 s2c close \(how)", "s2c close \(how)",
            ])
    }

    @Test("S-173: a server that closes without an answer closes the client; between exchanges it is dialled anew")
    func theServerCloses() throws {
        let session = try RecordedServer()
        let first = try session.connect()
        try first.send(RecordedServer.post(Self.call))
        _ = try session.server.accept().readHead()
        // The value of the accepted connection is gone, and with it the connection; its unread body makes it a reset.
        _ = try? first.readToEnd()
        #expect(first.end != nil)
        let second = try session.connect()
        try second.send(RecordedServer.get())
        let server = try session.server.accept()
        _ = try server.readHead()
        try server.send(RecordedServer.answer("{}"))
        #expect(try second.readResponse().body == "{}")
        server.hangUp()
        // The client's connection is not lost with it, as a request could be on its way there.
        try second.send(RecordedServer.get())
        let next = try session.server.accept()
        _ = try next.readHead()
        try next.send(RecordedServer.answer("[]"))
        #expect(try second.readResponse().body == "[]")
        let outline = try session.stop().httpOutline
        #expect(outline.contains { $0.hasPrefix("x1 s2c close") })
        #expect(outline.contains("x2 s2c end") && outline.contains("x3 s2c end"))
        #expect(outline.contains("- note the server closed its idle connection"))
    }

    @Test("S-172: a body without a length ends with its connection, and one without a content type passes")
    func bodiesUntilTheEnd() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send(RecordedServer.get())
        let server = try session.server.accept()
        _ = try server.readHead()
        try server.send("HTTP/1.1 200 OK\r\n\r\nsome")
        #expect(try client.read(to: "some") == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome")
        try server.send(" more")
        server.hangUp()
        #expect(try client.readTextToEnd() == " more")
        #expect(
            try session.stop().httpOutline.suffix(3) == ["x1 s2c body some more", "x1 s2c end", "s2c close eof"])
    }

    @Test("S-173: a body longer than promised ends where it was promised to, and one that is shorter is broken off")
    func wrongLengths() throws {
        let session = try RecordedServer()
        let first = try session.connect()
        try first.send(RecordedServer.get())
        var server = try session.server.accept()
        _ = try server.readHead()
        try server.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef")
        #expect(try first.readTextToEnd() == "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
        let second = try session.connect()
        try second.send(RecordedServer.get())
        server = try session.server.accept()
        _ = try server.readHead()
        try server.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        server.hangUp()
        #expect(try second.readTextToEnd() == "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        #expect(
            try session.stop().httpOutline == [
                "- open", "x1 c2s request GET /mcp", "x1 s2c response 200", "x1 s2c body abc", "x1 s2c end",
                "- note the server's bytes are no HTTP: 3 bytes that answer no request", "s2c close eof", "- open",
                "x2 c2s request GET /mcp", "x2 s2c response 200", "x2 s2c body abc", "x2 s2c close eof",
                "s2c close eof",
            ])
    }

    @Test("an answer that is no HTTP, and a head that goes beyond the limits, are said to the client")
    func answersThatAreNone() throws {
        let session = try RecordedServer()
        let many = (0..<10_000).map { "X-\($0): y\r\n" }.joined()
        for (answer, reason) in [
            ("SSH-2.0-x\r\n\r\n", "names no version of HTTP"),
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "a switch of protocols that nobody asked for"),
            ("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "CR or NUL"),
            ("HTTP/1.1 200 OK\r\n\(many)\r\n", "more than 1000 header fields"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "two different content lengths"),
        ] {
            let client = try session.connect()
            try client.send(RecordedServer.post(Self.call))
            let server = try session.server.accept()
            _ = try server.readHead()
            _ = try? server.send(answer)
            let got = try client.readTextToEnd()
            #expect(got.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
            #expect(got.contains("reprise: the answer of http://127.0.0.1:"))
            #expect(got.contains(reason), "\(got)")
        }
        let outline = try session.stop().httpOutline
        #expect(outline.filter { $0.contains("s2c close reset") && $0.hasPrefix("x") }.count == 5)
    }

    @Test("S-172: folded lines of a server are joined, as a proxy must, and noted")
    func foldedLines() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        try client.send(RecordedServer.get())
        let server = try session.server.accept()
        _ = try server.readHead()
        try server.send("HTTP/1.1 200 OK\r\nA: b\r\n\t c\r\nContent-Length: 0\r\n\r\n")
        #expect(try client.readHead() == "HTTP/1.1 200 OK\r\nA: b c\r\nContent-Length: 0\r\n\r\n")
        #expect(try session.stop().httpOutline.contains("x1 - note a folded header line was joined"))
    }

    @Test("S-172: what was held back to be rewritten is sent when the server breaks off")
    func whatWasHeldBackIsSent() throws {
        let session = try RecordedServer()
        for (path, answer, expected) in [
            (
                "/.well-known/oauth-protected-resource", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"resource\"",
                "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"resource\""
            ),
            (
                "/sse", RecordedServer.streamHead + RecordedServer.chunk("event: endpoint\ndata: /m"),
                RecordedServer.streamHead + RecordedServer.chunk("event: endpoint\ndata: /m")
            ),
        ] {
            let client = try session.connect()
            try client.send(RecordedServer.get(path))
            let server = try session.server.accept()
            _ = try server.readHead()
            try server.send(answer)
            server.hangUp()
            #expect(try client.readTextToEnd() == expected)
            #expect(client.end == .eof)
        }
        let ends = try session.stop().httpOutline.filter { $0.contains("s2c close eof") }
        #expect(ends == ["x1 s2c close eof", "s2c close eof", "x2 s2c close eof", "s2c close eof"])
    }
}
