import MCPWire

/// Reads the first line of a recording.
enum HeaderReader {
    static func read(_ line: [UInt8]) throws(RecordingError) -> Header {
        guard let document = try? JSONDocument(line), document.nodes[0].kind == .object,
            let first = document.members(of: 0).first, document.text(at: first.key) == "reprise"
        else { throw RecordingError(line: 1, reason: .notARecording) }
        let version = String(decoding: document.raw(at: first.value), as: UTF8.self)
        guard version == String(Header.formatVersion) else {
            throw RecordingError(line: 1, reason: .unsupportedVersion(version))
        }
        return Header(
            start: try text("start", document), recorder: try text("recorder", document),
            transport: try text("transport", document), target: try target(document),
            redaction: try redaction(document))
    }

    private static func text(_ key: String, _ document: JSONDocument, of object: Int = 0) throws(RecordingError)
        -> String
    {
        guard let node = document.member(key, of: object), document.nodes[node].kind == .string else {
            throw invalid("the header has no text under \"\(key)\"")
        }
        return document.text(at: node)
    }

    private static func target(_ document: JSONDocument) throws(RecordingError) -> Header.Target {
        guard let target = document.member("target", of: 0) else { throw invalid("the header has no \"target\"") }
        if document.member("url", of: target) != nil { return .url(try text("url", document, of: target)) }
        guard let command = document.member("command", of: target), document.nodes[command].kind == .array else {
            throw invalid("the header's \"target\" has neither \"command\" nor \"url\"")
        }
        var arguments: [String] = []
        for node in document.elements(of: command) {
            guard document.nodes[node].kind == .string else {
                throw invalid("the header's \"command\" holds something that is no text")
            }
            arguments.append(document.text(at: node))
        }
        return .command(arguments)
    }

    private static func redaction(_ document: JSONDocument) throws(RecordingError) -> Header.Redaction {
        guard let node = document.member("redaction", of: 0) else { throw invalid("the header has no \"redaction\"") }
        if document.nodes[node].kind == .string, document.text(at: node) == "none" { return .none }
        return .rules(
            name: try text("rules", document, of: node), digest: try text("sha256", document, of: node))
    }

    private static func invalid(_ what: String) -> RecordingError {
        RecordingError(line: 1, reason: .invalid(what))
    }
}
