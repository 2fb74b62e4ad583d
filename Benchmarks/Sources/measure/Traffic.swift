import RepriseRecording

/// Calls as they are typical for MCP, each with its own arguments; `stdio/echo.c` answers with lines like these.
enum Traffic {
    static func request(_ number: Int) -> String {
        #"{"jsonrpc":"2.0","id":\#(number),"method":"tools/call","params":{"name":"weather","#
            + #""arguments":{"place":"Lisbon","day":\#(number),"units":"metric"},"#
            + #""_meta":{"progressToken":\#(number)}}}"#
    }

    static func answer(_ number: Int) -> String {
        #"{"jsonrpc":"2.0","id":\#(number),"result":{"content":[{"type":"text","text":"#
            + #""Cloudy, 17 degrees, light wind from the north-west; tomorrow sunny with a high of 21."}],"#
            + #""isError":false}}"#
    }

    /// Lines of requests.
    static func requests(_ count: Int) -> String {
        (1...count).map { request($0) + "\n" }.joined()
    }

    /// The recording of a session in which each request was answered before the next.
    static func recording(_ count: Int) -> String {
        var encoder = RecordingEncoder()
        let header = Header(
            start: "2026-01-01T00:00:00.000Z", recorder: "measure", transport: "stdio", target: .command(["echo"]),
            redaction: .none)
        var bytes = encoder.encode(header)
        bytes += encoder.encode(Event(time: 0, connection: 1, kind: .open))
        for number in 1...count {
            bytes += encoder.encode(line(request(number), .clientToServer, at: Int64(number) * 50))
            bytes += encoder.encode(line(answer(number), .serverToClient, at: Int64(number) * 50 + 20))
        }
        let end = Int64(count) * 50 + 50
        for pipe in [Pipe.stdin, .stdout, .stderr] {
            bytes += encoder.encode(Event(time: end, connection: 1, direction: pipe.direction, kind: .end(pipe)))
        }
        bytes += encoder.encode(Event(time: end, connection: 1, kind: .close(.exit(code: 0))))
        bytes += encoder.finish(at: end)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func line(_ text: String, _ direction: Direction, at time: Int64) -> Event {
        Event(
            time: time, connection: 1, direction: direction, kind: .line(Frame(line: Array((text + "\n").utf8))))
    }
}
