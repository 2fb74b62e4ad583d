import MCPWire
import RepriseRecording
import RepriseReplay
import Testing

/// Plays a live HTTP server against the verifier of a recorded dialogue, and writes down everything that happens.
///
/// Requests of the verifier are numbered from 1 in the order in which it makes them.
struct HTTPVerifyPlaybook {
    private(set) var verifier: HTTPVerifier
    private(set) var heads: [RequestHead] = []
    private var time: Int64 = 0
    private var transcript: [String] = []
    private var streams: Set<Int> = []

    init(_ recorded: String, overrides: [HTTPField] = []) throws {
        try self.init(HTTPDialogue.recording(recorded), overrides: overrides)
    }

    init(_ recording: Recording, overrides: [HTTPField] = []) throws {
        verifier = try HTTPVerifier(
            recording, target: "/live", origin: "http://live.test", overrides: overrides, stall: 5_000_000)
        perform(verifier.start(at: 0))
    }

    /// Everything so far, in the notation of ``HTTPDialogue``; `! ` stands before what is told.
    var text: String { transcript.joined(separator: "\n") }

    /// Plays the server's lines of a dialogue; `@ 5000` lets the time come.
    mutating func play(_ dialogue: String) {
        for line in dialogue.split(separator: "\n") {
            if line.hasPrefix("@ ") {
                time = Int64(line.dropFirst(2)) ?? time
                transcript.append(String(line))
                perform(verifier.advance(to: time))
            } else if let parsed = HTTPDialogue.parse(line), !parsed.isClient {
                transcript.append(HTTPDialogue.expanded(String(line)))
                perform(take(parsed))
            }
        }
    }

    /// Plays a dialogue and expects exactly it, both sides, and these verdicts beside MATCH.
    mutating func expect(
        _ dialogue: String, verdicts: [String] = [], at place: SourceLocation = #_sourceLocation
    ) {
        play(dialogue)
        #expect(self.text == HTTPDialogue.expanded(dialogue), sourceLocation: place)
        let found = verifier.report.verdicts.filter { $0.kind != .match }.map(\.description)
        #expect(found == verdicts, sourceLocation: place)
    }

    private mutating func take(_ line: HTTPDialogue.Line) -> [HTTPVerifier.Action] {
        let id = line.exchange - 1
        if line.word == "end" { return verifier.end(id, at: time) }
        if HTTPDialogue.endings.contains(line.word) { return verifier.end(id, failure: line.word, at: time) }
        if let status = Int(line.word) {
            var head = ResponseHead(status: status, reason: "", fields: line.fields)
            let types = ["sse": "text/event-stream", "json": "application/json"]
            if let type = line.type.flatMap({ types[$0] }) { head.fields.append(HTTPField("Content-Type", type)) }
            if let session = line.session { head.fields.append(HTTPField("Mcp-Session-Id", session)) }
            if head.isEventStream { streams.insert(id) }
            let actions = verifier.receive(head, for: id, at: time)
            return actions + (line.message.map { verifier.receive(bytes($0), for: id, at: time) } ?? [])
        }
        guard streams.contains(id) else { return verifier.receive(bytes(line.message ?? ""), for: id, at: time) }
        var block = line.comment.map { ":\($0)\n" } ?? ""
        if let id = line.id { block += "id: \(id)\n" }
        if let retry = line.retry { block += "retry: \(retry)\n" }
        block += line.message.map { "data: \($0)\n\n" } ?? "data:\n\n"
        var decoder = SSEDecoder()
        return decoder.receive(bytes(block).span).flatMap { verifier.receive($0, for: id, at: time) }
    }

    private mutating func perform(_ actions: [HTTPVerifier.Action]) {
        for action in actions {
            switch action {
            case .request(let id, let head, let body):
                heads.append(head)
                var words = ["\(id + 1) > \(head.method)"]
                if let session = head.fields.first("mcp-session-id") { words.append("@\(session)") }
                if head.target != "/live" { words.append(head.target) }
                if let id = head.fields.first("last-event-id") { words.append("after=\(id)") }
                if !body.isEmpty { words.append(RepriseReplayTests.text(body)) }
                transcript.append(words.joined(separator: " "))
            case .abort(let id):
                transcript.append("\(id + 1) > gone")
                perform(verifier.end(id, at: time))
            case .missing(let events): transcript.append("! missing \(events)")
            case .finish: transcript.append("! finish")
            }
        }
    }
}

/// Plays `live` against the HTTP verifier of `recorded`, and expects exactly it with these verdicts beside MATCH.
func verifyHTTP(
    _ recorded: String, live: String, verdicts: [String] = [], at place: SourceLocation = #_sourceLocation
) throws {
    var playbook = try HTTPVerifyPlaybook(recorded)
    playbook.expect(live, verdicts: verdicts, at: place)
}
