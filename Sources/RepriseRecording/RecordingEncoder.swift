import MCPWire

/// Renders a header and events as the lines of a recording, counting and digesting them for the `finish` line.
///
/// A value type without I/O: each call gives the bytes of exactly one line, to be written by one `write`.
public struct RecordingEncoder: Sendable {
    /// Deepest nesting at which a JSON payload is spliced in as it is; a constant of version 1.
    public static let spliceDepthMax = 128

    private var digest = SHA256()
    private var eventCount = 0

    /// Makes an encoder for a new file.
    public init() {}

    /// The first line.
    public mutating func encode(_ header: Header) -> [UInt8] {
        var line = Array(#"{"reprise":\#(Header.formatVersion),"start":"#.utf8)
        JSONString.encode(header.start, into: &line)
        line += Array(#","recorder":"#.utf8)
        JSONString.encode(header.recorder, into: &line)
        line += Array(#","transport":"#.utf8)
        JSONString.encode(header.transport, into: &line)
        line += Array(#","target":"#.utf8)
        switch header.target {
        case .command(let arguments):
            line += Array(#"{"command":["#.utf8)
            for (index, argument) in arguments.enumerated() {
                if index > 0 { line.append(0x2C) }
                JSONString.encode(argument, into: &line)
            }
            line += Array("]}".utf8)
        case .url(let url):
            line += Array(#"{"url":"#.utf8)
            JSONString.encode(url, into: &line)
            line.append(0x7D)
        }
        line += Array(#","redaction":"#.utf8)
        switch header.redaction {
        case .none:
            line += Array(#""none""#.utf8)
        case .rules(let name, let rulesDigest):
            line += Array(#"{"rules":"#.utf8)
            JSONString.encode(name, into: &line)
            line += Array(#","sha256":"#.utf8)
            JSONString.encode(rulesDigest, into: &line)
            line.append(0x7D)
        }
        line += Array("}\n".utf8)
        digest.update(line)
        return line
    }

    /// The line of one event, which must not be a `finish`: that comes from ``finish(at:)``.
    public mutating func encode(_ event: Event) -> [UInt8] {
        var line: [UInt8] = []
        Self.append(event, to: &line)
        digest.update(line)
        eventCount += 1
        return line
    }

    /// The last line of a clean stop, `time` microseconds after the start.
    public mutating func finish(at time: Int64) -> [UInt8] {
        var line: [UInt8] = []
        var before = digest
        Self.append(Event(time: time, kind: .finish(eventCount: eventCount, sha256: before.finish())), to: &line)
        digest.update(line)
        eventCount += 1
        return line
    }

    private static func append(_ event: Event, to line: inout [UInt8]) {
        line.reserveCapacity(96 + (event.frame?.wireByteCount ?? 0))
        line += #"{"t":"#.utf8
        line += String(event.time).utf8
        append(key: "s", number: event.session, to: &line)
        append(key: "c", number: event.connection, to: &line)
        append(key: "x", number: event.exchange, to: &line)
        if let direction = event.direction {
            append(key: "d", text: direction.rawValue, to: &line)
        }
        append(key: "e", text: event.kind.name, to: &line)
        switch event.kind {
        case .line(let frame), .stderr(let frame):
            append(frame, postDefault: Frame.lineFeed, to: &line)
        case .body(let frame), .sse(let frame):
            append(frame, postDefault: [], to: &line)
        case .request(let head):
            append(head, to: &line)
        case .response(let head):
            append(head, to: &line)
        case .end(let pipe):
            if let pipe { append(key: "pipe", text: pipe.rawValue, to: &line) }
        case .close(.exit(let code)):
            append(key: "code", number: Int(code), to: &line)
        case .close(.signal(let signal)):
            append(key: "signal", number: Int(signal), to: &line)
        case .disconnect(let disconnect):
            append(key: "how", text: disconnect.rawValue, to: &line)
        case .note(let text):
            append(key: "note", text: text, to: &line)
        case .finish(let eventCount, let sha256):
            append(key: "events", number: eventCount, to: &line)
            append(key: "sha256", text: sha256, to: &line)
        case .open, .unknown:
            break
        }
        line += [0x7D, 0x0A]
    }

    private static func append(_ head: RequestHead, to line: inout [UInt8]) {
        append(key: "method", text: head.method, to: &line)
        append(key: "target", text: head.target, to: &line)
        if !head.targetPlaceholders.isEmpty {
            append(key: "red", to: &line)
            append(head.targetPlaceholders, to: &line)
        }
        append(head.fields, to: &line)
    }

    private static func append(_ head: ResponseHead, to line: inout [UInt8]) {
        append(key: "status", number: head.status, to: &line)
        append(key: "reason", text: head.reason, to: &line)
        append(head.fields, to: &line)
    }

    private static func append(_ fields: [HTTPField], to line: inout [UInt8]) {
        append(key: "headers", to: &line)
        line.append(0x5B)
        for (index, field) in fields.enumerated() {
            if index > 0 { line.append(0x2C) }
            line.append(0x5B)
            JSONString.encode(field.name, into: &line)
            line.append(0x2C)
            JSONString.encode(field.value, into: &line)
            if !field.placeholders.isEmpty {
                line.append(0x2C)
                append(field.placeholders, to: &line)
            }
            line.append(0x5D)
        }
        line.append(0x5D)
    }

    private static func append(_ placeholders: [Range<Int>], to line: inout [UInt8]) {
        line += "[\(placeholders.map { "[\($0.lowerBound),\($0.count)]" }.joined(separator: ","))]".utf8
    }

    private static func append(_ original: Frame, postDefault: [UInt8], to line: inout [UInt8]) {
        var frame = original
        var form = PayloadForm.of(frame.payload)
        if form != .json {
            let trimmed = frame.trimmed
            if PayloadForm.of(trimmed.payload) == .json {
                frame = trimmed
                form = .json
            }
        }
        if frame.isContinued { line += #","more":true"#.utf8 }
        if let cuts = frame.cuts {
            line += Array(#","cuts":["#.utf8)
            line += Array(cuts.map { "[\($0.offset),\($0.age)]" }.joined(separator: ",").utf8)
            line.append(0x5D)
        }
        if !frame.placeholders.isEmpty {
            line += Array(#","red":["#.utf8)
            line += Array(frame.placeholders.map { "[\($0.lowerBound),\($0.count)]" }.joined(separator: ",").utf8)
            line.append(0x5D)
        }
        if !frame.pre.isEmpty { append(key: "pre", text: String(decoding: frame.pre, as: UTF8.self), to: &line) }
        if frame.post != postDefault {
            append(key: "post", text: String(decoding: frame.post, as: UTF8.self), to: &line)
        }
        switch (form, frame.payload) {
        case (.json, .bytes(let bytes)):
            line += #","json":"#.utf8
            line += bytes
        case (.text, .bytes(let bytes)):
            line += Array(#","text":"#.utf8)
            JSONString.encode(bytes.span, into: &line)
        case (_, .bytes(let bytes)):
            line += Array(#","base64":""#.utf8)
            Base64.encode(bytes, into: &line)
            line.append(0x22)
        case (_, .omitted(let byteCount, let sha256)):
            line += Array(#","omitted":{"bytes":\#(byteCount),"sha256":"\#(sha256)"}"#.utf8)
        }
    }

    private static func append(key: String, number: Int?, to line: inout [UInt8]) {
        guard let number else { return }
        append(key: key, to: &line)
        line += String(number).utf8
    }

    private static func append(key: String, text: String, to line: inout [UInt8]) {
        append(key: key, to: &line)
        JSONString.encode(text, into: &line)
    }

    private static func append(key: String, to line: inout [UInt8]) {
        // Piece by piece: one string of the pieces would be allocated for every key of every event.
        line += ",\"".utf8
        line += key.utf8
        line += "\":".utf8
    }
}

/// The ways in which a payload can stand on its line, the first that fits being taken.
enum PayloadForm: Equatable {
    case json, text, base64, omitted

    static func of(_ payload: Frame.Payload) -> PayloadForm {
        guard case .bytes(let bytes) = payload else { return .omitted }
        if let first = bytes.first, !first.isJSONSpace,
            let summary = try? JSONScanner.summary(of: bytes.span, depthMax: RecordingEncoder.spliceDepthMax),
            summary.range == 0..<bytes.count, !summary.hasLineBreak, !summary.hasUnpairedSurrogate
        {
            return .json
        }
        return String(validating: bytes, as: UTF8.self) != nil ? .text : .base64
    }
}

extension Event.Kind {
    /// The kind's word in the file (key `e`).
    public var name: String {
        switch self {
        case .open: "open"
        case .line: "line"
        case .stderr: "stderr"
        case .request: "request"
        case .response: "response"
        case .body: "body"
        case .sse: "sse"
        case .end: "end"
        case .close, .disconnect: "close"
        case .note: "note"
        case .finish: "finish"
        case .unknown(let name): name
        }
    }
}
