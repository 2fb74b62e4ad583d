import HTTPTypes
import MCPCore
import MCPWire

/// The streams of a session on their exchanges.
extension MCPSession {
    /// A GET for messages that answer no request: what no exchange has carried yet comes at once.
    mutating func openPush(on exchange: Int) {
        guard push.exchange == nil else {
            said += ServiceResponse.error(409, "there is such a stream already").actions(exchange: exchange)
            return
        }
        begin(exchange)
        push.exchange = exchange
        prime(exchange, stream: 0, seen: push.handedNumber)
        let first = max(push.handedNumber, push.firstKeptNumber - 1)
        replay(push.messages(after: first) ?? [], of: push, on: exchange)
        push.handedNumber = push.lastNumber
    }

    /// A GET with `Last-Event-ID`: what stands behind that event on its stream, and then what else comes there.
    mutating func resume(_ place: EventIDs.Place, on exchange: Int, at now: Instant) {
        let stream = place.stream == 0 ? push : calls[place.stream]
        guard let stream, let missing = stream.messages(after: place.number) else {
            said += ServiceResponse.error(400, "what follows that event is not kept").actions(exchange: exchange)
            return
        }
        if let former = stream.exchange { said.append(.end(exchange: former)) }
        begin(exchange)
        if place.stream == 0 {
            push.exchange = exchange
            prime(exchange, stream: 0, seen: place.number)
            replay(missing, of: stream, on: exchange)
            push.handedNumber = push.lastNumber
        } else {
            attach(exchange, toCall: place.stream, seen: place.number, at: now)
            replay(missing, of: stream, on: exchange)
            if stream.isComplete { detach(call: place.stream) }
        }
    }

    /// The client has gone away from an exchange of this session.
    mutating func abandoned(_ exchange: Int) {
        if push.exchange == exchange { push.exchange = nil }
        guard let number = calls.values.first(where: { $0.exchange == exchange })?.number else { return }
        calls[number]?.exchange = nil
        calls[number]?.closesAt = nil
        // Nobody can ever ask for what comes.
        if !rules.behaviour.hasEventIDs { calls[number] = nil }
    }

    /// The session is over: streams end, and whoever waits for a JSON body is cut off.
    mutating func end(cuttingOff: Bool = false) {
        guard !isOver else { return }
        isOver = true
        machine.disconnect()
        for stream in [push] + calls.values.sorted(by: { $0.number < $1.number }) {
            guard let exchange = stream.exchange else { continue }
            if case .events = stream.form, !cuttingOff {
                said.append(.end(exchange: exchange))
            } else {
                said.append(.reset(exchange: exchange))
            }
        }
        push.exchange = nil
        calls = [:]
    }

    // MARK: Pieces

    /// The head of a stream.
    mutating func begin(_ exchange: Int, sessionID: String? = nil) {
        var head = HTTPResponse(status: .ok)
        head.headerFields[.contentType] = "text/event-stream"
        head.headerFields[.cacheControl] = "no-store"
        if let sessionID { head.headerFields[.mcpSessionID] = sessionID }
        said.append(.head(exchange: exchange, head))
    }

    /// Lets an exchange carry the stream of a POST; its client has seen so many of the messages.
    mutating func attach(_ exchange: Int, toCall number: UInt32, seen: UInt32, at now: Instant) {
        guard var stream = calls[number] else { return }
        stream.exchange = exchange
        if isPolled, let delay = rules.behaviour.closesCallsAfter { stream.closesAt = now.advanced(by: delay) }
        calls[number] = stream
        prime(exchange, stream: number, seen: seen)
    }

    /// Ends the exchange of the stream of a POST.
    mutating func detach(call number: UInt32) {
        if let exchange = calls[number]?.exchange { said.append(.end(exchange: exchange)) }
        calls[number]?.exchange = nil
        calls[number]?.closesAt = nil
    }

    /// What stands at the beginning of an exchange: an id without a message (2025-11-25), and `retry`.
    private mutating func prime(_ exchange: Int, stream: UInt32, seen: UInt32) {
        let retry = rules.behaviour.retry.map { Int($0.wholeNanoseconds / 1_000_000) }
        var id: String?
        if rules.behaviour.hasEventIDs, revision.hasPriming {
            primingCount += 1
            id = rules.ids.encode(
                EventIDs.Place(session: number, stream: stream, number: seen, salt: primingCount))
        }
        guard id != nil || retry != nil else { return }
        let bytes = Self.encode(data: id == nil ? nil : [], id: id, retry: retry)
        said.append(.body(exchange: exchange, bytes, message: nil))
    }

    private mutating func replay(
        _ messages: [(number: UInt32, message: [UInt8])], of stream: ServerStream, on exchange: Int
    ) {
        for (number, message) in messages {
            said.append(.body(exchange: exchange, event(message, stream, number: number), message: message))
        }
    }

    /// A message as an event, the last of its stream if no number is given.
    func event(_ message: [UInt8], _ stream: ServerStream, number: UInt32? = nil) -> [UInt8] {
        guard rules.behaviour.hasEventIDs else { return Self.encode(data: message) }
        let place = EventIDs.Place(
            session: self.number, stream: stream.number, number: number ?? stream.lastNumber)
        return Self.encode(data: message, id: rules.ids.encode(place))
    }

    private static func encode(data: [UInt8]?, id: String? = nil, retry: Int? = nil) -> [UInt8] {
        do throws(SSEEncodingError) {
            return try SSEEncoder.encode(data: data, id: id, retryMilliseconds: retry.map { max(0, $0) })
        } catch {
            preconditionFailure("a message or an id of our own cannot be an event: \(error)")
        }
    }
}
