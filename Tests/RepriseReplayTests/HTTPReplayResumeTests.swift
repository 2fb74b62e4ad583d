import MCPWire
import RepriseRecording
import RepriseReplay
import Testing
import MCPCore

/// A client may leave a stream anywhere, any number of times: what it gets in all is the same.
@Suite struct HTTPReplayResumeTests {
    /// One call with many events, over several exchanges where the server or the client broke the stream.
    private static func dialogue(_ random: inout SplitMix64) -> (text: String, data: [String]) {
        var lines = ["1 > POST 1 a", "1 < 200 sse", "1 < id=e0"]
        var data: [String] = []
        var exchange = 1
        let count = 1 + random.below(12)
        for number in 1...count {
            if random.below(4) == 0 {
                lines.append("\(exchange) " + ["< end", "< eof", "< reset", "> gone"][random.below(4)])
                exchange += 1
                let resent = lines.last?.hasSuffix("gone") == true && number > 1 && random.below(2) == 0
                lines += ["\(exchange) > GET after=e\(resent ? number - 2 : number - 1)", "\(exchange) < 200 sse"]
                if resent { lines.append("\(exchange) < id=e\(number - 1) \(message(number - 1, count))") }
            }
            if random.below(5) == 0 { lines.append("\(exchange) < :\(number)") }
            lines.append("\(exchange) < id=e\(number) \(message(number, count))")
            data.append(Dialogue.message(message(number, count)))
        }
        return ((lines + ["\(exchange) < end"]).joined(separator: "\n"), data)
    }

    private static func message(_ number: Int, _ count: Int) -> String {
        number == count ? "1 = {\"n\":\(number)}" : "- notifications/message {\"n\":\(number)}"
    }

    /// Reads what is sent, and leaves at random places.
    private struct Client {
        var replayer: HTTPReplayer
        var exchange = 0
        var time: Int64 = 0
        /// What was sent in this exchange and not looked at yet.
        var unread: ArraySlice<SSEFrame> = []
        var decoder = SSEDecoder()
        var isEnded = false
        var lastID: String?
        var data: [String] = []
        var requestCount = 0

        mutating func open() {
            exchange += 1
            requestCount += 1
            decoder = SSEDecoder()
            unread = []
            isEnded = false
            var head = RequestHead(method: lastID == nil ? "POST" : "GET", target: "/mcp")
            if let lastID { head.fields.append(HTTPField("last-event-id", lastID)) }
            let body = lastID == nil ? bytes(Dialogue.message("1 a")) : []
            perform(replayer.request(exchange, head, body: body, at: time))
        }

        mutating func perform(_ actions: [HTTPReplayer.Action]) {
            for action in actions {
                switch action {
                case .send(exchange, let bytes): unread += decoder.receive(bytes.span)
                case .finish(exchange), .abort(exchange, _): isEnded = true
                default: break
                }
            }
        }

        /// Takes so many of the events that have come.
        mutating func read(_ count: Int) {
            for frame in unread.prefix(count) {
                if let id = frame.id { lastID = id }
                if let event = frame.event, !event.data.isEmpty { data.append(text(event.data)) }
            }
            unread = unread.dropFirst(count)
        }

        mutating func leave() {
            if !isEnded { perform(replayer.clientLeft(exchange, at: time)) }
        }
    }

    @Test(
        "S-009: wherever a client leaves, and however often, it gets every event once and in order",
        arguments: 0..<300 as Range<UInt64>)
    func whereverAClientLeaves(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let (recorded, expected) = Self.dialogue(&random)
        let pace: ReplayPace = seed.isMultiple(of: 2) ? .fast : .recorded(speed: 1)
        var client = Client(replayer: try HTTPReplayer(HTTPDialogue.recording(recorded), pace: pace))
        client.open()
        while client.data.count < expected.count {
            try #require(client.requestCount < 500, "\(recorded)")
            if client.unread.isEmpty, !client.isEnded, let deadline = client.replayer.nextDeadline {
                client.time = max(client.time, deadline)
                client.perform(client.replayer.advance(to: client.time))
            }
            client.read(random.below(4))
            let mayLeave = client.lastID != nil && (client.isEnded && client.unread.isEmpty || random.below(3) == 0)
            if mayLeave {
                client.leave()
                client.open()
            }
        }
        #expect(client.data == expected, "\(recorded)")
        let report = client.replayer.report
        #expect(report.mismatches.isEmpty && report.neverSent.isEmpty, "\(report)\n\(recorded)")
    }

    @Test("S-009: a client that follows the recording gets the recording", arguments: 0..<50 as Range<UInt64>)
    func aClientThatFollowsTheRecording(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let (recorded, expected) = Self.dialogue(&random)
        var client = Client(replayer: try HTTPReplayer(HTTPDialogue.recording(recorded)))
        client.open()
        while client.data.count < expected.count {
            try #require(client.requestCount < 50)
            client.read(.max)
            if client.isEnded, client.data.count < expected.count { client.open() }
        }
        #expect(client.data == expected)
        #expect(client.replayer.report.isSame, "\(client.replayer.report)\n\(recorded)")
        let endings = recorded.split(separator: "\n").count {
            $0.hasSuffix("< end") || $0.hasSuffix("eof") || $0.hasSuffix("reset")
        }
        #expect(client.requestCount == endings)
    }
}
