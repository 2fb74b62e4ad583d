import MCPWire
import RepriseRecording

/// What the heads of exchanges said that are not over: how their bodies are to be read.
struct OpenExchanges: Sendable {
    /// How a body is read.
    enum Form: Sendable {
        /// JSON where it is JSON, else text.
        case any
        /// Fields of a form.
        case form
        /// HTML.
        case page
    }

    private struct Exchange {
        var connection: Int?
        var request = Form.any
        var response = Form.any
    }

    private var exchanges: [Int: Exchange] = [:]

    /// Number of exchanges that are kept.
    var count: Int { exchanges.count }

    mutating func begin(_ event: Event, _ head: RequestHead) {
        guard let number = event.exchange else { return }
        exchanges[number] = Exchange(connection: event.connection, request: Self.form(of: head.fields))
    }

    mutating func answer(_ event: Event, _ head: ResponseHead) {
        guard let number = event.exchange else { return }
        exchanges[number, default: Exchange(connection: event.connection)].response = Self.form(of: head.fields)
    }

    /// Drops what an `end` or `close` ends: its exchange, or those of its connection. Ascending.
    mutating func end(_ event: Event) -> [Int] {
        if let number = event.exchange {
            exchanges[number] = nil
            return [number]
        }
        guard let connection = event.connection else { return [] }
        let ended = exchanges.filter { $0.value.connection == connection }.keys.sorted()
        for number in ended { exchanges[number] = nil }
        return ended
    }

    func form(of stream: EventRedactor.Stream) -> Form {
        guard case .exchange(let number, let direction) = stream, let exchange = exchanges[number] else { return .any }
        return direction == .clientToServer ? exchange.request : exchange.response
    }

    private static func form(of fields: [HTTPField]) -> Form {
        guard let type = fields.first("content-type") else { return .any }
        let essence = type.prefix { $0 != ";" && $0 != " " && $0 != "\t" }
        switch SecretValues.lowercased(Array(essence.utf8)) {
        case "application/x-www-form-urlencoded": return .form
        case "text/html", "application/xhtml+xml": return .page
        default: return .any
        }
    }
}

extension Redactor {
    /// A server-sent event without secrets: its payload, redacted already, and the lines around it.
    ///
    /// Where those hold secrets, which only a payload can mark, all of the frame becomes its payload.
    mutating func joined(_ frame: Frame, _ payload: Redacted) -> Frame {
        var result = frame
        let pre = redacted(frame.pre, settle { $0.findings(in: frame.pre) })
        let post = redacted(frame.post, settle { $0.findings(in: frame.post) })
        guard !pre.edits.isEmpty || !post.edits.isEmpty else {
            if !payload.edits.isEmpty { result.take(payload, shift: frame.pre.count) }
            return result
        }
        guard case .bytes(let bytes) = frame.payload else { return frame }
        let starts = (source: frame.pre.count, result: pre.bytes.count)
        let ends = (source: starts.source + bytes.count, result: starts.result + payload.bytes.count)
        let whole = Redacted(
            bytes: pre.bytes + payload.bytes + post.bytes,
            placeholders: pre.placeholders + payload.placeholders.map { $0.moved(by: starts.result) }
                + post.placeholders.map { $0.moved(by: ends.result) },
            edits: pre.edits + payload.edits.map { $0.moved(by: starts.source) }
                + post.edits.map { $0.moved(by: ends.source) })
        result.pre = []
        result.post = []
        result.take(whole, shift: 0)
        return result
    }

    /// A frame whose payload is left out; with it go lines around it that hold secrets.
    mutating func omitted(_ frame: Frame, _ bytes: [UInt8]) -> Frame {
        var result = frame
        let around = [frame.pre, frame.post].map { text in settle { $0.findings(in: text) } }
        let all = around.allSatisfy(\.isEmpty) ? bytes : frame.pre + bytes + frame.post
        if all.count > bytes.count {
            result.pre = []
            result.post = []
        }
        result.payload = .omitted(byteCount: all.count, sha256: SHA256.hexadecimal(of: all))
        return result
    }
}

extension Frame {
    /// Puts redacted bytes in the place of the payload; cuts keep their place between the same bytes.
    mutating func take(_ redacted: Redacted, shift: Int) {
        payload = .bytes(redacted.bytes)
        placeholders = redacted.placeholders
        guard let old = cuts else { return }
        var moved: [Cut] = []
        for cut in old {
            // One inside a secret stays within its placeholder.
            let offset = cut.offset <= shift ? cut.offset : redacted.offset(ofSource: cut.offset - shift) + shift
            if offset > moved.last?.offset ?? 0 { moved.append(Cut(offset: offset, age: cut.age)) }
        }
        cuts = moved
    }
}

extension Range<Int> {
    fileprivate func moved(by shift: Int) -> Range<Int> { (lowerBound + shift)..<(upperBound + shift) }
}

extension Redacted.Edit {
    fileprivate func moved(by shift: Int) -> Redacted.Edit {
        Redacted.Edit(source: source.moved(by: shift), replacementByteCount: replacementByteCount)
    }
}
