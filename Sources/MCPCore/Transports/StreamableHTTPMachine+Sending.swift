import HTTPTypes
import MCPWire

/// What goes out.
extension StreamableHTTPMachine {
    private static let redirectMax = 5

    /// A message is to be sent: at once, when there is room, or not at all.
    mutating func send(_ bytes: [UInt8]) {
        guard phase == .open || isExpiring else { return act(.reject(refusal)) }
        let message = OutgoingMessage(bytes)
        if let cancelled = message.cancels, let index = waiting.firstIndex(where: { $0.ids == [cancelled] }) {
            // Neither the request nor its cancellation has to be sent.
            waiting.remove(at: index)
            return
        }
        // Of a session that is forgotten, requests alone are kept, to be handed back.
        if isExpiring, message.ids.isEmpty {
            if let cancelled = message.cancels, let number = cancel(cancelled) { drop(number) }
            return
        }
        guard waiting.count < limits.waitingCountMax else {
            return act(.reject(.protocolBroken("more than \(limits.waitingCountMax) messages wait for the server")))
        }
        waiting.append(message)
    }

    /// Sends what waits and has its turn now; requests wait for requests, and the rest for the rest.
    mutating func sendWaiting() {
        guard !waiting.isEmpty, phase == .open, !isHeld else { return }
        var room = limits.exchangeCountMax
        var noteRoom = limits.exchangeCountMax
        for stream in streams.values {
            if stream.isRequest { room -= 1 } else if stream.isNote { noteRoom -= 1 }
        }
        var kept: [OutgoingMessage] = []
        for (index, message) in waiting.enumerated() {
            if message.ids.isEmpty ? noteRoom <= 0 : room <= 0 {
                kept.append(message)
                continue
            }
            if message.ids.isEmpty { noteRoom -= 1 } else { room -= 1 }
            post(message)
            if isHeld {
                kept += waiting[(index + 1)...]
                break
            }
        }
        waiting = kept
    }

    private mutating func post(_ message: OutgoingMessage) {
        let number = addStream(.message(message.kind))
        streams[number]?.posted = message.bytes
        streams[number]?.awaited = message.ids
        if let id = message.cancels {
            let cancelled = cancel(id)
            streams[number]?.cancels = cancelled
        }
        isHeld = message.kind == .initialized
        begin(number, .post, at: endpoint)
    }

    /// Nobody waits for that answer any more; returns the number of its stream.
    private mutating func cancel(_ id: MessageID) -> Int? {
        guard let number = streams.keys.sorted().first(where: { streams[$0]?.awaited.contains(id) ?? false }) else {
            return nil
        }
        streams[number]?.awaited.removeAll { $0 == id }
        guard streams[number]?.awaited.isEmpty ?? false else { return nil }
        if streams[number]?.exchange == nil { drop(number) }
        return number
    }

    mutating func addStream(_ kind: HTTPStream.Kind) -> Int {
        let number = nextNumber()
        streams[number] = HTTPStream(kind)
        return number
    }

    // MARK: Exchanges

    /// Begins an exchange of a stream, in place of the one that there was.
    mutating func begin(
        _ number: Int, _ method: HTTPRequest.Method, at endpoint: HTTPURL, redirects: Int = 0,
        refusals: Set<Int> = [], token: AccessToken? = nil
    ) {
        forgetExchange(number)
        guard let stream = streams[number] else { return }
        let exchange = HTTPStream.Exchange(
            number: nextNumber(), method: method, endpoint: endpoint,
            hasSession: sessionID != nil && !(stream.isInitialize && method == .post), redirects: redirects,
            refusals: refusals, token: token, decoder: SSEDecoder(frameByteCountMax: limits.eventByteCountMax))
        owners[exchange.number] = number
        streams[number]?.exchange = exchange
        streams[number]?.resumeAt = nil
        if stream.awaited.isEmpty, method == .post {
            streams[number]?.deadline = now.advanced(by: policy.connectTimeout)
        }
        act(
            .begin(
                exchange: exchange.number, request(exchange, stream), body: method == .post ? stream.posted : [],
                token: token))
    }

    private func request(_ exchange: HTTPStream.Exchange, _ stream: HTTPStream) -> HTTPRequest {
        var fields = headers
        if exchange.method == .post {
            fields[.contentType] = "application/json"
            fields[.accept] = "application/json, text/event-stream"
        } else if exchange.method == .get {
            fields[.accept] = "text/event-stream"
        }
        if exchange.hasSession { fields[.mcpSessionID] = sessionID }
        if let revision, revision.hasVersionHeader { fields[.mcpProtocolVersion] = revision.rawValue }
        if exchange.method == .get { fields[.lastEventID] = stream.cursor }
        return HTTPRequest(
            method: exchange.method, scheme: exchange.endpoint.origin.scheme,
            authority: exchange.endpoint.origin.authority, path: exchange.endpoint.target, headerFields: fields)
    }

    /// Follows a redirect within the origin; returns why it does not otherwise.
    mutating func follow(_ number: Int, to location: String?) -> String? {
        guard let exchange = streams[number]?.exchange else { return nil }
        guard let location, let target = exchange.endpoint.resolving(location) else {
            return "the server redirects to nowhere"
        }
        guard target.origin == endpoint.origin else {
            return "the server redirects to another origin, \(target.origin)"
        }
        guard exchange.redirects < Self.redirectMax else {
            return "the server redirects more than \(Self.redirectMax) times"
        }
        endExchange(number)
        begin(
            number, exchange.method, at: target, redirects: exchange.redirects + 1,
            refusals: exchange.refusals, token: exchange.token)
        return nil
    }
}
