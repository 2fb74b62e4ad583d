import MCPCore
import MCPWire

/// Calls of tools: what a tool says and asks before it answers.
extension ServerDoubleMachine {
    /// What a tool has asked of the client.
    struct OpenAsk: Equatable {
        /// The call.
        var request: MessageID
        var tool: String
        /// The earliest instant of the answer; nil is never.
        var answersAt: Instant?
    }

    mutating func call(_ id: MessageID, _ params: JSONValue, at now: Instant) {
        let name = params["name"]?.text ?? ""
        guard let tool = tools?.first(where: { $0.name == name }) else {
            return fail(id, -32602, "Unknown tool: \(name)", at: now)
        }
        for (index, delay) in tool.remarks.enumerated() {
            let remark: JSONValue = ["level": "info", "data": .int(index + 1)]
            after(delay, .send(Self.notification("notifications/message", remark), about: id), for: id, at: now)
        }
        if let token = params["_meta"]?["progressToken"] {
            for (index, delay) in tool.progress.enumerated() {
                let progress: JSONValue = [
                    "progressToken": token, "progress": .int(index + 1), "total": .int(tool.progress.count),
                ]
                after(delay, .send(Self.notification("notifications/progress", progress), about: id), for: id, at: now)
            }
        }
        after(tool.executesAfter, .execute(tool: name), for: id, at: now, outlivesConnection: true)
        if let method = tool.asks {
            ask(method, OpenAsk(request: id, tool: name, answersAt: tool.answersAfter.map(now.advanced)), at: now)
        } else if let delay = tool.answersAfter {
            finish(id, tool, after: delay, at: now)
        }
    }

    private mutating func finish(_ id: MessageID, _ tool: ToolDescription, after delay: Duration, at now: Instant) {
        if let error = tool.error {
            return fail(id, error.code, error.message, after: delay, for: id, at: now)
        }
        answer(id, tool.result ?? Self.content(tool.name), after: delay, for: id, at: now)
    }

    private mutating func ask(_ method: String, _ ask: OpenAsk, at now: Instant) {
        lastAsk += 1
        let id = JSONValue.string("ask-\(lastAsk)")
        openAsks[MessageID(text: id.encoded)] = ask
        var members: [JSONValue.Member] = [.init("jsonrpc", "2.0"), .init("id", id), .init("method", .string(method))]
        if let params = Self.params(of: method, tool: ask.tool) { members.append(.init("params", params)) }
        after(
            .zero, .send(JSONValue.object(members).encoded, about: ask.request), for: ask.request, at: now)
    }

    /// What is asked for, as far as the method needs it.
    private static func params(of method: String, tool: String) -> JSONValue? {
        switch method {
        case "sampling/createMessage":
            [
                "messages": [["role": "user", "content": ["type": "text", "text": .string(tool)]]],
                "maxTokens": 16,
            ]
        case "elicitation/create":
            ["message": .string(tool), "requestedSchema": ["type": "object", "properties": .object([])]]
        default: nil
        }
    }

    /// The client has answered; a tool that it refuses something gives an error as its result.
    mutating func response(_ message: Message, _ bytes: [UInt8], at now: Instant) {
        guard let id = message.id, let ask = openAsks.removeValue(forKey: id), let answersAt = ask.answersAt,
            let tool = tools?.first(where: { $0.name == ask.tool })
        else { return }
        let delay = now.duration(to: max(now, answersAt))
        guard let range = message.error else { return finish(ask.request, tool, after: delay, at: now) }
        let error = try? JSONValue(Array(bytes[range]))
        let text = error?["message"]?.text ?? "the client answered with an error"
        let result = Self.content(text).members ?? []
        answer(
            ask.request, .object(result + [.init("isError", true)]), after: delay, for: ask.request, at: now)
    }

    private static func content(_ text: String) -> JSONValue {
        ["content": [["type": "text", "text": .string(text)]]]
    }

    /// A notification with its parameters.
    static func notification(_ method: String, _ params: JSONValue) -> [UInt8] {
        let message: JSONValue = ["jsonrpc": "2.0", "method": .string(method), "params": params]
        return message.encoded
    }
}

extension ToolDescription {
    /// The tool as `tools/list` gives it.
    var listed: JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(name)), .init("description", .string("The tool \(name)")),
            .init("inputSchema", ["type": "object"]),
        ]
        if let idempotentHint { members.append(.init("annotations", ["idempotentHint": .bool(idempotentHint)])) }
        return .object(members)
    }
}
