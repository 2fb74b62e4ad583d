import HTTPTypes
import MCPCore
import MCPWire

/// What becomes of a request: rules of the description, authorization, then the rules of Streamable HTTP.
extension MCPService {
    private static let endpoint = "/mcp"

    /// What a scenario calls a request.
    func route(of request: ServiceRequest) -> String {
        let path = request.head.pathWithoutQuery
        guard path == Self.endpoint else { return path.hasPrefix("/.well-known/") ? "resource-metadata" : "other" }
        guard request.head.method == .post else { return request.head.method.rawValue }
        let message = Message.read(request.body.span)
        switch message.kind {
        case .request, .notification: return message.method ?? ""
        case .result, .error: return "response"
        case .batch: return "batch"
        case .malformed: return "malformed"
        }
    }

    /// What a `Last-Event-ID` stands for, as `push 5` or `call 2`; `?` if it was given by nobody.
    func resumedText(_ id: String) -> String {
        guard let place = rules.ids.decode(id), (1...max(1, lastSession)).contains(place.session) else { return "?" }
        return place.stream == 0 ? "push \(place.number)" : "call \(place.number)"
    }

    mutating func respond(to request: ServiceRequest, at now: Instant) -> [ServiceAction] {
        let exchange = request.exchange
        let route = route(of: request)
        if let rule = takeRule(for: route, isResuming: request.head.headerFields[.lastEventID] != nil, at: now) {
            return rule.response.actions(exchange: exchange)
        }
        let path = request.head.pathWithoutQuery
        guard path == Self.endpoint else {
            let response = gate?.metadata(for: path) ?? .error(404, "there is nothing at \(path)")
            return response.actions(exchange: exchange)
        }
        if let refusal = gate?.check(request.head, route: route, revision: revision(of: request), at: now) {
            return refusal.actions(exchange: exchange)
        }
        switch request.head.method {
        case .post: return post(request, at: now)
        case .get: return open(request, at: now)
        case .delete: return delete(request, at: now)
        default:
            var response = ServiceResponse.error(405, "the endpoint takes POST, GET and DELETE")
            response.head.headerFields[.allow] = "POST, GET, DELETE"
            return response.actions(exchange: exchange)
        }
    }

    /// The first rule that applies and is not used up.
    private mutating func takeRule(for route: String, isResuming: Bool, at now: Instant) -> ResponseRule? {
        guard let origin else { return nil }
        let present = Instant.zero.advanced(by: origin.duration(to: now))
        for (index, rule) in rules.behaviour.rules.enumerated() {
            guard rule.route.map({ $0 == route }) ?? true, rule.isResuming.map({ $0 == isResuming }) ?? true,
                rule.from <= present, rule.until.map({ present < $0 }) ?? true
            else { continue }
            if let count = rule.count, ruleCounts[index] - rule.skip >= count { continue }
            ruleCounts[index] += 1
            if ruleCounts[index] > rule.skip { return rule }
        }
        return nil
    }

    // MARK: Methods

    private mutating func post(_ request: ServiceRequest, at now: Instant) -> [ServiceAction] {
        let (exchange, head) = (request.exchange, request.head)
        func refuse(_ status: Int, code: Int = -32600, _ text: String) -> [ServiceAction] {
            ServiceResponse.error(status, code: code, text).actions(exchange: exchange)
        }
        guard head.accepts("application/json"), head.accepts("text/event-stream") else {
            return refuse(406, "the client has to accept application/json and text/event-stream")
        }
        guard head.isJSON else { return refuse(415, "the content type of a message is application/json") }
        let message = Message.read(request.body.span)
        switch message.kind {
        case .malformed(.notJSON(let error)): return refuse(400, code: -32700, "\(error)")
        case .malformed(let malformation): return refuse(400, "\(malformation)")
        case .request where message.method == "initialize": return initialize(request, message, at: now)
        default: break
        }
        switch session(of: request) {
        case .failure(let refusal): return refusal.response.actions(exchange: exchange)
        case .success(let number):
            if case .batch(let elements) = message.kind {
                guard sessions[number]?.revision.hasBatches == true else {
                    return refuse(400, "there are no batches in this revision")
                }
                for element in elements {
                    if case .malformed(let malformation) = element.kind { return refuse(400, "\(malformation)") }
                    if element.method == "initialize" { return refuse(400, "initialize is never in a batch") }
                }
            }
            sessionByExchange[exchange] = number
            sessions[number]?.post(message, request.body, on: exchange, at: now)
            return collect(from: number)
        }
    }

    private mutating func initialize(_ request: ServiceRequest, _ message: Message, at now: Instant) -> [ServiceAction]
    {
        let params = message.params.flatMap { try? JSONValue(Array(request.body[$0])) }
        let asked = params?["protocolVersion"]?.text.flatMap(ProtocolRevision.init)
        let revision = asked.flatMap { $0.isLegacy ? $0 : nil } ?? .november2025
        var said: [ServiceAction] = []
        if !rules.behaviour.hasSessions, let former = numberByClient[request.client] {
            sessions[former]?.end()
            said = collect(from: former)
        }
        let number = beginSession(client: request.client, revision)
        sessionByExchange[request.exchange] = number
        sessions[number]?.post(message, request.body, on: request.exchange, at: now)
        return said + collect(from: number) + forgetOldest()
    }

    private mutating func open(_ request: ServiceRequest, at now: Instant) -> [ServiceAction] {
        let exchange = request.exchange
        guard request.head.accepts("text/event-stream") else {
            let text = "the client has to accept text/event-stream"
            return ServiceResponse.error(406, text).actions(exchange: exchange)
        }
        switch session(of: request) {
        case .failure(let refusal): return refusal.response.actions(exchange: exchange)
        case .success(let number):
            sessionByExchange[exchange] = number
            if rules.behaviour.hasEventIDs, let id = request.head.headerFields[.lastEventID] {
                guard let place = rules.ids.decode(id), place.session == number else {
                    sessionByExchange[exchange] = nil
                    let text = "no event of this session has that id"
                    return ServiceResponse.error(400, text).actions(exchange: exchange)
                }
                sessions[number]?.resume(place, on: exchange, at: now)
            } else {
                sessions[number]?.openPush(on: exchange)
            }
            return collect(from: number)
        }
    }

    private mutating func delete(_ request: ServiceRequest, at now: Instant) -> [ServiceAction] {
        guard rules.behaviour.hasSessions else {
            return ServiceResponse.error(405, "there are no sessions").actions(exchange: request.exchange)
        }
        switch session(of: request) {
        case .failure(let refusal): return refusal.response.actions(exchange: request.exchange)
        case .success(let number):
            sessions[number]?.end()
            return ServiceResponse(HTTPResponse(status: .ok)).actions(exchange: request.exchange)
                + collect(from: number)
        }
    }
}

extension ResponseRule {
    /// The response itself; headers that cannot be are left out.
    fileprivate var response: ServiceResponse {
        var head = HTTPResponse(status: .init(code: min(max(status, 100), 599)))
        for header in headers {
            guard let name = HTTPField.Name(header.name) else { continue }
            head.headerFields.append(HTTPField(name: name, value: header.value))
        }
        return ServiceResponse(head, body: Array(body.utf8))
    }
}
