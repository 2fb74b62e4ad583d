import MCPWire
import RepriseRecording
import RepriseReplay
import Testing
import MCPCore

/// Whatever clients do, responses are well-formed, time goes on, and the same inputs give the same actions.
@Suite struct HTTPReplayInvariantTests {
    private static let names = ["A", "B", "C"]

    /// Sessions with calls, notifications, questions of the server, streams that break, and pages, in random order.
    private static func recorded(_ random: inout SplitMix64) -> String {
        var lines: [String] = []
        var exchange = 0
        func open(_ request: String) -> Int {
            exchange += 1
            lines.append("\(exchange) > \(request)")
            return exchange
        }
        var unfinished: [(exchange: Int, id: Int)] = []
        for (index, name) in names.enumerated() {
            let first = open("POST \(index) initialize {}")
            lines += ["\(first) < 200 json @\(name)", "\(first) < \(index) =", "\(first) < end"]
        }
        for step in 0..<(10 + random.below(25)) {
            let session = "@" + names[random.below(names.count)]
            switch random.below(10) {
            case 0:
                let get = open("GET \(session)\(random.below(2) == 0 ? " after=e\(random.below(step + 1))" : "")")
                lines += ["\(get) < 200 sse", "\(get) < id=g\(step) - n {\"k\":\(step)}"]
                if random.below(2) == 0 { lines.append("\(get) " + ["< end", "< reset", "> gone"][random.below(3)]) }
            case 1:
                let page = open(random.below(2) == 0 ? "GET /page" : "POST /token form:a=\(random.below(2))")
                lines += ["\(page) < 200 text", "\(page) < text", "\(page) < end"]
            case 2:
                let note = open("POST \(session) - m")
                lines += ["\(note) < 202", "\(note) < end"]
            case 3:
                let failed = open("POST \(session) \(step) t {\"k\":0}")
                lines += ["\(failed) < " + ["refused", "eof", "reset"][random.below(3)]]
            case 4 where step > 8:
                let deleted = open("DELETE \(session)")
                lines += ["\(deleted) < 200", "\(deleted) < end"]
            default:
                let call = open("POST \(session) \(step) t {\"k\":\(random.below(3))}")
                lines += ["\(call) < 200 sse", "\(call) < id=e\(step)"]
                unfinished.append((call, step))
            }
            while !unfinished.isEmpty, random.below(2) == 0 {
                let (call, id) = unfinished.remove(at: random.below(unfinished.count))
                lines.append("\(call) < id=e\(id)x \(id) = {\"k\":\(id)}")
                lines.append("\(call) " + ["< end", "< end", "< eof", "> gone"][random.below(4)])
            }
        }
        return lines.joined(separator: "\n")
    }

    /// What a live exchange has seen.
    private enum State { case asked, answered, over }

    /// A client that says what it likes.
    private struct Player {
        var replayer: HTTPReplayer
        var states: [Int: State] = [:]
        var sessionIDs: [String] = ["unknown"]
        var actions: [HTTPReplayer.Action] = []
        var exchange = 0
        var time: Int64 = 0

        mutating func perform(_ new: [HTTPReplayer.Action]) throws {
            actions += new
            for action in new {
                switch action {
                case .respond(let exchange, let head):
                    try #require(states[exchange] == .asked)
                    states[exchange] = .answered
                    if let id = head.fields.first("mcp-session-id") { sessionIDs.append(id) }
                    try #require((100...999).contains(head.status))
                case .send(let exchange, let bytes):
                    try #require(states[exchange] == .answered && !bytes.isEmpty)
                case .finish(let exchange):
                    try #require(states[exchange] == .answered)
                    states[exchange] = .over
                case .abort(let exchange, _):
                    try #require(states[exchange] == .asked || states[exchange] == .answered)
                    states[exchange] = .over
                case .report: break
                }
            }
        }

        mutating func ask(_ line: String, session: String?) throws {
            exchange += 1
            states[exchange] = .asked
            let parsed = try #require(HTTPDialogue.parse("\(exchange) > \(line)"))
            try perform(
                replayer.request(
                    exchange, HTTPDialogue.head(parsed, sessionID: session), body: HTTPDialogue.body(parsed), at: time))
        }

        /// Lets the time come that is awaited, if any; it must lead somewhere.
        mutating func wait() throws {
            guard let deadline = replayer.nextDeadline else { return }
            let before = actions.count
            time = max(time, deadline)
            try perform(replayer.advance(to: time))
            try #require(actions.count > before || replayer.nextDeadline.map { $0 > time } ?? true, "time stands still")
        }
    }

    private static func play(seed: UInt64) throws -> Player {
        var random = SplitMix64(seed: seed)
        let recording = HTTPDialogue.recording(recorded(&random))
        let pace: ReplayPace = random.below(2) == 0 ? .fast : .recorded(speed: 2)
        var player = Player(replayer: try HTTPReplayer(recording, pace: pace, seed: seed))
        for step in 0..<60 {
            let session = player.sessionIDs.randomElement(using: &random)
            switch random.below(12) {
            case 0, 1: try player.ask("POST \(step) initialize {}", session: nil)
            case 2: try player.ask("GET", session: session)
            case 3: try player.ask("GET after=e\(random.below(30))\(random.below(2) == 0 ? "x" : "")", session: session)
            case 4: try player.ask(random.below(2) == 0 ? "GET /page" : "POST /token form:a=0", session: nil)
            case 5: try player.ask("POST " + ["- m", "junk", "7 =", "3 ping", "[]"][random.below(5)], session: session)
            case 6 where random.below(4) == 0: try player.ask("DELETE", session: session)
            case 7:
                let exchange = 1 + random.below(player.exchange + 1)
                guard player.states[exchange] != .over, player.states[exchange] != nil else { continue }
                player.states[exchange] = .over
                try player.perform(player.replayer.clientLeft(exchange, at: player.time))
            case 8, 9: try player.wait()
            default: try player.ask("POST \(step) t {\"k\":\(random.below(3))}", session: session)
            }
        }
        for _ in 0..<200 { try player.wait() }
        return player
    }

    @Test(
        "S-174: responses are well-formed whatever clients do, and the same again", arguments: 0..<150 as Range<UInt64>)
    func responsesAreWellFormed(seed: UInt64) throws {
        let first = try Self.play(seed: seed)
        #expect(first.actions.count > 30)
        #expect(first.replayer.nextDeadline == nil)
        let second = try Self.play(seed: seed)
        #expect(second.actions == first.actions)
        #expect(second.replayer.report == first.replayer.report)
    }
}
