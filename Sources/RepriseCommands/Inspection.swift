import MCPWire
import RepriseRecording
import RepriseReplay

/// What `reprise inspect` shows of a recording.
struct Inspection {
    private let recording: Recording
    private let path: String
    private let log: MessageLog
    private let http: HTTPInspection?
    private var rows: [InspectionRow] = []

    init(_ recording: Recording, path: String) {
        self.recording = recording
        self.path = path
        log = MessageLog(recording)
        http = recording.header.transport == "http" ? HTTPInspection(recording, messages: log) : nil
        var notes: Set<String> = []
        var messages = Dictionary(grouping: log.messages.indices) { log.frames[log.messages[$0].frame].event }
        for (index, event) in recording.events.enumerated() {
            let number = index + 1
            if let ofEvent = messages.removeValue(forKey: number) {
                rows += ofEvent.map { row(message: $0, event: number) }
            } else {
                var row = row(event, number: number)
                // The recorder notes its rewrites for every connection alike.
                if case .note(let text) = event.kind { row.isQuiet = http != nil && !notes.insert(text).inserted }
                rows.append(row)
            }
        }
    }

    // MARK: Text

    var text: String {
        var lines = [path, "  " + summary]
        lines += parties.map { "  " + $0 }
        lines.append("  " + counts)
        lines += warnings.map { "  WARNING: " + $0 }
        lines.append("")
        let exchangeWidth = http?.exchangeWidth ?? 0
        let showsSession = http.map { $0.sessionCount > 1 } ?? false
        lines += rows.filter { !$0.isQuiet }.map { $0.line(exchangeWidth: exchangeWidth, showsSession: showsSession) }
        return lines.joined(separator: "\n")
    }

    private var summary: String {
        let target =
            switch recording.header.target {
            case .command(let arguments): arguments.joined(separator: " ")
            case .url(let url): url
            }
        let redaction =
            switch recording.header.redaction {
            case .none: "not redacted"
            case .rules(let name, _): "redacted by \(name) rules"
            }
        return "\(recording.header.transport): \(target) · \(recording.header.start) · \(redaction)"
    }

    private var warnings: [String] { (recording.warning.map { [$0] } ?? []) + (http?.warnings ?? []) }

    /// A line for each handshake: who spoke with whom, in which session.
    private var parties: [String] {
        let handshakes = log.messages.indices.filter { log.messages[$0].message.method == "initialize" }
        let lines = handshakes.compactMap { handshake -> String? in
            guard let answer = log.messages[handshake].answer,
                let params = try? JSONDocument(log.bytes(log.messages[handshake].message.params, of: handshake)),
                let result = try? JSONDocument(log.bytes(log.messages[answer].message.result, of: answer))
            else { return nil }
            let client = Self.name("clientInfo", in: params) ?? "unnamed client"
            let server = Self.name("serverInfo", in: result) ?? "unnamed server"
            let session = log.frames[log.messages[answer].frame].session.map { "session \($0): " } ?? ""
            return "\(session)\(client) <-> \(server), MCP \(revision(of: handshake) ?? "of no revision")"
        }
        if lines.isEmpty, let revisions = http?.revisions, !revisions.isEmpty {
            return ["MCP " + revisions.joined(separator: ", ")]
        }
        let shown = lines.prefix(Self.partyCountMax)
        return shown + (lines.count > shown.count ? ["and \(lines.count - shown.count) more handshakes"] : [])
    }

    /// More handshakes than these are counted and not shown.
    private static let partyCountMax = 20

    private var counts: String {
        let client = log.messages.indices.count { log.direction(of: $0) == .clientToServer }
        let messages = "\(client) messages of the client, \(log.messages.count - client) of the server"
        if let http {
            let notes = recording.events.count { if case .note = $0.kind { true } else { false } }
            let noted = notes == 0 ? "" : notes == 1 ? ", 1 note" : ", \(notes) notes"
            return "\(recording.events.count) events: \(http.counts), \(messages)\(noted)"
        }
        let stderr = recording.events.count { if case .stderr = $0.kind { true } else { false } }
        return "\(recording.events.count) events: \(messages), \(stderr) lines on stderr"
    }

    // MARK: JSON

    var json: String {
        JSONValue.document([
            ("file", .string(path)), ("transport", .string(recording.header.transport)),
            ("start", .string(recording.header.start)), ("recorder", .string(recording.header.recorder)),
            ("revision", revision.map { .string($0) }), ("completion", .string(completion)),
            ("tornBytes", recording.tornByteCount.map { .int($0) }),
            ("warnings", http == nil ? nil : .array(warnings.map { .string($0) })), ("exchanges", http?.json),
            ("events", .array(rows.map(\.json))),
        ])
    }

    private var completion: String {
        switch recording.completion {
        case .finished: "finished"
        case .changed: "changed"
        case .unfinished: "unfinished"
        }
    }

    // MARK: Facts

    /// The protocol revision that the server chose in its first answer to `initialize` (S-168), or requests name.
    private var revision: String? {
        let handshake = log.messages.firstIndex { $0.message.method == "initialize" }
        return handshake.flatMap(revision) ?? http?.revisions.first
    }

    private func revision(of handshake: Int) -> String? {
        guard let answer = log.messages[handshake].answer,
            let result = try? JSONDocument(log.bytes(log.messages[answer].message.result, of: answer)),
            let node = result.member("protocolVersion", of: 0)
        else { return nil }
        return result.text(at: node)
    }

    private static func name(_ key: String, in document: JSONDocument) -> String? {
        guard let info = document.member(key, of: 0), let name = document.member("name", of: info) else { return nil }
        let version = document.member("version", of: info).map { " " + document.text(at: $0) } ?? ""
        return document.text(at: name) + version
    }

    private func row(message index: Int, event: Int) -> InspectionRow {
        let message = log.messages[index]
        let frame = log.frames[message.frame]
        let elapsed = message.request.map { frame.time - log.frames[log.messages[$0].frame].time }
        let body = message.message.params ?? message.message.result ?? message.message.error
        let shown = message.message.kind.isMalformed ? frame.bytes : log.bytes(body, of: index)
        var row = InspectionRow(
            event: event, time: frame.time, direction: frame.direction, what: log.name(of: index),
            id: message.message.id?.description, elapsed: elapsed, detail: InspectionRow.excerpt(shown))
        http?.describe(&row, messageOf: event)
        return row
    }

    private func row(_ event: Event, number: Int) -> InspectionRow {
        var row = InspectionRow(
            event: number, time: event.time, direction: event.direction, what: event.kind.name)
        switch event.kind {
        case .line:
            row.what = "part of a line"
        case .stderr(let frame):
            if case .bytes(let bytes) = frame.payload { row.detail = InspectionRow.excerpt(bytes) }
        case .end(let pipe):
            row.what = pipe.map { "end of \($0.rawValue)" } ?? row.what
        case .close(.exit(let code)):
            row.what = "server ended with exit code \(code)"
        case .close(.signal(let signal)):
            row.what = "server ended by signal \(signal)"
        case .note(let text):
            row.detail = text
        case .open, .request, .response, .body, .sse, .disconnect, .finish, .unknown:
            break
        }
        http?.describe(&row, event, number: number)
        return row
    }
}

extension Message.Kind {
    /// Whether the frame is no message.
    fileprivate var isMalformed: Bool { if case .malformed = self { true } else { false } }
}
