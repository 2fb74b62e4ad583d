import MCPWire
import RepriseRecording

/// What a live client sees of a recorded response: heads and addresses, and what we say in words of our own.
extension HTTPReplayer {
    /// Fields that belong to a connection or to the framing of one message (RFC 9110, section 7.6.1), and the date.
    private static let dropped: Set = [
        "connection", "content-length", "date", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]

    /// A recorded head with live values in its place: the session id, secrets, addresses, and the body's length.
    mutating func served(_ head: ResponseHead, of stream: Int) -> ResponseHead {
        var served = ResponseHead(status: head.status, reason: head.reason)
        for field in head.fields where !Self.dropped.contains(field.name.lowercased()) {
            var field = field
            if field.name.equalsIgnoringCase("mcp-session-id") {
                field = HTTPField(field.name, liveID(of: script.streams[stream].session))
            }
            field.value = filled(field)
            field.placeholders = []
            if field.name.equalsIgnoringCase("location") { field.value = pages.echoed(field.value) }
            served.fields.append(field)
        }
        if let originMap { served.fields = originMap.response(served.fields).value }
        if let length = bodyByteCount(of: stream, head) {
            served.fields.append(HTTPField("content-length", String(length)))
        }
        return served
    }

    private mutating func filled(_ field: HTTPField) -> String {
        let template = FrameTemplate(bytes: Array(field.value.utf8), placeholders: field.placeholders)
        let (bytes, _) = template.filled { source in
            guard case .secret(let placeholder, _) = source else { return nil }
            let value = bindings.liveValue(of: placeholder)
            guard field.name.equalsIgnoringCase("location") else { return value }
            return value.map { Array(FormText.encode($0).utf8) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The length to announce: that of what will be sent, or, where it was broken off, as it was announced then.
    private mutating func bodyByteCount(of stream: Int, _ head: ResponseHead) -> Int? {
        let recorded = script.streams[stream]
        guard !recorded.isEventStream, head.status != 204, head.status != 304 else { return nil }
        let announced = head.fields.first("content-length").flatMap { Int($0) }
        let method = script.log.exchanges[recorded.segments[0].exchange].request.method
        guard method != "HEAD", case .ending(nil) = recorded.elements.last?.content else { return announced }
        var count = 0
        for case .frame(let template, _) in recorded.elements.map(\.content) {
            count += filled(template, of: stream).bytes.count
        }
        return count
    }

    /// The live id of a session, minted when it is first needed.
    private mutating func liveID(of session: Int) -> String {
        if let id = sessions[session].liveID { return id }
        let id = sessionIDs.next()
        bind(session, to: id)
        return id
    }

    /// A live session id from now on stands for a recorded session.
    mutating func bind(_ session: Int, to id: String) {
        sessions[session].liveID = id
        sessionOfLiveID[id] = session
    }

    /// Metadata and the endpoint event with addresses of ours; everything else as it is.
    func mapped(_ bytes: [UInt8], of stream: Int) -> [UInt8] {
        guard let originMap else { return bytes }
        let exchange = script.log.exchanges[script.streams[stream].segments[0].exchange]
        if OriginMap.isResourceMetadata(target: exchange.request.target) { return originMap.metadata(bytes).value }
        guard exchange.endpoint != nil else { return bytes }
        var decoder = SSEDecoder(frameByteCountMax: max(1, bytes.count))
        guard let frame = decoder.receive(bytes.span).first, frame.bytes == bytes else { return bytes }
        return originMap.endpoint(frame).value
    }

    /// Serves a page once more, at once: what it waited for the first time has come.
    mutating func serveAgain(_ stream: Int, to live: Int) {
        for element in script.streams[stream].elements {
            switch element.content {
            case .head(let head):
                actions.append(.respond(exchange: live, served(head, of: stream)))
            case .frame(let template, _):
                let bytes = filled(template, of: stream).bytes
                actions.append(.send(exchange: live, bytes))
            case .omitted:
                break
            case .ending(nil), .ending(.refused):
                actions.append(.finish(exchange: live))
            case .ending(let how?):
                actions.append(.abort(exchange: live, how))
            }
        }
    }

    /// Answers in our own words, as text.
    mutating func respond(_ live: Int, _ status: Int, _ text: String) {
        answer(live, status, type: "text/plain; charset=utf-8", Array("reprise: \(text)\n".utf8))
    }

    /// Answers with messages of our own: one as it is, several as a batch.
    mutating func respond(_ live: Int, _ status: Int, messages: [[UInt8]]) {
        let batch = [UInt8(ascii: "[")] + messages.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
        answer(live, status, type: "application/json", messages.count == 1 ? messages[0] : batch)
    }

    /// Takes note of a message that is answered by nothing but that.
    mutating func acknowledge(_ live: Int) {
        answer(live, 202, type: nil, [])
    }

    private mutating func answer(_ live: Int, _ status: Int, type: String?, _ body: [UInt8]) {
        var head = ResponseHead(status: status)
        if let type { head.fields.append(HTTPField("content-type", type)) }
        head.fields.append(HTTPField("content-length", String(body.count)))
        actions.append(.respond(exchange: live, head))
        if !body.isEmpty { actions.append(.send(exchange: live, body)) }
        actions.append(.finish(exchange: live))
    }
}
