import MCPWire

/// What a server mints and a client sends back: recorded values with the live ones that took their place.
struct MintedValues: Sendable {
    /// Where params send such a value back.
    private static let returned = [
        JSONPath(keys: "cursor"), JSONPath(keys: "taskId"), JSONPath(keys: "requestState"),
        JSONPath(keys: "_meta", "io.modelcontextprotocol/related-task", "taskId"),
    ]

    private var live: [MessageID: [UInt8]] = [:]

    /// Notes how the live server spells what the recorded one had minted in the same place.
    mutating func learn(recorded: JSONDocument, live document: JSONDocument) {
        for path in VariableRules.minted {
            guard let from = path.node(in: recorded), let to = path.node(in: document) else { continue }
            live[MessageID(text: Array(recorded.raw(at: from)))] = Array(document.raw(at: to))
        }
    }

    /// Where params must carry live values; the ranges are within the params.
    func replacements(in params: JSONDocument) -> [(range: Range<Int>, value: [UInt8])] {
        guard !live.isEmpty else { return [] }
        return Self.returned.compactMap { path in
            guard let node = path.node(in: params),
                let value = live[MessageID(text: Array(params.raw(at: node)))]
            else { return nil }
            return (params.nodes[node].range, value)
        }
    }
}

extension VariableRules {
    /// Where results and params of a server hold what it mints anew in every session: cursors, states, ids of tasks and
    /// elicitations (MCP 2025-11-25 and 2026-07-28).
    static let minted = [
        JSONPath(keys: "nextCursor"), JSONPath(keys: "requestState"), JSONPath(keys: "elicitationId"),
        JSONPath(keys: "task", "taskId"), JSONPath(keys: "taskId"),
        JSONPath(keys: "_meta", "io.modelcontextprotocol/related-task", "taskId"),
    ]

    /// The times of a task: result of its creation, its status, and the notification of that.
    private static let times = ["createdAt", "lastUpdatedAt"].flatMap {
        [JSONPath(keys: "task", $0), JSONPath(keys: $0)]
    }

    /// The mask with which what a server says is compared: `method` is that of its request or notification, or of the
    /// request that it answers.
    static func serverMask(method: String, result: JSONDocument?) -> JSONMask {
        var mask = JSONMask(variable: strictMask(method: method).variable + minted)
        let isTask = method.hasPrefix("tasks/") || method == "notifications/tasks/status"
        if isTask || result?.member("task", of: 0) != nil { mask.variable += times }
        return mask
    }
}
