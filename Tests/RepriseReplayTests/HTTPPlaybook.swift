import MCPWire
import RepriseRecording
import RepriseReplay
import Testing

/// Plays live HTTP clients against a recording, and writes down everything that happens.
struct HTTPPlaybook {
    private(set) var replayer: HTTPReplayer
    private(set) var actions: [HTTPReplayer.Action] = []
    private var time: Int64 = 0
    private var transcript: [String] = []
    /// The streams that are being sent, and the names of live sessions in order.
    private var decoders: [Int: SSEDecoder] = [:]
    private var bodies: [Int: [UInt8]] = [:]
    private var sessionIDs: [String] = []

    /// The replay of a recorded dialogue.
    init(_ recorded: String, pace: ReplayPace = .fast, seed: UInt64 = 1) throws {
        try self.init(HTTPDialogue.recording(recorded), pace: pace, seed: seed)
    }

    /// The replay of a recording.
    init(_ recording: Recording, pace: ReplayPace = .fast, seed: UInt64 = 1) throws {
        replayer = try HTTPReplayer(recording, pace: pace, stall: 5_000_000, seed: seed)
    }

    /// Everything so far, in the notation of ``HTTPDialogue``; sessions are called A, B, … in the order of their ids.
    ///
    /// `! ` stands before each line of a mismatch.
    var text: String { transcript.joined(separator: "\n") }

    /// Sets where the replay is served.
    mutating func serve(at local: String, for server: String) throws {
        replayer.originMap = OriginMap(
            server: try #require(Origin(url: server)), local: try #require(Origin(url: local)))
    }

    /// Plays the clients' lines of a dialogue; `@ 5000` lets the time come.
    mutating func play(_ dialogue: String) {
        for line in dialogue.split(separator: "\n") {
            if line.hasPrefix("@ ") {
                time = Int64(line.dropFirst(2)) ?? time
                transcript.append(String(line))
                perform(replayer.advance(to: time))
            } else if let parsed = HTTPDialogue.parse(line), parsed.isClient {
                transcript.append(HTTPDialogue.expanded(String(line)))
                take(parsed)
            }
        }
    }

    private mutating func take(_ line: HTTPDialogue.Line) {
        guard line.word != "gone" else {
            perform(replayer.clientLeft(line.exchange, at: time))
            return
        }
        let id = line.session.map { name in
            zip("ABCDEFGH", sessionIDs).first { String($0.0) == name }?.1 ?? "session-\(name)"
        }
        perform(
            replayer.request(
                line.exchange, HTTPDialogue.head(line, sessionID: id), body: HTTPDialogue.body(line), at: time))
    }

    /// Plays a dialogue and expects exactly it, both sides, and a session like the recorded one if `isSame`.
    mutating func expect(_ dialogue: String, isSame: Bool = true, at place: SourceLocation = #_sourceLocation) {
        play(dialogue)
        #expect(text == HTTPDialogue.expanded(dialogue), sourceLocation: place)
        #expect(replayer.report.isSame == isSame, "\(replayer.report)", sourceLocation: place)
    }

    private mutating func perform(_ actions: [HTTPReplayer.Action]) {
        self.actions += actions
        for action in actions {
            switch action {
            case .respond(let exchange, let head):
                transcript.append("\(exchange) < \(shown(head))")
                if head.isEventStream { decoders[exchange] = SSEDecoder() }
            case .send(let exchange, let bytes):
                if decoders[exchange] == nil {
                    bodies[exchange, default: []] += bytes
                } else {
                    for frame in decoders[exchange]?.receive(bytes.span) ?? [] {
                        transcript.append("\(exchange) < \(shown(frame))")
                    }
                }
            case .finish(let exchange):
                showBody(exchange)
                transcript.append("\(exchange) < end")
            case .abort(let exchange, let how):
                showBody(exchange)
                transcript.append("\(exchange) < \(how.rawValue)")
            case .report(let mismatch):
                transcript += mismatch.description.split(separator: "\n").map { "! " + $0 }
            }
        }
    }

    private mutating func showBody(_ exchange: Int) {
        guard var body = bodies.removeValue(forKey: exchange) else { return }
        if body.last == 0x0A { body.removeLast() }
        transcript.append("\(exchange) < \(RepriseReplayTests.text(body))")
    }

    private mutating func shown(_ head: ResponseHead) -> String {
        var words = ["\(head.status)"]
        switch head.fields.first("content-type") {
        case "text/event-stream": words.append("sse")
        case "application/json": words.append("json")
        case nil: break
        default: words.append("text")
        }
        if let id = head.fields.first("mcp-session-id") {
            if !sessionIDs.contains(id) { sessionIDs.append(id) }
            words += zip("ABCDEFGH", sessionIDs).filter { $0.1 == id }.map { "@\($0.0)" }
        }
        for field in head.fields where ["location", "www-authenticate"].contains(field.name.lowercased()) {
            words.append("\(field.name):\(field.value.replacing(" ", with: "~"))")
        }
        return words.joined(separator: " ")
    }

    private func shown(_ frame: SSEFrame) -> String {
        var words: [String] = []
        if let id = frame.id { words.append("id=\(id)") }
        if let retry = frame.retryMilliseconds { words.append("retry=\(retry)") }
        words += frame.comments.map { ":\($0)" }
        if let event = frame.event, !event.data.isEmpty { words.append(RepriseReplayTests.text(event.data)) }
        return words.joined(separator: " ")
    }
}

/// Plays `live` against `recorded` over HTTP and expects exactly it, without a difference.
func replayHTTP(_ recorded: String, live: String, at place: SourceLocation = #_sourceLocation) throws {
    var playbook = try HTTPPlaybook(recorded)
    playbook.expect(live, at: place)
}
