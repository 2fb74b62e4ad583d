import RepriseRecording
import RepriseReplay
import Testing

/// Plays a live client against a recording, and writes down everything that happens.
struct Playbook {
    private(set) var replayer: StdioReplayer
    private var time: Int64 = 0
    private var transcript: [String] = []

    /// The replay of a recorded dialogue.
    init(_ recorded: String, pace: StdioReplayer.Pace = .fast) throws {
        try self.init(Dialogue.recording(recorded), pace: pace)
    }

    /// The replay of a recording.
    init(_ recording: Recording, pace: StdioReplayer.Pace = .fast) throws {
        replayer = try StdioReplayer(recording, pace: pace, stall: 5_000_000)
        perform(replayer.start(at: 0))
    }

    /// Everything so far: what the client said, and under it what came back.
    ///
    /// `s> ` begins what one write wrote, `s>+` a further line of the same write; `…` ends a write within a line.
    /// `! ` stands before each line of a mismatch.
    var text: String { transcript.joined(separator: "\n") }

    /// Plays the client's lines of a dialogue, each by one read or in chunks; `@ 5000` lets the time come.
    mutating func play(_ dialogue: String, chunkByteCount: Int = .max) {
        for line in dialogue.split(separator: "\n") {
            if line.hasPrefix("@ ") {
                time = Int64(line.dropFirst(2)) ?? time
                transcript.append(String(line))
                perform(replayer.advance(to: time))
            } else if line == "c> <end>" {
                transcript.append(String(line))
                perform(replayer.end(at: time))
            } else if line.hasPrefix("c> ") {
                let said = Dialogue.message(line.dropFirst(3))
                transcript.append("c> " + said)
                send(Array((said + "\n").utf8), chunkByteCount: chunkByteCount)
            }
        }
    }

    /// The client writes these bytes, in chunks of at most so many.
    mutating func send(_ bytes: [UInt8], chunkByteCount: Int = .max) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(chunkByteCount))
            rest = rest.dropFirst(chunkByteCount)
            perform(replayer.receive(chunk.span, at: time))
        }
    }

    /// Plays a dialogue and expects exactly it, both sides, and a session like the recorded one if `isSame`.
    mutating func expect(_ dialogue: String, isSame: Bool = true, at place: SourceLocation = #_sourceLocation) {
        play(dialogue)
        #expect(text == Dialogue.expanded(dialogue), sourceLocation: place)
        #expect(replayer.report.isSame == isSame, "\(replayer.report)", sourceLocation: place)
    }

    private mutating func perform(_ actions: [StdioReplayer.Action]) {
        for action in actions {
            switch action {
            case .write(let bytes):
                let lines = String(decoding: bytes, as: UTF8.self).split(
                    separator: "\n", omittingEmptySubsequences: false)
                let isWhole = lines.last == ""
                for (index, line) in (isWhole ? lines.dropLast() : lines[...]).enumerated() {
                    transcript.append((index == 0 ? "s> " : "s>+ ") + line)
                }
                if !isWhole { transcript[transcript.count - 1] += "…" }
            case .report(let mismatch):
                transcript += mismatch.description.split(separator: "\n").map { "! " + $0 }
            case .close:
                transcript.append("s> <end>")
            }
        }
    }
}

/// Plays `live` against `recorded` and expects exactly it, without a difference.
func replay(_ recorded: String, live: String, at place: SourceLocation = #_sourceLocation) throws {
    var playbook = try Playbook(recorded)
    playbook.expect(live, at: place)
}
