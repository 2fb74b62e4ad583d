import HTTPTypes
import MCPCore
import MCPWire

/// Which session a request is in.
extension MCPService {
    /// A request that is in no session, with the response that says so.
    struct Refusal: Error {
        var response: ServiceResponse

        init(_ status: Int, _ text: String) {
            response = .error(status, text)
        }
    }

    /// The session that a request names, or the one that its client has where sessions have no ids.
    mutating func session(of request: ServiceRequest) -> Result<UInt32, Refusal> {
        let number: UInt32
        if rules.behaviour.hasSessions {
            guard let id = request.head.headerFields[.mcpSessionID] else {
                return .failure(Refusal(400, "a request needs an Mcp-Session-Id"))
            }
            guard let known = numberByID[id], sessions[known]?.isOver == false else {
                return .failure(Refusal(404, "there is no such session"))
            }
            number = known
        } else {
            number = anonymousSession(of: request)
        }
        // A session of 2025-06-18 or later whose client does not say so is another's, or the client is wrong.
        if let revision = sessions[number]?.revision, revision.hasVersionHeader,
            request.head.headerFields[.mcpProtocolVersion] != revision.rawValue
        {
            return .failure(Refusal(400, "MCP-Protocol-Version has to be \(revision.rawValue) in this session"))
        }
        return .success(number)
    }

    private mutating func anonymousSession(of request: ServiceRequest) -> UInt32 {
        if let number = numberByClient[request.client], sessions[number]?.isOver == false { return number }
        return beginSession(client: request.client, revision(of: request))
    }

    /// The revision by which a request is judged.
    ///
    /// That is the one of its session, else what the client asks for, else 2025-03-26, as basic/transports of
    /// 2025-06-18 has it for a request without the header.
    func revision(of request: ServiceRequest) -> ProtocolRevision {
        let head = request.head
        let number = head.headerFields[.mcpSessionID].flatMap { numberByID[$0] } ?? numberByClient[request.client]
        if let revision = number.flatMap({ sessions[$0]?.revision }) { return revision }
        let stated = head.headerFields[.mcpProtocolVersion].flatMap(ProtocolRevision.init)
        if let stated, stated.hasStreamableHTTP, stated.isLegacy { return stated }
        let message = Message.read(request.body.span)
        let params = message.params.flatMap { try? JSONValue(Array(request.body[$0])) }
        let asked = params?["protocolVersion"]?.text.flatMap(ProtocolRevision.init)
        if message.method == "initialize" { return asked.flatMap { $0.isLegacy ? $0 : nil } ?? .november2025 }
        return .march2025
    }

    mutating func beginSession(client: Int, _ revision: ProtocolRevision) -> UInt32 {
        lastSession += 1
        sessionCountByClient[client, default: 0] += 1
        var id: String?
        if rules.behaviour.hasSessions {
            let text = EventIDs.hexadecimal(random.next()) + EventIDs.hexadecimal(random.next())
            numberByID[text] = lastSession
            idByNumber[lastSession] = text
            id = text
        } else {
            numberByClient[client] = lastSession
        }
        let machine = ServerDoubleMachine(description, connection: sessionCountByClient[client] ?? 1)
        sessions[lastSession] = MCPSession(
            number: lastSession, id: id, client: client, revision: revision, machine: machine, rules: rules)
        return lastSession
    }

    /// Forgets the oldest session when there are too many.
    mutating func forgetOldest() -> [ServiceAction] {
        guard Int(lastSession) > sessionCountMax else { return [] }
        let number = lastSession - UInt32(sessionCountMax)
        if let id = idByNumber.removeValue(forKey: number) { numberByID[id] = nil }
        if let client = sessions[number]?.client, numberByClient[client] == number { numberByClient[client] = nil }
        sessions[number]?.end()
        return collect(from: number)
    }
}
