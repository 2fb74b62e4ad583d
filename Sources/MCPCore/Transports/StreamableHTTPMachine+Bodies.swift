import HTTPTypes
import MCPWire

/// What the bodies of responses mean.
extension StreamableHTTPMachine {
    /// What is kept of a body that says why a request was refused.
    private static let refusalByteCountMax = 65_536

    mutating func bodyCame(_ number: Int, _ bytes: [UInt8]) {
        // No copy of the exchange may be held here, or appending to what was collected would copy all of it.
        let count = streams[number]?.exchange?.collected.count ?? 0
        switch streams[number]?.exchange?.phase {
        case .events: eventsCame(number, bytes)
        case .json:
            guard count + bytes.count <= limits.bodyByteCountMax else {
                let limit = limits.bodyByteCountMax
                return lost(number, .protocolBroken("a body is longer than the limit of \(limit) bytes"))
            }
            streams[number]?.exchange?.collected += bytes
        case .refusal:
            let room = Self.refusalByteCountMax - count
            streams[number]?.exchange?.collected += bytes.prefix(room)
            if bytes.count > room, let exchange = streams[number]?.exchange { refusalComplete(number, exchange) }
        case nil, .waiting, .recovering, .ignoring: break
        }
    }

    mutating func bodyEnded(_ number: Int, _ failure: TransportFailure?) {
        guard let exchange = streams[number]?.exchange else { return }
        switch exchange.phase {
        case .events:
            if let frame = streams[number]?.exchange?.decoder.finish() { take(frame, number) }
            if streams[number]?.exchange != nil { streamBroke(number, failure ?? .closed) }
        case .json:
            forgetExchange(number)
            if let failure { return lost(number, failure) }
            if !exchange.collected.isEmpty { deliver(exchange.collected, number) }
            lost(number, .protocolBroken("a body without the answer to its request"))
        case .refusal:
            forgetExchange(number)
            refusalComplete(number, exchange)
        case .ignoring:
            forgetExchange(number)
            drop(number)
        case .waiting, .recovering: break
        }
    }

    /// Takes a request's answer for gone; the connection stands, unless it was `initialize` (SR-12).
    mutating func lost(_ number: Int, _ cause: TransportFailure) {
        guard let stream = streams[number] else { return }
        if stream.isInitialize, stream.isRequest { return fail(cause) }
        for id in stream.awaited { act(.report(.requestFailed(id: id, .lost(cause)))) }
        drop(number)
    }

    // MARK: Events

    private mutating func eventsCame(_ number: Int, _ bytes: [UInt8]) {
        guard let frames = streams[number]?.exchange?.decoder.receive(bytes.span) else { return }
        for frame in frames {
            take(frame, number)
            // The stream may have ended with it, or the connection.
            guard streams[number]?.exchange != nil else { return }
        }
    }

    private mutating func take(_ frame: SSEFrame, _ number: Int) {
        if frame.end == .limit || frame.isContinuation { return eventTooLong(number) }
        guard frame.end == .blankLine else { return }
        if let id = frame.id {
            let cursor = isSendable(id) ? id : nil
            streams[number]?.cursor = cursor
        }
        if let milliseconds = frame.retryMilliseconds { streams[number]?.retry = .milliseconds(milliseconds) }
        guard let event = frame.event, event.type == "message" else { return }
        if event.data.isEmpty, frame.id != nil, revision?.hasPriming ?? true {
            streams[number]?.exchange?.isPrimed = true
            return
        }
        streams[number]?.exchange?.hasMessage = true
        deliver(event.data, number)
    }

    /// Whether an id of an event can be sent back as it is; a stream with another one cannot be resumed from there.
    private func isSendable(_ id: String) -> Bool {
        !id.isEmpty && id.utf8.count <= limits.idByteCountMax && HTTPField.isValidValue(id)
    }

    /// To resume the stream would bring the same event again.
    private mutating func eventTooLong(_ number: Int) {
        let reason = "an event is longer than the limit of \(limits.eventByteCountMax) bytes"
        if streams[number]?.isPush == true { return degrade(number, reason) }
        lost(number, .protocolBroken(reason))
    }

    // MARK: Messages

    /// Gives a message to the reader, and notes what it answers.
    mutating func deliver(_ bytes: [UInt8], _ number: Int) {
        act(.report(.message(bytes)))
        let message = Message.read(bytes.span)
        if case .batch(let messages) = message.kind {
            for message in messages { noteAnswer(message, bytes, number) }
        } else {
            noteAnswer(message, bytes, number)
        }
    }

    /// Notes that a request has its answer, on whatever stream that came.
    private mutating func noteAnswer(_ message: Message, _ bytes: [UInt8], _ number: Int) {
        guard message.kind == .result || message.kind == .error, let id = message.id else { return }
        guard let answered = streamAwaiting(id, first: number) else { return }
        streams[answered]?.awaited.removeAll { $0 == id }
        guard let stream = streams[answered], stream.awaited.isEmpty else { return }
        if stream.isInitialize, let range = message.result, let result = try? JSONValue(Array(bytes[range])) {
            revision = result["protocolVersion"]?.text.flatMap(ProtocolRevision.init(rawValue:))
        }
        if stream.exchange == nil { return drop(answered) }
        streams[answered]?.deadline = now.advanced(by: limits.closingTime)
    }

    private func streamAwaiting(_ id: MessageID, first: Int) -> Int? {
        if streams[first]?.awaited.contains(id) ?? false { return first }
        return streams.keys.sorted().first { streams[$0]?.awaited.contains(id) ?? false }
    }
}
