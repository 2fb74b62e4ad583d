import MCPWire
import RepriseRecording
import RepriseReplay
import Testing
import MCPCore

/// What passes through an HTTP proxy becomes events, and no byte or read is lost.
@Suite struct HTTPRecorderTests {
    /// A recorder with what it has given so far, as short lines.
    private struct Tape {
        var recorder: HTTPRecorder
        var events: [Event] = []
        var time: Int64 = 0

        init(limit: Int = 1000) { recorder = HTTPRecorder(bodyByteCountMax: limit) }

        /// A connection with one request, without its events.
        static func exchange(limit: Int = 1000, type: String? = "application/json", body: String = "") -> Tape {
            var tape = Tape(limit: limit)
            tape.take { $0.open(1, at: $1) }
            tape.take { $0.request(RequestHead(method: "POST", target: "/mcp"), exchange: 1, on: 1, at: $1) }
            if !body.isEmpty { tape.take { $0.requestBody(bytes(body).span, of: 1, at: $1) } }
            tape.take { $0.requestEnd(1, at: $1) }
            if let type {
                let head = ResponseHead(status: 200, fields: [HTTPField("Content-Type", type)])
                tape.take { $0.response(head, of: 1, at: $1) }
            }
            tape.events = []
            return tape
        }

        /// One read, 10 microseconds after the one before.
        mutating func take(_ inputs: ((inout HTTPRecorder, Int64) -> RecorderOutcome)...) {
            time += 10
            for input in inputs {
                switch input(&recorder, time) {
                case .events(let new): events += new
                case .bug(let state): Issue.record("\(state)")
                }
            }
        }

        mutating func chunk(_ text: String, _ more: ((inout HTTPRecorder, Int64) -> RecorderOutcome)...) {
            take { $0.responseBody(bytes(text).span, of: 1, at: $1) }
            for input in more {
                time -= 10
                take(input)
            }
        }

        var outline: [String] { events.map(Self.outline) }

        private static func outline(_ event: Event) -> String {
            var words = [event.direction?.rawValue ?? "-", event.kind.name]
            if let exchange = event.exchange { words.insert("x\(exchange)", at: 0) }
            switch event.kind {
            case .body(let frame), .sse(let frame):
                if case .bytes(let payload) = frame.payload {
                    words.append(
                        [frame.pre, payload, frame.post].map { String(decoding: $0, as: UTF8.self) }
                            .joined(separator: "^").replacing("\r\n", with: "RN").replacing("\r", with: "R").replacing(
                                "\n", with: "N"))
                }
                if let cuts = frame.cuts { words.append("\(cuts.map { [$0.offset, Int($0.age)] })") }
                if frame.isContinued { words.append("more") }
            case .disconnect(let how): words.append(how.rawValue)
            case .note(let text): words.append(text)
            default: break
            }
            return words.joined(separator: " ")
        }
    }

    @Test("S-173: an exchange is its heads, bodies and end, on its connection")
    func anExchange() {
        var tape = Tape()
        let request = RequestHead(method: "POST", target: "/mcp", fields: [HTTPField("host", "a")])
        let response = ResponseHead(status: 200, reason: "Fine", fields: [HTTPField("X", "1"), HTTPField("x", "2")])
        tape.take { $0.open(7, at: $1) }
        tape.take(
            { $0.request(request, exchange: 3, on: 7, at: $1) }, { $0.requestBody(bytes("{}").span, of: 3, at: $1) })
        tape.take { $0.requestEnd(3, at: $1) }
        tape.take(
            { $0.response(response, of: 3, at: $1) }, { $0.responseBody(bytes("[]").span, of: 3, at: $1) },
            { $0.responseEnd(3, at: $1) })
        tape.take { $0.note("so", connection: 7, at: $1) }
        tape.take { $0.close(7, by: .clientToServer, .eof, at: $1) }
        func event(_ time: Int64, _ direction: Direction?, _ kind: Event.Kind, exchange: Int? = 3) -> Event {
            Event(time: time, connection: 7, exchange: exchange, direction: direction, kind: kind)
        }
        #expect(
            tape.events == [
                event(10, nil, .open, exchange: nil), event(20, .clientToServer, .request(request)),
                event(
                    30, .clientToServer,
                    .body(Frame(payload: .bytes(bytes("{}")), post: [], cuts: [.init(offset: 2, age: 10)]))),
                event(40, .serverToClient, .response(response)),
                event(40, .serverToClient, .body(Frame(payload: .bytes(bytes("[]")), post: []))),
                event(40, .serverToClient, .end(nil)), event(50, nil, .note("so"), exchange: nil),
                event(60, .clientToServer, .disconnect(.eof), exchange: nil),
            ])
    }

    @Test func anEmptyBodyIsNoEvent() {
        var tape = Tape.exchange()
        tape.chunk("")
        tape.take { $0.responseEnd(1, at: $1) }
        #expect(tape.outline == ["x1 s2c end"])
    }

    @Test func aBodyOfSeveralReadsKeepsWhereTheyEnded() {
        var tape = Tape.exchange()
        tape.chunk("ab")
        tape.chunk("cd", { $0.responseBody(bytes("e").span, of: 1, at: $1) })
        tape.chunk("f", { $0.responseEnd(1, at: $1) })
        #expect(tape.outline == ["x1 s2c body ^abcdef^ [[2, 20], [5, 10], [6, 0]]", "x1 s2c end"])
    }

    @Test func aBodyBeyondTheLimitIsKeptInPieces() {
        var tape = Tape.exchange(limit: 4)
        tape.chunk("abcd")
        #expect(tape.outline == [])
        tape.chunk("efghijk")
        tape.take { $0.responseEnd(1, at: $1) }
        #expect(
            tape.outline == [
                "x1 s2c body ^abcd^ [[4, 10]] more", "x1 s2c body ^efgh^ [] more", "x1 s2c body ^ijk^ [[3, 10]]",
                "x1 s2c end",
            ])
    }

    @Test("S-009: each event of a stream is given out when its blank line is read")
    func eventsOfAStream() {
        var tape = Tape.exchange(type: "Text/Event-Stream; charset=utf-8")
        tape.chunk("id: 7\r\ndata: {}\r\n\r\n")
        tape.chunk(": ping\n\n:a\n\ndata:1\n")
        tape.chunk("\nevent: x\ndata: ", { $0.responseBody(bytes("2\n\n").span, of: 1, at: $1) })
        tape.chunk("data: 3\ndata: 4\n\n")
        tape.chunk("data: torn", { $0.responseEnd(1, at: $1) })
        #expect(
            tape.outline == [
                "x1 s2c sse id: 7RNdata: ^{}^RNRN", "x1 s2c sse ^: pingNN^ []", "x1 s2c sse ^:aNN^ []",
                "x1 s2c sse data:^1^NN [[7, 10]]", "x1 s2c sse event: xNdata: ^2^NN [[15, 0], [18, 0]]",
                "x1 s2c sse ^data: 3Ndata: 4NN^", "x1 s2c sse ^data: torn^ [[10, 0]]", "x1 s2c end",
            ])
    }

    @Test(
        "what stands around the one data line is kept as text, and where that cannot be, all is payload",
        arguments: [
            ("data: a\n\n", "data: ^a^NN"), ("data:\n\n", "data:^^NN"), ("data\n\n", "^dataNN^"),
            ("data:  a\r\rx", "data: ^ a^RR"), ("\u{FEFF}data: a\n\n", "\u{FEFF}data: ^a^NN"),
            ("dataset: 1\ndata: a\nid: 2\n\n", "dataset: 1Ndata: ^a^Nid: 2NN"),
            ("data: a\ndata\n\n", "^data: aNdataNN^"),
            ("\n", "^N^"), ("id: 1\n\n", "^id: 1NN^"), (":data: a\n\n", "^:data: aNN^"),
        ])
    func dataLines(block: String, expected: String) {
        var tape = Tape.exchange(type: "text/event-stream")
        tape.chunk(block)
        #expect(tape.outline.first?.hasPrefix("x1 s2c sse \(expected)") == true, "\(tape.outline)")
    }

    @Test func bytesThatAreNoTextNextToTheDataStayInThePayload() {
        var tape = Tape.exchange(type: "text/event-stream")
        let block = bytes("id: ") + [0xFF] + bytes("\ndata: a\n\n")
        tape.take { $0.responseBody(block.span, of: 1, at: $1) }
        #expect(tape.events.map(\.frame?.payload) == [.bytes(block)])
    }

    @Test func aMarkInTheMiddleOfAStreamIsPartOfAName() {
        var tape = Tape.exchange(type: "text/event-stream")
        tape.chunk(": a\n\n")
        tape.chunk("\u{FEFF}data: a\n\n")
        #expect(tape.outline.last == "x1 s2c sse ^\u{FEFF}data: aNN^")
    }

    @Test func aCompressedStreamIsABodyAndNoted() {
        var tape = Tape.exchange(type: nil)
        let fields = [HTTPField("Content-Type", "text/event-stream"), HTTPField("Content-Encoding", "gzip")]
        tape.take { $0.response(ResponseHead(status: 200, fields: fields), of: 1, at: $1) }
        tape.chunk("zzz\n\n")
        tape.chunk("y", { $0.responseEnd(1, at: $1) })
        #expect(
            tape.outline == [
                "x1 s2c response", "x1 - note the server sent gzip although asked for no content encoding",
                "x1 s2c body ^zzzNNy^ [[5, 10], [6, 0]]", "x1 s2c end",
            ])
    }

    @Test(
        "S-173: an exchange that is broken off keeps what came of it",
        arguments: [Disconnect.eof, .reset], [Direction.serverToClient, .clientToServer, nil])
    func whatIsBrokenOff(how: Disconnect, side: Direction?) {
        let word = "\(side?.rawValue ?? "-") close \(how.rawValue)"
        var body = Tape.exchange()
        body.chunk("{\"a\":")
        body.take { $0.broken(1, by: side, how, at: $1) }
        #expect(body.outline == ["x1 s2c body ^{\"a\":^ [[5, 10]]", "x1 \(word)"])
        var stream = Tape.exchange(type: "text/event-stream")
        stream.chunk("data: 1\n\ndata: {\"a\":")
        stream.take({ $0.broken(1, by: side, how, at: $1) }, { $0.close(1, by: side, how, at: $1) })
        #expect(
            stream.outline == [
                "x1 s2c sse data: ^1^NN []", "x1 s2c sse ^data: {\"a\":^ [[11, 10]]", "x1 \(word)", word,
            ])
    }

    @Test func aServerThatCannotBeReachedLeavesTheRequest() {
        var tape = Tape()
        tape.take { $0.open(1, at: $1) }
        tape.take(
            { $0.request(RequestHead(method: "POST", target: "/"), exchange: 1, on: 1, at: $1) },
            { $0.requestBody(bytes("{").span, of: 1, at: $1) })
        tape.take({ $0.broken(1, by: .serverToClient, .refused, at: $1) }, { $0.close(1, by: nil, .eof, at: $1) })
        #expect(
            tape.outline == [
                "- open", "x1 c2s request", "x1 c2s body ^{^ [[1, 10]]", "x1 s2c close refused", "- close eof",
            ])
    }

    @Test func anAnswerBeforeTheEndOfItsRequestKeepsBoth() {
        var tape = Tape()
        tape.take(
            { $0.open(1, at: $1) }, { $0.request(RequestHead(method: "P", target: "/"), exchange: 1, on: 1, at: $1) })
        tape.take { $0.requestBody(bytes("half").span, of: 1, at: $1) }
        tape.take({ $0.response(ResponseHead(status: 413), of: 1, at: $1) }, { $0.responseEnd(1, at: $1) })
        var other = tape
        tape.take({ $0.requestBody(bytes("full").span, of: 1, at: $1) }, { $0.requestEnd(1, at: $1) })
        #expect(
            tape.outline.dropFirst(2) == ["x1 s2c response", "x1 s2c end", "x1 c2s body ^halffull^ [[4, 20], [8, 0]]"])
        // The client need not send the rest.
        other.take(
            { $0.broken(1, by: .serverToClient, .eof, at: $1) }, { $0.close(1, by: .serverToClient, .eof, at: $1) })
        #expect(
            other.outline.dropFirst(2) == [
                "x1 s2c response", "x1 s2c end", "x1 c2s body ^half^ [[4, 20]]", "s2c close eof",
            ])
    }

    @Test func whatCannotBeIsABugAndNoTrap() {
        var recorder = HTTPRecorder()
        let head = RequestHead(method: "GET", target: "/")
        let nothing: [UInt8] = []
        #expect(recorder.request(head, exchange: 1, on: 1, at: 0) == .bug("request 1 on connection 1"))
        #expect(recorder.requestBody(nothing.span, of: 1, at: 0) == .bug("a body for request 1"))
        #expect(recorder.responseBody(nothing.span, of: 1, at: 0) == .bug("a body for response 1"))
        #expect(recorder.requestEnd(1, at: 0) == .bug("end of request 1"))
        #expect(recorder.responseEnd(1, at: 0) == .bug("end of response 1"))
        #expect(recorder.broken(1, by: nil, .eof, at: 0) == .bug("exchange 1 is not open"))
        #expect(recorder.close(1, by: nil, .eof, at: 0) == .bug("connection 1 is not open"))
        _ = recorder.open(1, at: 0)
        _ = recorder.request(head, exchange: 1, on: 1, at: 0)
        #expect(recorder.open(1, at: 0) == .bug("connection 1 opened twice"))
        #expect(recorder.request(head, exchange: 1, on: 1, at: 0) == .bug("request 1 on connection 1"))
        #expect(recorder.responseEnd(1, at: 0) == .bug("end of response 1"))
        #expect(recorder.close(1, by: nil, .eof, at: 0) == .bug("connection 1 closed before its exchanges"))
    }

    @Test(
        "S-172, S-173: bodies and streams of many exchanges come back from the file, and so do the reads",
        arguments: 0..<20 as Range<UInt64>)
    func randomChunksComeBack(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var tape = Tape(limit: [3, 20, 1000][random.below(3)])
        tape.take { $0.open(1, at: $1) }
        var sent: [Int: [UInt8]] = [:]
        var readEnds: [Int: [Int]] = [:]
        for exchange in 1...6 {
            let type = exchange.isMultiple(of: 2) ? "text/event-stream" : "application/json"
            let head = ResponseHead(status: 200, fields: [HTTPField("content-type", type)])
            tape.take(
                { $0.request(RequestHead(method: "POST", target: "/"), exchange: exchange, on: 1, at: $1) },
                { $0.requestEnd(exchange, at: $1) }, { $0.response(head, of: exchange, at: $1) })
        }
        let pieces = ["data: {}", "\n", "\n\n", "\r\n", "\r", "id: 1", ": c", "data", "\u{FEFF}", "é", "{\"a\":1}"]
        for _ in 0..<150 {
            let exchange = 1 + random.below(6)
            let chunk = (0..<1 + random.below(5)).flatMap { _ in bytes(pieces[random.below(pieces.count)]) }
            sent[exchange, default: []] += chunk
            readEnds[exchange, default: []].append(sent[exchange]?.count ?? 0)
            tape.take { $0.responseBody(chunk.span, of: exchange, at: $1) }
        }
        for exchange in 1...6 { tape.take { $0.responseEnd(exchange, at: $1) } }
        let header = Header(
            start: "", recorder: "", transport: "http", target: .url("http://a/"), redaction: .none)
        let read = try RecordingReader.read(Recording(header: header, events: tape.events).encoded).events
        for exchange in 1...6 {
            let frames = read.filter { $0.exchange == exchange && $0.direction == .serverToClient }.compactMap(\.frame)
            #expect(frames.flatMap { $0.wireBytes ?? [] } == sent[exchange] ?? [])
            var position = 0
            var ends: [Int] = []
            for frame in frames {
                ends += (frame.cuts?.map(\.offset) ?? [frame.wireByteCount]).map { position + $0 }
                position += frame.wireByteCount
            }
            #expect(ends == readEnds[exchange] ?? [])
        }
    }
}
