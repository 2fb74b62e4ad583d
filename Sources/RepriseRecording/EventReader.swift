import MCPWire

/// Reads one line after the header.
struct EventReader {
    private let document: JSONDocument
    private let line: Int

    /// The event on the line with this number; throws ``RecordingError`` naming the line and what is wrong.
    static func read(_ bytes: [UInt8], number: Int) throws(RecordingError) -> Event {
        let document: JSONDocument
        do {
            // The payload nests in the event's own object, hence one level more.
            document = try JSONDocument(bytes, depthMax: RecordingEncoder.spliceDepthMax + 1)
        } catch {
            throw RecordingError(line: number, reason: .invalid("not JSON: \(error)"))
        }
        guard document.nodes[0].kind == .object else {
            throw RecordingError(line: number, reason: .invalid("not a JSON object"))
        }
        return try EventReader(document: document, line: number).event()
    }

    private func event() throws(RecordingError) -> Event {
        guard let time = try integer("t") else { throw invalid("no \"t\" (microseconds since the start)") }
        guard let name = try text("e") else { throw invalid("no \"e\" (the kind of event)") }
        var direction: Direction?
        if let word = try text("d") {
            direction = Direction(rawValue: word)
            guard direction != nil else { throw invalid("\"d\" is \"\(word)\"; expected \"c2s\" or \"s2c\"") }
        }
        let event = Event(
            time: Int64(time), session: try integer("s"), connection: try integer("c"), exchange: try integer("x"),
            direction: direction, kind: try kind(name))
        switch event.kind {
        case .line where direction == nil:
            throw invalid("a line without \"d\"")
        case .request, .response, .sse, .body:
            guard event.exchange != nil else { throw invalid("\"\(name)\" without \"x\" (its exchange)") }
            if case .body = event.kind, direction == nil { throw invalid("a body without \"d\"") }
        default:
            break
        }
        return event
    }

    private func kind(_ name: String) throws(RecordingError) -> Event.Kind {
        switch name {
        case "open":
            return .open
        case "line":
            return .line(try frame(postDefault: Frame.lineFeed))
        case "stderr":
            return .stderr(try frame(postDefault: Frame.lineFeed))
        case "request":
            return .request(try requestHead())
        case "response":
            return .response(try responseHead())
        case "body":
            return .body(try frame(postDefault: []))
        case "sse":
            return .sse(try frame(postDefault: []))
        case "end":
            if document.member("pipe", of: 0) == nil, document.member("x", of: 0) != nil { return .end(nil) }
            guard let word = try text("pipe"), let pipe = Pipe(rawValue: word) else {
                throw invalid("\"pipe\" is not \"stdin\", \"stdout\" or \"stderr\"")
            }
            return .end(pipe)
        case "close":
            if let code = try number("code") { return .close(.exit(code: code)) }
            if let signal = try number("signal") { return .close(.signal(signal)) }
            guard let word = try text("how") else {
                throw invalid("a close with none of \"code\", \"signal\" and \"how\"")
            }
            guard let disconnect = Disconnect(rawValue: word) else {
                throw invalid("\"how\" is \"\(word)\"; expected \"eof\", \"reset\" or \"refused\"")
            }
            return .disconnect(disconnect)
        case "note":
            return .note(try text("note") ?? "")
        case "finish":
            guard let eventCount = try integer("events"), let sha256 = try text("sha256") else {
                throw invalid("a finish without \"events\" and \"sha256\"")
            }
            return .finish(eventCount: eventCount, sha256: sha256)
        default:
            return .unknown(name)
        }
    }

    private func requestHead() throws(RecordingError) -> RequestHead {
        guard let method = try text("method"), let target = try text("target") else {
            throw invalid("a request without \"method\" and \"target\"")
        }
        var head = RequestHead(method: method, target: target, fields: try fields())
        if let red = document.member("red", of: 0) { head.targetPlaceholders = try placeholders(red, in: target) }
        return head
    }

    private func responseHead() throws(RecordingError) -> ResponseHead {
        guard let status = try integer("status"), (100...999).contains(status) else {
            throw invalid("a response without a \"status\" of three digits")
        }
        return ResponseHead(status: status, reason: try text("reason") ?? "", fields: try fields())
    }

    private func fields() throws(RecordingError) -> [HTTPField] {
        guard let headers = document.member("headers", of: 0), document.nodes[headers].kind == .array else {
            throw invalid("no \"headers\" (an array of pairs)")
        }
        var fields: [HTTPField] = []
        for element in document.elements(of: headers) {
            let parts = document.nodes[element].kind == .array ? document.elements(of: element) : []
            guard parts.count == 2 || parts.count == 3 else {
                throw invalid("each of \"headers\" must be a name and a value")
            }
            let name = String(decoding: try string(parts[0], "headers"), as: UTF8.self)
            var field = HTTPField(name, String(decoding: try string(parts[1], "headers"), as: UTF8.self))
            if parts.count == 3 { field.placeholders = try placeholders(parts[2], in: field.value) }
            fields.append(field)
        }
        return fields
    }

    /// The places that `red` marks in a text.
    private func placeholders(_ red: Int, in text: String) throws(RecordingError) -> [Range<Int>] {
        try placeholders(red, in: .bytes(Array(text.utf8)))
    }

    private func placeholders(_ red: Int, in payload: Frame.Payload) throws(RecordingError) -> [Range<Int>] {
        var marked: [Range<Int>] = []
        for (offset, count) in try pairs(red, "red") {
            let (end, overflows) = offset.addingReportingOverflow(count)
            guard !overflows, offset >= marked.last?.upperBound ?? 0 else {
                throw invalid("\"red\" must ascend without overlap")
            }
            marked.append(offset..<end)
        }
        return Placeholder.located(in: payload, marked: marked)
    }

    private func frame(postDefault: [UInt8]) throws(RecordingError) -> Frame {
        var frame = Frame(payload: try payload(), post: postDefault)
        if let pre = document.member("pre", of: 0) { frame.pre = try string(pre, "pre") }
        if let post = document.member("post", of: 0) { frame.post = try string(post, "post") }
        if let more = document.member("more", of: 0) { frame.isContinued = document.nodes[more].kind == .true }
        if let cuts = document.member("cuts", of: 0) {
            var list: [Frame.Cut] = []
            for (offset, age) in try pairs(cuts, "cuts") { list.append(Frame.Cut(offset: offset, age: Int64(age))) }
            frame.cuts = list
            let offsets = list.map(\.offset)
            guard zip(offsets, offsets.dropFirst()).allSatisfy(<), offsets.allSatisfy({ $0 > 0 }) else {
                throw invalid("\"cuts\" must ascend from 1")
            }
        }
        if let red = document.member("red", of: 0) { frame.placeholders = try placeholders(red, in: frame.payload) }
        return frame
    }

    private func payload() throws(RecordingError) -> Frame.Payload {
        if let json = document.member("json", of: 0) { return .bytes(Array(document.raw(at: json))) }
        if let text = document.member("text", of: 0) { return .bytes(try string(text, "text")) }
        if let base64 = document.member("base64", of: 0) {
            guard let bytes = Base64.decode(try string(base64, "base64")) else {
                throw invalid("\"base64\" does not decode")
            }
            return .bytes(bytes)
        }
        if let omitted = document.member("omitted", of: 0) {
            guard let count = try integer("bytes", of: omitted), let digest = try text("sha256", of: omitted) else {
                throw invalid("\"omitted\" without \"bytes\" and \"sha256\"")
            }
            return .omitted(byteCount: count, sha256: digest)
        }
        throw invalid("no payload: expected \"json\", \"text\", \"base64\" or \"omitted\"")
    }

    private func pairs(_ array: Int, _ key: String) throws(RecordingError) -> [(Int, Int)] {
        let invalid = invalid("\"\(key)\" must hold pairs of numbers that are not negative")
        guard document.nodes[array].kind == .array else { throw invalid }
        var pairs: [(Int, Int)] = []
        for element in document.elements(of: array) {
            let numbers = document.elements(of: element).map {
                Int(String(decoding: document.raw(at: $0), as: UTF8.self))
            }
            guard numbers.count == 2, let first = numbers[0], let second = numbers[1], first >= 0, second >= 0 else {
                throw invalid
            }
            pairs.append((first, second))
        }
        return pairs
    }

    /// An exit code or the number of a signal.
    private func number(_ key: String) throws(RecordingError) -> Int32? {
        guard let value = try integer(key) else { return nil }
        guard let number = Int32(exactly: value) else { throw invalid("\"\(key)\" must be at most \(Int32.max)") }
        return number
    }

    private func integer(_ key: String, of object: Int = 0) throws(RecordingError) -> Int? {
        guard let node = document.member(key, of: object) else { return nil }
        guard document.nodes[node].kind == .number,
            let value = Int(String(decoding: document.raw(at: node), as: UTF8.self)), value >= 0
        else { throw invalid("\"\(key)\" must be an integer that is not negative") }
        return value
    }

    private func text(_ key: String, of object: Int = 0) throws(RecordingError) -> String? {
        guard let node = document.member(key, of: object) else { return nil }
        return String(decoding: try string(node, key), as: UTF8.self)
    }

    private func string(_ node: Int, _ key: String) throws(RecordingError) -> [UInt8] {
        guard document.nodes[node].kind == .string else { throw invalid("\"\(key)\" must be a string") }
        return document.string(at: node)
    }

    private func invalid(_ what: String) -> RecordingError {
        RecordingError(line: line, reason: .invalid(what))
    }
}
