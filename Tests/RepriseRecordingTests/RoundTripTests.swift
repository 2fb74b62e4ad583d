import RepriseRecording
import Testing
import MCPCore

/// What was recorded comes back: events, bytes on the wire, reads (S-173).
@Suite struct RoundTripTests {
    @Test("S-173: random frames come back with every byte and cut", arguments: 0..<40 as Range<UInt64>)
    func randomFramesComeBack(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let events = (0..<50).map { index in
            var event = lineEvent(Self.frame(&random), at: Int64(index) * 1000)
            event.direction = Direction.allCases[random.below(2)]
            if let frame = event.frame, random.below(5) == 0 {
                event.kind = .stderr(frame)
                event.direction = .serverToClient
            }
            if random.below(4) == 0 { event.session = random.below(9) }
            if random.below(4) == 0 { event.exchange = random.below(9) }
            return event
        }
        let recording = Recording(header: sampleHeader, events: events)
        let read = try RecordingReader.read(recording.encoded)
        #expect(read.completion == .finished)
        #expect(read.events.count == events.count + 1)
        for (before, after) in zip(events, read.events) {
            #expect(after.frame?.wireBytes == before.frame?.wireBytes)
            // White space may have moved from the payload to its sides; nothing else may differ.
            var expected = before
            expected.frame?.pre = after.frame?.pre ?? []
            expected.frame?.payload = after.frame?.payload ?? .bytes([])
            expected.frame?.post = after.frame?.post ?? []
            #expect(after == expected)
        }
        #expect(read.encoded == recording.encoded)
    }

    private static func frame(_ random: inout SplitMix64) -> Frame {
        var line = content(&random)
        line.removeAll { $0 == 0x0A }
        switch random.below(6) {
        case 0: line = bytes(" \t") + line
        case 1: line += bytes(" \r")
        case 2: line = bytes("\u{FEFF}") + line
        default: break
        }
        if random.below(8) > 0 { line.append(0x0A) }
        var cuts: [Frame.Cut]?
        if random.below(2) == 0 {
            let offsets = Set((0..<random.below(4)).map { _ in 1 + random.below(max(1, line.count)) }).sorted()
            cuts = offsets.map { Frame.Cut(offset: $0, age: Int64(random.below(10_000))) }
        }
        return Frame(line: line, cuts: cuts, isContinued: random.below(10) == 0)
    }

    private static func content(_ random: inout SplitMix64) -> [UInt8] {
        switch random.below(8) {
        case 0: return (0..<random.below(40)).map { _ in UInt8(random.below(256)) }
        case 1: return (0..<random.below(40)).map { _ in UInt8(random.below(0x80)) }
        case 2:
            let depth = 126 + random.below(5)
            return bytes(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        case 3: return []
        default:
            var output: [UInt8] = []
            appendValue(&random, depth: 0, to: &output)
            return output
        }
    }

    private static let scalars = [
        "0", "-0", "1.0", "10e-1", "1e400", "true", "false", "null", "\"\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"",
        "\"\\u0000\\n\\\"\"", "\"é\u{2028}😀\"", "\"reprise-secret-1\"",
    ]

    private static func appendValue(_ random: inout SplitMix64, depth: Int, to output: inout [UInt8]) {
        let space = bytes(["", "", " ", "\t", "\r"][random.below(5)])
        let kind = depth > 4 ? 2 : random.below(3)
        guard kind < 2 else {
            output += bytes(scalars[random.below(scalars.count)])
            return
        }
        output.append(UInt8(ascii: kind == 0 ? "{" : "["))
        for index in 0..<random.below(4) {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            output += space
            // Few names, so that objects have duplicate keys.
            if kind == 0 { output += bytes(["\"a\":", "\"b\" :", "\"\\u0061\":"][random.below(3)]) }
            appendValue(&random, depth: depth + 1, to: &output)
        }
        output += space
        output.append(UInt8(ascii: kind == 0 ? "}" : "]"))
    }

    @Test func everyKindOfEventComesBack() throws {
        let frame = Frame(line: bytes("starting\n"))
        let events = [
            Event(time: 0, connection: 1, kind: .open),
            Event(time: 5, session: 1, connection: 2, exchange: 3, direction: .clientToServer, kind: .line(frame)),
            Event(time: 5, connection: 1, direction: .serverToClient, kind: .stderr(frame)),
            Event(time: 6, connection: 1, direction: .clientToServer, kind: .end(.stdin)),
            Event(time: 6, connection: 1, direction: .serverToClient, kind: .end(.stdout)),
            Event(time: 6, connection: 1, direction: .serverToClient, kind: .end(.stderr)),
            Event(time: 7, connection: 1, kind: .close(.exit(code: 255))),
            Event(time: 8, connection: 1, kind: .close(.signal(9))),
            Event(time: 8, connection: 4, direction: .clientToServer, kind: .disconnect(.reset)),
            Event(time: 9, kind: .note("quote \" back\\slash\nline é\u{0}")),
            Event(time: .max, kind: .unknown("ws")),
        ]
        let recording = Recording(header: sampleHeader, events: events)
        let read = try RecordingReader.read(recording.encoded)
        #expect(Array(read.events.dropLast()) == events)
        guard case .finish(let eventCount, _)? = read.events.last?.kind else {
            Issue.record("no finish line: \(read.events)")
            return
        }
        #expect(eventCount == events.count)
    }

    @Test("S-173: requests, responses, bodies and server-sent events come back as they were")
    func everyKindOfHTTPEventComesBack() throws {
        let request = RequestHead(
            method: "POST", target: "/mcp?key=reprise-secret-1", targetPlaceholders: [9..<25],
            fields: [
                HTTPField("Host", "127.0.0.1:1"), HTTPField("X-A", "1"), HTTPField("x-a", "2"), HTTPField("Empty", ""),
                HTTPField("Authorization", "Bearer reprise-secret-2", placeholders: [7..<23]),
            ])
        let response = ResponseHead(status: 404, reason: "Nöt \"Found\"", fields: [HTTPField("A", "é\tb")])
        let event = Frame(pre: bytes("id: 7\r\ndata: "), payload: .bytes(bytes("{\"a\":1}")), post: bytes("\r\n\r\n"))
        let comment = Frame(payload: .bytes(bytes(": still here\n\n")), post: [])
        let body = Frame(payload: .bytes(bytes("{\n}")), post: [], cuts: [Frame.Cut(offset: 1, age: 5)])
        let broken = Frame(payload: .bytes([0xFF, 0x00]), post: [], isContinued: true)
        func at(_ time: Int64, _ direction: Direction, _ kind: Event.Kind) -> Event {
            Event(time: time, connection: 1, exchange: 3, direction: direction, kind: kind)
        }
        let events =
            [
                at(1, .clientToServer, .request(request)), at(2, .clientToServer, .body(body)),
                at(3, .serverToClient, .response(response)), at(4, .serverToClient, .sse(event)),
                at(5, .serverToClient, .sse(comment)), at(6, .serverToClient, .body(broken)),
                at(7, .serverToClient, .end(nil)),
            ] + Disconnect.allCases.map { at(8, .serverToClient, .disconnect($0)) }
        let read = try RecordingReader.read(Recording(header: sampleHeader, events: events).encoded)
        #expect(Array(read.events.dropLast()) == events)
    }

    @Test func headsStandInTheOrderOfTheFormat() {
        let head = RequestHead(
            method: "GET", target: "/a", fields: [HTTPField("Cookie", "a=reprise-secret-1", placeholders: [2..<18])])
        let request = Event(time: 1, connection: 2, exchange: 3, direction: .clientToServer, kind: .request(head))
        let response = Event(
            time: 2, connection: 2, exchange: 3, direction: .serverToClient,
            kind: .response(ResponseHead(status: 200, reason: "OK")))
        let written = lines(of: [request, response]).dropFirst().map(text)
        #expect(
            written == [
                #"{"t":1,"c":2,"x":3,"d":"c2s","e":"request","method":"GET","target":"/a","#
                    + #""headers":[["Cookie","a=reprise-secret-1",[[2,16]]]]}"# + "\n",
                #"{"t":2,"c":2,"x":3,"d":"s2c","e":"response","status":200,"reason":"OK","headers":[]}"# + "\n",
            ])
    }

    @Test func keysStandInTheOrderOfTheFormat() {
        let event = Event(
            time: 12, session: 1, connection: 2, exchange: 3, direction: .serverToClient,
            kind: .line(Frame(line: bytes("{}\n"))))
        let line = text(lines(of: [event])[1])
        #expect(line == #"{"t":12,"s":1,"c":2,"x":3,"d":"s2c","e":"line","json":{}}"# + "\n")
    }
}
