import HTTPTypes
import MCPCore
import MCPWire
import Testing

/// SR-16: a stream gives the same, wherever it is cut.
@Suite struct StreamCutTests {
    private typealias Rehearsal = HTTPRehearsal

    /// A stream of a call with the id 6, and where each of its events ends.
    struct Fixture: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        /// Ids and ends of the events in it that have an id, in order.
        var ends: [(id: String, end: Int)]
        var messageCount: Int

        init(_ name: String, _ text: String, lineEnd: String = "\n", hasMark: Bool = false, messageCount: Int) {
            testDescription = name
            self.messageCount = messageCount
            bytes = hasMark ? [0xEF, 0xBB, 0xBF] : []
            ends = []
            for block in Self.blocks(of: text) {
                bytes += block.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: lineEnd).utf8
                let line = block.split(separator: "\n").first { $0.hasPrefix("id:") }
                if let line { ends.append((String(line.dropFirst(3).drop { $0 == " " }), bytes.count)) }
            }
        }

        /// The text taken apart behind each blank line.
        private static func blocks(of text: String) -> [String] {
            var blocks = [""]
            for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                blocks[blocks.count - 1] += line + "\n"
                if line.isEmpty { blocks.append("") }
            }
            return blocks.dropLast()
        }
    }

    /// As recordings/everything-2.3.0/resume.http.jsonl has it, over the two exchanges of request 6.
    private static let recorded = """
        id: 6-1
        data:\u{20}
        retry: 50

        id: 6-2
        event: message
        data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":6,"progress":1.0,"total":3.0,\
        "message":"before the stream is closed"}}

        id: 6-3
        event: message
        data: {"jsonrpc":"2.0","id":1,"method":"ping"}

        id: 6-4
        event: message
        data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":6,"progress":2.0,"total":3.0,\
        "message":"while the client is away"}}

        id: 6-6
        event: message
        data: {"jsonrpc":"2.0","id":6,"result":{"content":[{"text":"answered while the client was away","type":"text"}]\
        ,"isError":false}}

        id: 6-7
        data:\u{20}
        retry: 50


        """

    /// Whatever the format allows.
    private static let made = """
        : a comment, and an event of another type

        id: grüße-0
        data:

        event: other
        data: none of ours

        id:é1
        data:{"jsonrpc":"2.0",
        data: "method":"notifications/message",
        data:"params":{"data":"Zoë, 東京, 🜂"}}

        :
        retry: 1000
        id: 2
        unknown: field
        data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":2}}

        id: 3
        data
        data: {"jsonrpc":"2.0","id":6,"result":{"text":"ünï"}}


        """

    static let fixtures: [Fixture] = [
        Fixture("recorded", recorded, lineEnd: "\r\n", messageCount: 4),
        Fixture("LF", made, messageCount: 3),
        Fixture("CRLF with a mark", made, lineEnd: "\r\n", hasMark: true, messageCount: 3),
        Fixture("CR", made, lineEnd: "\r", messageCount: 3),
        Fixture("CR with a mark", made, lineEnd: "\r", hasMark: true, messageCount: 3),
    ]

    private static func calling(retries: Int = 5) -> (Rehearsal, Int) {
        var policy = ConnectionPolicy()
        policy.retries = retries
        var rehearsal = Rehearsal.standing(policy: policy)
        rehearsal.head(rehearsal.last.exchange, 405)
        rehearsal.end(rehearsal.last.exchange)
        let call = rehearsal.request(6)
        rehearsal.events(call)
        return (rehearsal, call)
    }

    /// The events of a stream that comes in these chunks and then ends.
    private static func events(_ chunks: [ArraySlice<UInt8>]) -> [StreamEvent] {
        var (rehearsal, call) = calling()
        for chunk in chunks where !chunk.isEmpty { rehearsal.feed(.body(exchange: call, Array(chunk))) }
        rehearsal.end(call)
        return rehearsal.events
    }

    @Test("SR-16: two chunks, cut at any byte, give the events of one", arguments: fixtures)
    func cutsChangeNothing(_ fixture: Fixture) {
        let whole = Self.events([fixture.bytes[...]])
        #expect(whole.count == fixture.messageCount)
        for cut in 0...fixture.bytes.count {
            let events = Self.events([fixture.bytes[..<cut], fixture.bytes[cut...]])
            #expect(events == whole, "cut at byte \(cut)")
        }
        #expect(Self.events(fixture.bytes.indices.map { fixture.bytes[$0...$0] }) == whole)
    }

    @Test("SR-16: chunks of any lengths give the events of one", arguments: fixtures)
    func randomChunksChangeNothing(_ fixture: Fixture) {
        let whole = Self.events([fixture.bytes[...]])
        var generator = SplitMix64(seed: 16)
        for _ in 0..<100 {
            var chunks: [ArraySlice<UInt8>] = []
            var start = 0
            let longest = 1 + generator.below(64)
            while start < fixture.bytes.count {
                let end = min(fixture.bytes.count, start + 1 + generator.below(longest))
                chunks.append(fixture.bytes[start..<end])
                start = end
            }
            #expect(Self.events(chunks) == whole)
        }
    }

    @Test("SR-16: a stream that breaks off at any byte and is resumed gives each message once", arguments: fixtures)
    func breaksLoseNothing(_ fixture: Fixture) {
        let whole = Self.events([fixture.bytes[...]])
        let first = fixture.ends[0].end
        for cut in first...fixture.bytes.count {
            var (rehearsal, call) = Self.calling()
            rehearsal.feed(.body(exchange: call, Array(fixture.bytes[..<cut])))
            rehearsal.end(call, .reset)
            let isOver = rehearsal.events.contains(whole[whole.count - 1])
            rehearsal.pass(.seconds(2))
            #expect((rehearsal.last.exchange == call) == isOver, "cut at byte \(cut)")
            if !isOver {
                let cursor = rehearsal.last["Last-Event-ID"]
                guard let seen = fixture.ends.first(where: { $0.id == cursor }) else {
                    Issue.record("broken off at byte \(cut), resumed after \(cursor ?? "nothing")")
                    continue
                }
                rehearsal.events(rehearsal.last.exchange)
                rehearsal.feed(.body(exchange: rehearsal.last.exchange, Array(fixture.bytes[seen.end...])))
                rehearsal.end(rehearsal.last.exchange)
            }
            #expect(rehearsal.events == whole, "broken off at byte \(cut)")
        }
    }

    @Test("SR-16: a stream that breaks off again and again gives each message once", arguments: fixtures)
    func manyBreaksLoseNothing(_ fixture: Fixture) {
        let whole = Self.events([fixture.bytes[...]])
        var generator = SplitMix64(seed: 61)
        for _ in 0..<50 {
            // Several resumptions in a row may bring no whole event.
            var (rehearsal, call) = Self.calling(retries: 100)
            var start = 0
            var exchange = call
            // The first event has to come for a stream to be resumed at all.
            var end = fixture.ends[0].end + generator.below(20)
            while true {
                rehearsal.feed(.body(exchange: exchange, Array(fixture.bytes[start..<max(start, end)])))
                if end >= fixture.bytes.count { break }
                rehearsal.end(exchange, .reset)
                guard let due = rehearsal.machine.nextDeadline else { break }
                rehearsal.pass(rehearsal.now.duration(to: due))
                exchange = rehearsal.last.exchange
                let cursor = rehearsal.last["Last-Event-ID"]
                start = fixture.ends.first { $0.id == cursor }?.end ?? 0
                rehearsal.events(exchange)
                end = min(fixture.bytes.count, start + 60 + generator.below(200))
            }
            #expect(rehearsal.events == whole)
        }
    }
}
