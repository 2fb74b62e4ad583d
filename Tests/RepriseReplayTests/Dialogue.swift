import RepriseRecording

/// Sessions written as text, one frame a line, for recordings and for what is played against them.
///
/// `c> ` is said by the client, `s> ` by the server, `e> ` on standard error. Behind it stands a message in short:
/// `7 tools/list {…}` a request with its id, `- name {…}` a notification, `7 = {…}` a result, `7 ! {…}` an error;
/// `<end>` for the end of the pipe, or any other text as it is. `@ 5000` sets the time in microseconds.
enum Dialogue {
    /// A message that is written in short.
    static func message(_ short: some StringProtocol) -> String {
        let text = String(short)
        let words = text.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, let first = words[0].first, first != "{", first != "[" else { return text }
        let rest = words.count > 2 ? String(words[2]) : nil
        switch (words[0], words[1]) {
        case (_, "="): return #"{"jsonrpc":"2.0","id":\#(words[0]),"result":\#(rest ?? "{}")}"#
        case (_, "!"): return #"{"jsonrpc":"2.0","id":\#(words[0]),"error":\#(rest ?? "{}")}"#
        default:
            guard first == "-" || first == "\"" || first.isNumber || words[0] == "null" else { return text }
            let id = first == "-" ? "" : #""id":\#(words[0]),"#
            let params = rest.map { #","params":\#($0)"# } ?? ""
            return #"{"jsonrpc":"2.0",\#(id)"method":"\#(words[1])"\#(params)}"#
        }
    }

    /// A whole dialogue with its messages written out.
    static func expanded(_ dialogue: String) -> String {
        dialogue.split(separator: "\n").map { line in
            guard line.first != "@", line.first != "!", let mark = line.firstIndex(of: " ") else { return String(line) }
            return line[...mark] + message(line[line.index(after: mark)...])
        }.joined(separator: "\n")
    }

    /// The recording of a dialogue: one read a frame, one millisecond a line, placeholders marked.
    static func recording(_ dialogue: String, exit code: Int32? = nil, transport: String = "stdio") -> Recording {
        let header = Header(
            start: "2026-01-02T03:04:05Z", recorder: "reprise", transport: transport, target: .command(["server"]),
            redaction: .none)
        var recording = Recording(header: header, events: [Event(time: 0, connection: 1, kind: .open)])
        var time: Int64 = 0
        for line in dialogue.split(separator: "\n") {
            let text = line.dropFirst(line.first == "@" ? 2 : 3)
            time += 1000
            var event = Event(time: time, connection: 1, direction: .serverToClient, kind: .open)
            switch (line.prefix(2), text) {
            case ("@ ", _):
                time = Int64(text) ?? 0
                continue
            case ("c>", "<end>"): event.kind = .end(.stdin)
            case ("s>", "<end>"): event.kind = .end(.stdout)
            case ("e>", _): event.kind = .stderr(frame(String(text)))
            default: event.kind = .line(frame(message(text)))
            }
            if line.hasPrefix("c>") { event.direction = .clientToServer }
            recording.events.append(event)
        }
        if let code {
            recording.events.append(Event(time: time + 1000, connection: 1, kind: .close(.exit(code: code))))
        }
        return recording
    }

    private static func frame(_ text: String) -> Frame {
        var frame = Frame(line: Array((text + "\n").utf8))
        frame.placeholders = placeholders(in: Array(text.utf8))
        return frame
    }

    private static func placeholders(in bytes: [UInt8]) -> [Range<Int>] {
        let prefix = Array("reprise-secret-".utf8)
        return bytes.indices.filter { bytes[$0...].starts(with: prefix) }.map { start in
            let digits = bytes[(start + prefix.count)...].prefix { (0x30...0x39).contains($0) }
            return start..<digits.endIndex
        }
    }
}

/// The bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The text of bytes.
func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
