import HTTPTypes
import MCPWire

/// What the head of a response means.
extension StreamableHTTPMachine {
    private enum MediaType {
        case events
        case json
        case other
    }

    mutating func headCame(_ number: Int, _ head: HTTPResponse) {
        guard let stream = streams[number], let exchange = stream.exchange, exchange.phase == .waiting else { return }
        if case .farewell = stream.kind { return finish() }
        let status = head.status.code
        streams[number]?.exchange?.status = status
        if isExpiring, isOfNoUse(status, exchange) { return notExecuted(number) }
        switch status {
        case 401, 403: return unauthorized(number, status, head)
        // A server that has just begun the session has not forgotten it: it knows no GET (SR-18).
        case 404 where exchange.hasSession && !(stream.isPush && !stream.hasBegun && stream.attempts == 0):
            return sessionExpired(number)
        case 301...303 where exchange.method != .get: break
        case 301...303, 307, 308:
            guard let reason = follow(number, to: head.headerFields[.location]) else { return }
            return isRedirectedAway(number, reason)
        default: break
        }
        if exchange.method == .get {
            getAnswered(number, head)
        } else {
            postAnswered(number, head)
        }
    }

    private func mediaType(_ head: HTTPResponse) -> MediaType {
        let value = head.headerFields[.contentType] ?? ""
        switch value.prefix(while: { $0 != ";" && $0 != " " && $0 != "\t" }).lowercased() {
        case "text/event-stream": return .events
        case "application/json": return .json
        default: return .other
        }
    }

    // MARK: POST

    private mutating func postAnswered(_ number: Int, _ head: HTTPResponse) {
        guard let stream = streams[number] else { return }
        let status = head.status.code
        guard (200..<300).contains(status) else { return postRefused(number, head) }
        streams[number]?.posted = []
        if stream.isInitialize, let problem = takeSessionID(head) { return lost(number, .protocolBroken(problem)) }
        guard stream.isRequest else { return noteTaken(number, head) }
        switch (status, mediaType(head)) {
        case (200, .events): beginEvents(number)
        case (200, .json): streams[number]?.exchange?.phase = .json
        default:
            let type = head.headerFields[.contentType] ?? "no Content-Type"
            lost(number, .protocolBroken("a request was answered with status \(status) and \(type.prefix(100))"))
        }
    }

    /// Keeps the id of the session; returns what is wrong with it.
    private mutating func takeSessionID(_ head: HTTPResponse) -> String? {
        guard let id = head.headerFields[.mcpSessionID] else { return nil }
        guard !id.isEmpty, id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return "the session id holds something else than visible ASCII characters"
        }
        guard id.utf8.count <= limits.idByteCountMax else {
            return "the session id is longer than the limit of \(limits.idByteCountMax) bytes"
        }
        sessionID = id
        return nil
    }

    /// The server has taken a notification or an answer, or a request that is cancelled.
    private mutating func noteTaken(_ number: Int, _ head: HTTPResponse) {
        noteSettled(number)
        if mediaType(head) == .events { beginEvents(number) } else { streams[number]?.exchange?.phase = .ignoring }
        streams[number]?.deadline = now.advanced(by: limits.closingTime)
    }

    /// What has waited for a notification or an answer need not wait any more.
    mutating func noteSettled(_ number: Int) {
        guard let stream = streams[number] else { return }
        if let cancelled = stream.cancels {
            streams[number]?.cancels = nil
            drop(cancelled)
        }
        if stream.isInitialized, isHeld {
            isHeld = false
            let push = addStream(.push)
            begin(push, .get, at: endpoint)
        }
    }

    private mutating func beginEvents(_ number: Int) {
        streams[number]?.exchange?.phase = .events
        streams[number]?.exchange?.began = now
        streams[number]?.hasBegun = true
    }

    private mutating func postRefused(_ number: Int, _ head: HTTPResponse) {
        guard let stream = streams[number] else { return }
        let status = head.status.code
        if stream.isInitialize || stream.isInitialized, status == 429 || status == 503 {
            return fail(.unavailable(status: status, retryAfter: head.headerFields[.retryAfter]))
        }
        readRefusal(number)
    }

    /// The body says why; it is waited for no longer than a connection.
    private mutating func readRefusal(_ number: Int) {
        streams[number]?.exchange?.phase = .refusal
        streams[number]?.deadline = now.advanced(by: policy.connectTimeout)
    }

    /// The body of a refusal is complete, or as much of it as counts.
    mutating func refusalComplete(_ number: Int, _ exchange: HTTPStream.Exchange) {
        guard let stream = streams[number] else { return }
        let message = Message.read(exchange.collected.span)
        if message.kind == .error, let id = message.id, stream.awaited.contains(id) {
            deliver(exchange.collected, number)
            return drop(number)
        }
        refused(number, exchange.status, text: Self.text(of: exchange.collected, message))
    }

    /// What a body says in words: the message of a JSON-RPC error, or the body itself, 1 KiB at most.
    private static func text(of body: [UInt8], _ message: Message) -> String {
        let textByteCountMax = 1024
        if message.kind == .error, let range = message.error, let error = try? JSONValue(Array(body[range])),
            let text = error["message"]?.text
        {
            return String(decoding: text.utf8.prefix(textByteCountMax), as: UTF8.self)
        }
        return String(decoding: body.prefix(textByteCountMax), as: UTF8.self)
    }

    /// The server does not want what was posted.
    private mutating func refused(_ number: Int, _ status: Int, text: String) {
        guard let stream = streams[number] else { return }
        if stream.isInitialize || stream.isInitialized { return fail(.status(status)) }
        endAlone(number, .refused(status: status, text: text))
    }

    /// What was posted gets no answer, while the session goes on.
    private mutating func endAlone(_ number: Int, _ failure: RequestFailure) {
        for id in streams[number]?.awaited ?? [] { act(.report(.requestFailed(id: id, failure))) }
        noteSettled(number)
        drop(number)
    }

    private mutating func isRedirectedAway(_ number: Int, _ reason: String) {
        guard let stream = streams[number], let exchange = stream.exchange else { return }
        if stream.isPush { return degrade(number, reason) }
        if stream.isInitialize || stream.isInitialized { return fail(.misconfigured(reason)) }
        if exchange.method == .get { return lost(number, .status(exchange.status)) }
        refused(number, exchange.status, text: reason)
    }

    // MARK: GET

    private mutating func getAnswered(_ number: Int, _ head: HTTPResponse) {
        guard let stream = streams[number] else { return }
        let status = head.status.code
        if status == 200, mediaType(head) == .events { return beginEvents(number) }
        if [408, 409, 429, 500, 502, 503, 504].contains(status) {
            endExchange(number)
            return resume(number, .status(status), retryAfter: head.headerFields[.retryAfter])
        }
        guard stream.isPush else { return lost(number, .status(status)) }
        switch status {
        case 200..<300, 404, 405, 501:
            // The server offers no such stream (SR-18).
            drop(number)
        case 400 where stream.cursor != nil, 410 where stream.cursor != nil:
            act(.report(.historyLost))
            streams[number]?.cursor = nil
            endExchange(number)
            resume(number, .status(status))
        default: degrade(number, "the server answered GET with status \(status)")
        }
    }

    // MARK: Authorization

    /// Each of the two statuses means something else to the authorizer, and is told to it once a request.
    private mutating func unauthorized(_ number: Int, _ status: Int, _ head: HTTPResponse) {
        guard let exchange = streams[number]?.exchange else { return }
        if exchange.refusals.contains(status) { return unauthorized(number) }
        streams[number]?.exchange?.phase = .recovering
        streams[number]?.deadline = nil
        let challenges = head.headerFields[values: .wwwAuthenticate]
        act(.recover(exchange: exchange.number, status: status, challenges: challenges))
    }

    /// The authorizer has another token, or none that helps.
    mutating func recovered(_ number: Int, _ recovery: AuthorizationRecovery) {
        guard let stream = streams[number], let exchange = stream.exchange, exchange.phase == .recovering else {
            return
        }
        // A request that was cancelled meanwhile is not sent again.
        if case .message(.request) = stream.kind, !stream.isRequest { return drop(number) }
        switch recovery {
        case .retry(let token):
            endExchange(number)
            begin(
                number, exchange.method, at: exchange.endpoint, redirects: exchange.redirects,
                refusals: exchange.refusals.union([exchange.status]), token: token)
        case .signIn: unauthorized(number, needsUser: true)
        case .refused: unauthorized(number)
        }
    }

    /// The server refuses for want of authorization, and no token helps.
    private mutating func unauthorized(_ number: Int, needsUser: Bool = false) {
        guard let stream = streams[number], let exchange = stream.exchange else { return }
        // A token that is refused is of use to no request; what a token does not allow is up to the request.
        if exchange.status == 403, exchange.method == .post, !stream.isInitialize, !stream.isInitialized {
            return needsUser ? endAlone(number, .unauthorized(status: 403)) : readRefusal(number)
        }
        if stream.isPush { return degrade(number, "the server refused GET with status \(exchange.status)") }
        if exchange.method == .get { return lost(number, .unauthorized(status: exchange.status)) }
        if !stream.isInitialize {
            for id in stream.awaited {
                act(.report(.requestFailed(id: id, .unauthorized(status: exchange.status))))
            }
            streams[number]?.awaited = []
        }
        fail(.unauthorized(status: exchange.status))
    }
}
