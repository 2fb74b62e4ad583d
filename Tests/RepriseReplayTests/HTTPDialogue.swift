import MCPWire
import RepriseRecording

/// HTTP sessions written as text, one event a line, for recordings and for what is played against them.
///
/// `1 > POST @A 7 tools/list {…}` is a request in exchange 1 and session A with a message in the short form of
/// ``Dialogue``; `/path` names another path than `/mcp`, `after=7` a last event id, `form:a=b` a form as its body,
/// `name:value` a field (`~` for a space). `1 < 200 sse @A` is the head of its response, also with `json`, `text` or
/// nothing; `1 < id=7 retry=5 …` an event with a message, or without one and `:words` a comment, in a stream; a message
/// or text the body of another response. `end`, `eof`, `reset`, `refused` end it; `1 > gone` is a client that left.
enum HTTPDialogue {
    /// What a line says, with its words taken apart.
    struct Line {
        var exchange: Int
        var isClient: Bool
        var session: String?
        /// Method, status, or another first word.
        var word = ""
        var path = "/mcp"
        var type: String?
        var fields: [HTTPField] = []
        var lastEventID: String?
        var form: String?
        var id: String?
        var retry: Int?
        var comment: String?
        /// What stands before the message.
        var lead = ""
        /// The message or text, expanded.
        var message: String?
    }

    static let endings: Set = ["end", "eof", "reset", "refused", "gone"]

    /// The parts of a line; nil for a line that is no event of an exchange.
    static func parse(_ line: Substring) -> Line? {
        var words = line.split(separator: " ")[...]
        guard words.count >= 3, let exchange = Int(words[0]), words[1] == "<" || words[1] == ">" else { return nil }
        var parsed = Line(exchange: exchange, isClient: words[1] == ">")
        words = words.dropFirst(2)
        let isStatus = words.first.flatMap { Int($0) }.map { $0 >= 100 } ?? false
        if parsed.isClient || isStatus || words.first.map({ endings.contains(String($0)) }) ?? false {
            parsed.word = String(words.removeFirst())
        }
        while let word = words.first, take(String(word), into: &parsed) { words.removeFirst() }
        parsed.lead = String(line)
        if let start = words.first?.startIndex {
            parsed.lead = String(line[..<start])
            parsed.message = Dialogue.message(line[start...])
        }
        return parsed
    }

    /// Whether a word is one of ours, and not the beginning of the message.
    private static func take(_ word: String, into line: inout Line) -> Bool {
        let value = word.firstIndex { $0 == "=" || $0 == ":" }.map { String(word[word.index(after: $0)...]) } ?? ""
        switch true {
        case word.hasPrefix("@"): line.session = String(word.dropFirst())
        case word.hasPrefix("/"): line.path = word
        case word.hasPrefix("after="): line.lastEventID = value
        case word.hasPrefix("id="): line.id = value
        case word.hasPrefix("retry="): line.retry = Int(value)
        case word.hasPrefix("form:"): line.form = value
        case word.hasPrefix(":"): line.comment = value
        case ["sse", "json", "text"].contains(word) && line.word.count == 3 && !line.isClient: line.type = word
        case word.first?.isLetter == true && word.contains(":"):
            line.fields.append(HTTPField(String(word.prefix { $0 != ":" }), value.replacing("~", with: " ")))
        default: return false
        }
        return true
    }

    /// The dialogue with its messages written out.
    static func expanded(_ dialogue: String) -> String {
        dialogue.split(separator: "\n").map { line in
            parse(line).map { $0.lead + ($0.message ?? "") } ?? String(line)
        }.joined(separator: "\n")
    }

    /// The head of a client's line; `sessionID` is the id for its session.
    static func head(_ line: Line, sessionID: String?) -> RequestHead {
        var head = RequestHead(method: line.word, target: line.path, fields: [HTTPField("Host", "localhost:1")])
        if let sessionID { head.fields.append(HTTPField("Mcp-Session-Id", sessionID)) }
        if let id = line.lastEventID { head.fields.append(HTTPField("Last-Event-ID", id)) }
        if line.form != nil { head.fields.append(HTTPField("Content-Type", "application/x-www-form-urlencoded")) }
        head.fields += line.fields
        return marked(head)
    }

    /// The bytes of a client's body.
    static func body(_ line: Line) -> [UInt8] { bytes(line.form ?? line.message ?? "") }

    /// The recording of a dialogue: one millisecond a line, placeholders marked.
    static func recording(_ dialogue: String, url: String = "http://upstream.test:9000/mcp") -> Recording {
        let header = Header(
            start: "2026-01-02T03:04:05Z", recorder: "reprise", transport: "http", target: .url(url), redaction: .none)
        var recording = Recording(header: header, events: [])
        var time: Int64 = 0
        var streams: Set<Int> = []
        for line in dialogue.split(separator: "\n") {
            time += 1000
            if line.hasPrefix("@ ") { time = Int64(line.dropFirst(2)) ?? time }
            guard let parsed = parse(line) else { continue }
            if parsed.type == "sse" { streams.insert(parsed.exchange) }
            for kind in kinds(parsed, isStream: streams.contains(parsed.exchange)) {
                recording.events.append(
                    Event(
                        time: time, connection: 1, exchange: parsed.exchange,
                        direction: parsed.isClient ? .clientToServer : .serverToClient, kind: kind))
            }
        }
        return recording
    }

    private static func kinds(_ line: Line, isStream: Bool) -> [Event.Kind] {
        if endings.contains(line.word) {
            switch line.word {
            case "end": return [.end(nil)]
            case "gone": return [.disconnect(.eof)]
            default: return [.disconnect(Disconnect(rawValue: line.word) ?? .eof)]
            }
        }
        let id = line.session.map { "session-\($0)" }
        if line.isClient {
            let body = body(line)
            return [.request(head(line, sessionID: id))] + (body.isEmpty ? [] : [.body(frame(body))])
        }
        if let status = Int(line.word) {
            let type = line.type.map { ["sse": "text/event-stream", "json": "application/json"][$0] ?? "text/plain" }
            var head = ResponseHead(status: status, reason: "R", fields: [HTTPField("Date", "today")])
            if let type { head.fields.append(HTTPField("Content-Type", type)) }
            if let id { head.fields.append(HTTPField("mcp-session-id", id)) }
            head.fields += line.fields
            head.fields = head.fields.map(marked)
            return [.response(head)] + (line.message.map { [.body(frame(bytes($0)))] } ?? [])
        }
        return [isStream ? .sse(event(line)) : .body(frame(bytes(line.message ?? "")))]
    }

    private static func event(_ line: Line) -> Frame {
        var pre = line.comment.map { ":\($0)\n" } ?? ""
        if let id = line.id { pre += "id: \(id)\n" }
        if let retry = line.retry { pre += "retry: \(retry)\n" }
        guard let message = line.message else {
            return Frame(payload: .bytes(bytes(pre + (line.id == nil ? "\n" : "data: \n\n"))), post: [])
        }
        var frame = frame(bytes(message))
        frame.pre = bytes(pre + "data: ")
        frame.post = bytes("\n\n")
        return frame
    }

    private static func frame(_ bytes: [UInt8]) -> Frame {
        Frame(payload: .bytes(bytes), post: [], placeholders: Placeholder.places(in: bytes))
    }

    private static func marked(_ field: HTTPField) -> HTTPField {
        HTTPField(field.name, field.value, placeholders: Placeholder.places(in: bytes(field.value)))
    }

    private static func marked(_ head: RequestHead) -> RequestHead {
        var head = head
        head.targetPlaceholders = Placeholder.places(in: bytes(head.target))
        head.fields = head.fields.map(marked)
        return head
    }
}
