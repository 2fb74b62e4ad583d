import Foundation
import MCPWire
import RepriseRecording
import RepriseReplay

/// What `reprise inspect` shows of a recording.
struct Inspection {
    /// One event as it is shown.
    private struct Row {
        var event: Int
        var time: Int64
        var direction: Direction?
        /// Kind of event, or what the message is.
        var what: String
        var id: String?
        /// Microseconds between a request and this answer.
        var elapsed: Int64?
        var detail: String
    }

    private let recording: Recording
    private let path: String
    private let log: MessageLog
    private var rows: [Row] = []

    init(_ recording: Recording, path: String) {
        self.recording = recording
        self.path = path
        log = MessageLog(recording)
        var messages = Dictionary(grouping: log.messages.indices) { log.frames[log.messages[$0].frame].event }
        for (index, event) in recording.events.enumerated() {
            let number = index + 1
            if let ofEvent = messages.removeValue(forKey: number) {
                rows += ofEvent.map { row(message: $0, event: number) }
            } else {
                rows.append(row(event, number: number))
            }
        }
    }

    // MARK: Text

    var text: String {
        var lines = [path, "  " + summary]
        if let parties { lines.append("  " + parties) }
        lines.append("  " + counts)
        if let warning = recording.warning { lines.append("  WARNING: " + warning) }
        lines.append("")
        lines += rows.map(Self.line)
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

    private var parties: String? {
        guard let request = initialize, let answer = log.messages[request].answer,
            let params = try? JSONDocument(log.bytes(log.messages[request].message.params, of: request)),
            let result = try? JSONDocument(log.bytes(log.messages[answer].message.result, of: answer))
        else { return nil }
        let client = Self.name("clientInfo", in: params) ?? "unnamed client"
        let server = Self.name("serverInfo", in: result) ?? "unnamed server"
        return "\(client) <-> \(server), MCP \(revision ?? "of no revision")"
    }

    private var counts: String {
        let client = log.messages.indices.count { log.direction(of: $0) == .clientToServer }
        let stderr = recording.events.count { if case .stderr = $0.kind { true } else { false } }
        return "\(recording.events.count) events: \(client) messages of the client, "
            + "\(log.messages.count - client) of the server, \(stderr) lines on stderr"
    }

    private static func line(_ row: Row) -> String {
        let arrow =
            switch row.direction {
            case .clientToServer?: "->"
            case .serverToClient?: "<-"
            case nil: "  "
            }
        let seconds = String(format: "%.3f", Double(row.time) / 1_000_000)
        var line = "\(pad(String(row.event), 5)) \(pad(seconds, 9)) s \(arrow) \(row.what)"
        if let id = row.id { line += " (id \(id))" }
        if let elapsed = row.elapsed { line += String(format: " after %.1f ms", Double(elapsed) / 1000) }
        return row.detail.isEmpty ? line : line + "  " + row.detail
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    // MARK: JSON

    var json: String {
        JSONOutput.document([
            ("file", .string(path)), ("transport", .string(recording.header.transport)),
            ("start", .string(recording.header.start)), ("recorder", .string(recording.header.recorder)),
            ("revision", revision.map { .string($0) }), ("completion", .string(completion)),
            ("tornBytes", recording.tornByteCount.map { .number(Int64($0)) }),
            (
                "events",
                .array(
                    rows.map { row in
                        .object([
                            ("event", .number(Int64(row.event))), ("time", .number(row.time)),
                            ("direction", row.direction.map { .string($0.rawValue) }), ("what", .string(row.what)),
                            ("id", row.id.map { .string($0) }), ("elapsed", row.elapsed.map { .number($0) }),
                            ("detail", row.detail.isEmpty ? nil : .string(row.detail)),
                        ])
                    })
            ),
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

    private var initialize: Int? { log.messages.firstIndex { $0.message.method == "initialize" } }

    /// The protocol revision that the server chose in its answer to `initialize` (S-168).
    private var revision: String? {
        guard let initialize, let answer = log.messages[initialize].answer,
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

    private func row(message index: Int, event: Int) -> Row {
        let message = log.messages[index]
        let frame = log.frames[message.frame]
        let elapsed = message.request.map { frame.time - log.frames[log.messages[$0].frame].time }
        let body = message.message.params ?? message.message.result ?? message.message.error
        let shown = message.message.kind.isMalformed ? frame.bytes : log.bytes(body, of: index)
        return Row(
            event: event, time: frame.time, direction: frame.direction, what: log.name(of: index),
            id: message.message.id?.description, elapsed: elapsed, detail: Self.excerpt(shown))
    }

    private func row(_ event: Event, number: Int) -> Row {
        var row = Row(event: number, time: event.time, direction: event.direction, what: event.kind.name, detail: "")
        switch event.kind {
        case .line:
            row.what = "part of a line"
        case .stderr(let frame):
            if case .bytes(let bytes) = frame.payload { row.detail = Self.excerpt(bytes) }
        case .end(let pipe):
            row.what = pipe.map { "end of \($0.rawValue)" } ?? "end of the response"
        case .close(.exit(let code)):
            row.what = "server ended with exit code \(code)"
        case .close(.signal(let signal)):
            row.what = "server ended by signal \(signal)"
        case .disconnect(.eof):
            row.what = "closed"
        case .disconnect(.reset):
            row.what = "broken off"
        case .disconnect(.refused):
            row.what = "server not reached"
        case .note(let text):
            row.detail = text
        case .open, .request, .response, .body, .sse, .finish, .unknown:
            break
        }
        return row
    }

    /// The first characters on one line, with control characters as escapes.
    private static func excerpt(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.prefix(400), as: UTF8.self)
        let shown = text.prefix(100).unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }.joined()
        return shown.count < text.count || bytes.count > 400 ? shown + "… (\(bytes.count) bytes)" : shown
    }
}

extension Message.Kind {
    /// Whether the frame is no message.
    fileprivate var isMalformed: Bool { if case .malformed = self { true } else { false } }
}
