import MCPWire

/// What a server says without having been asked: notifications, and requests of its own.
extension ConnectionSession {
    /// A notification; nil if its parameters are none that it may have.
    mutating func notified(
        _ method: String, _ params: JSONValue, at now: Instant, _ ids: inout RequestIDs
    ) -> [Action]? {
        switch method {
        case "notifications/progress":
            guard let progress = RequestProgress(params: params) else { return nil }
            return [.progressed(token: params["progressToken"]?.integer, progress)]
        case "notifications/cancelled":
            guard let id = params["requestId"] else { return nil }
            // One that is not known has its answer already.
            let number = handling.removeValue(forKey: MessageID(text: id.encoded))
            return number.map { [.stopHandling(number: $0)] } ?? []
        default:
            guard let kind = ListKind.allCases.first(where: { $0.changeNotification == method }) else {
                return [.notification(method: method, params: params)]
            }
            guard let capabilities, capabilities.declared.contains(kind) else { return [] }
            return changed(kind, at: now, &ids)
        }
    }

    /// A request; nil if another one of that id has no answer yet.
    ///
    /// `ping` is answered here, what the client declared by whoever handles it, and the rest is unknown. More than
    /// `serverRequestMax` at a time are refused.
    mutating func asked(_ request: ServerRequest) -> [Action]? {
        guard handling[request.id] == nil else { return nil }
        func refusal(_ code: Int, _ message: String) -> [Action] {
            [.send(RequestWriter.error(request.id, code: code, message))]
        }
        if request.method == "ping" { return [.send(RequestWriter.result(request.id, .object([])))] }
        guard client.answers(request.method, spokenRevision) else {
            return refusal(-32601, "Method not found: \(request.method)")
        }
        guard handling.count < policy.serverRequestMax else {
            return refusal(-32000, "more requests at a time than the limit of \(policy.serverRequestMax)")
        }
        lastHandled += 1
        handling[request.id] = lastHandled
        return [.handle(number: lastHandled, request)]
    }

    /// Somebody has handled a request; the answer to send, nil if the server does not wait for it any more.
    public mutating func handled(
        _ number: Int, _ request: ServerRequest, _ answer: Result<JSONValue, ServerRequestRefusal>
    ) -> [UInt8]? {
        guard handling[request.id] == number else { return nil }
        handling[request.id] = nil
        switch answer {
        case .success(let result): return RequestWriter.result(request.id, result)
        case .failure(let refusal): return RequestWriter.error(request.id, code: refusal.code, refusal.message)
        }
    }
}
