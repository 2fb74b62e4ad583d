import RepriseRecording
import RepriseReplay
import Testing

/// Plays a live server against the verifier of a recorded dialogue, and writes down everything that happens.
struct VerifyPlaybook {
    private(set) var verifier: Verifier
    private var time: Int64 = 0
    private var transcript: [String] = []

    init(_ recorded: String, exit code: Int32? = nil, stall: Int64 = 5_000_000) throws {
        verifier = try Verifier(stdio: Dialogue.recording(recorded, exit: code), stall: stall)
        perform(verifier.start(at: 0))
    }

    /// Everything so far: `c> ` before what the verifier sent, `s> ` before what the live server said; `!` for what is
    /// told, `<finish>` when nothing is sent or waited for any more.
    var text: String { transcript.joined(separator: "\n") }

    /// Plays the server's lines of a dialogue; `@ 5000` lets the time come.
    mutating func play(_ dialogue: String) {
        for line in dialogue.split(separator: "\n") {
            if line.hasPrefix("@ ") {
                time = Int64(line.dropFirst(2)) ?? time
                transcript.append(String(line))
                perform(verifier.advance(to: time))
            } else if line == "s> <end>" {
                transcript.append(String(line))
                perform(verifier.end(at: time))
            } else if line.hasPrefix("s> ") {
                let said = Dialogue.message(line.dropFirst(3))
                transcript.append("s> " + said)
                perform(verifier.receive(bytes(said + "\n"), at: time))
            }
        }
    }

    /// Plays a dialogue and expects exactly it, both sides, and these verdicts beside MATCH.
    mutating func expect(
        _ dialogue: String, verdicts: [String] = [], at place: SourceLocation = #_sourceLocation
    ) {
        play(dialogue)
        #expect(self.text == Dialogue.expanded(dialogue), sourceLocation: place)
        let found = verifier.report.verdicts.filter { $0.kind != .match }.map(\.description)
        #expect(found == verdicts, sourceLocation: place)
    }

    private mutating func perform(_ actions: [Verifier.Action]) {
        for action in actions {
            switch action {
            case .send(let line, _), .reply(let line, _):
                transcript.append("c> " + RepriseReplayTests.text(line.last == 0x0A ? line.dropLast() : line[...]))
            case .closeInput: transcript.append("c> <end>")
            case .missing(let events): transcript.append("! missing \(events)")
            case .finish: transcript.append("! finish")
            case .open(let exchange): transcript.append("! open \(exchange)")
            case .abort(let exchange): transcript.append("! abort \(exchange)")
            }
        }
    }
}

/// Plays `live` against the verifier of `recorded`, and expects exactly it with these verdicts beside MATCH.
func verify(
    _ recorded: String, live: String, verdicts: [String] = [], at place: SourceLocation = #_sourceLocation
) throws {
    var playbook = try VerifyPlaybook(recorded)
    playbook.expect(live, verdicts: verdicts, at: place)
}
