import Foundation
import RepriseRecording
import TestSupport

/// A server played by the test, the recorder in front of it, and as many clients as are asked for.
final class RecordedServer {
    let server: ListeningSocket
    let process: RunningProcess
    let folder: TestFolder
    /// Where the recorder listens.
    let port: Int
    let deadline: Deadline

    init(
        redact: String = "none", options: [String] = [], url: String? = nil, prefix: [String] = [],
        environment: [String: String?] = [:], out: String? = nil
    ) throws {
        deadline = Deadline(seconds: 30)
        folder = try TestFolder()
        server = try ListeningSocket(deadline: deadline)
        let command =
            [Program.reprise, "record", "--url", url ?? "http://127.0.0.1:\(server.port)/mcp", "--redact", redact]
            + ["--out", out ?? folder.file("a.jsonl")] + options
        process = try RunningProcess(prefix + command, environment: environment)
        try process.waitForError(" -> ")
        let said = process.errorSoFar.firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+)/)
        guard let found = said.flatMap({ Int($0.1) }) else { throw HarnessError("no port: \(process.errorSoFar)") }
        port = found
    }

    func connect(receiveBuffer: Int32? = nil) throws -> Socket {
        try Socket.connect(port, receiveBuffer: receiveBuffer, deadline: deadline)
    }

    /// Stops the recorder and reads what it wrote.
    func stop() throws -> Recording {
        kill(process.id, SIGTERM)
        let finished = try process.finish()
        guard finished.ending == .exit(0) else { throw HarnessError("ended as \(finished.ending): \(finished.error)") }
        return try folder.recording("a.jsonl")
    }

    /// A POST with a body and further header lines.
    static func post(_ body: String, _ fields: String = "", path: String = "/mcp") -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(fields)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func get(_ path: String = "/mcp", _ fields: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n"
    }

    static func answer(_ body: String, type: String = "application/json", _ fields: String = "") -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static let streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    static func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }
}

extension Recording {
    /// The events but `finish`, each in a few words: `x1 c2s request POST /mcp`, `s2c close reset`.
    var httpOutline: [String] {
        events.compactMap { event in
            var words = [event.direction?.rawValue ?? "-", event.kind.name]
            if let exchange = event.exchange { words.insert("x\(exchange)", at: 0) }
            switch event.kind {
            case .finish: return nil
            case .note(let text):
                if text.hasPrefix("Host rewritten") || text.hasPrefix("Accept-Encoding") { return nil }
                words.append(text)
            case .request(let head): words.append("\(head.method) \(head.target)")
            case .response(let head): words.append("\(head.status)")
            case .disconnect(let how): words.append(how.rawValue)
            case .body(let frame), .sse(let frame):
                words.append(String(decoding: frame.wireBytes ?? [], as: UTF8.self))
            default: break
            }
            return words.joined(separator: " ")
        }
    }
}
