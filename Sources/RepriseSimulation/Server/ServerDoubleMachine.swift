import MCPCore
import MCPWire

/// Decides what a declared double of an MCP server does on one connection.
///
/// A value without clock or I/O. It is lenient: it answers requests before `initialize` too.
struct ServerDoubleMachine {
    /// What the shell has to do, in order.
    enum Action: Equatable {
        case send([UInt8])
        /// The side effect of a tool happens.
        case execute(tool: String)
        case close
        case exit(code: Int)
    }

    private struct Due {
        var at: Instant
        var action: Action
        /// It belongs to the tool, not to the connection.
        var outlivesConnection: Bool
    }

    private let description: ServerDescription
    private let tools: [ToolDescription]?
    /// By time, the earliest first; equal ones in the order of entry.
    private var timers: [Due] = []
    private var isConnected = true

    /// The double on the how many-th connection of a client, from 1.
    init(_ description: ServerDescription, connection: Int) {
        self.description = description
        tools = description.toolsByConnection[connection] ?? description.tools
    }

    /// When ``advance(to:)`` has something to do; nil is never.
    var nextDeadline: Instant? { timers.first?.at }

    /// What the time that has come brings.
    mutating func advance(to now: Instant) -> [Action] {
        let count = timers.firstIndex { $0.at > now } ?? timers.count
        let actions = timers[..<count].map(\.action)
        timers.removeFirst(count)
        return actions
    }

    /// The connection is gone; tools that are being executed go on.
    mutating func disconnect() {
        isConnected = false
        timers.removeAll { !$0.outlivesConnection }
    }

    /// A message has arrived: `message` is what was read of `bytes`.
    mutating func receive(_ bytes: [UInt8], _ message: Message, at now: Instant) -> [Action] {
        switch message.kind {
        case .request: request(message, bytes, at: now)
        case .batch(let elements): for element in elements { receiveElement(element, bytes, at: now) }
        case .malformed(let reason):
            var code = -32600
            if case .notJSON = reason { code = -32700 }
            after(.zero, .send(Self.failure(.null, code, "\(reason)")), at: now)
        case .notification, .result, .error: break
        }
        return advance(to: now)
    }

    private mutating func receiveElement(_ element: Message, _ bytes: [UInt8], at now: Instant) {
        if case .request = element.kind { request(element, bytes, at: now) }
    }

    private mutating func after(
        _ delay: Duration, _ action: Action, at now: Instant, outlivesConnection: Bool = false
    ) {
        guard isConnected || outlivesConnection else { return }
        let at = now.advanced(by: delay)
        // Mostly the latest, so that this looks at one entry.
        let index = timers.lastIndex { $0.at <= at }.map { $0 + 1 } ?? 0
        timers.insert(Due(at: at, action: action, outlivesConnection: outlivesConnection), at: index)
    }

    // MARK: Requests

    private mutating func request(_ message: Message, _ bytes: [UInt8], at now: Instant) {
        let id = message.id ?? MessageID(text: Array("null".utf8))
        let params = message.params.flatMap { try? JSONValue(Array(bytes[$0])) } ?? .object([])
        switch message.method ?? "" {
        case "initialize": initialize(id, params, at: now)
        case "ping": answer(id, .object([]), at: now)
        case "tools/list" where tools != nil:
            list(id, "tools", (tools ?? []).map(\.listed), params, at: now)
        case "prompts/list" where description.prompts != nil:
            list(id, "prompts", (description.prompts ?? []).map { ["name": .string($0)] }, params, at: now)
        case "resources/list" where description.resources != nil:
            let entries: [JSONValue] = (description.resources ?? []).map { ["uri": .string($0), "name": .string($0)] }
            list(id, "resources", entries, params, at: now)
        case "tools/call" where tools != nil: call(id, params, at: now)
        case let method:
            after(.zero, .send(Self.failure(.id(id), -32601, "Method not found: \(method)")), at: now)
        }
    }

    private mutating func answer(_ id: MessageID, _ result: JSONValue, after delay: Duration = .zero, at now: Instant) {
        after(delay, .send(Self.success(id, result)), at: now)
    }

    /// The revisions that know `initialize`.
    private static let legacyRevisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]

    private mutating func initialize(_ id: MessageID, _ params: JSONValue, at now: Instant) {
        if let code = description.exitsAtStart { return after(.zero, .exit(code: code), at: now) }
        let asked = params["protocolVersion"]?.text ?? ""
        let revision = Self.legacyRevisions.contains(asked) ? asked : "2025-11-25"
        var capabilities: [JSONValue.Member] = []
        if tools != nil { capabilities.append(.init("tools", ["listChanged": true])) }
        if description.prompts != nil { capabilities.append(.init("prompts", .object([]))) }
        if description.resources != nil { capabilities.append(.init("resources", .object([]))) }
        let result: JSONValue = [
            "protocolVersion": .string(revision), "capabilities": .object(capabilities),
            "serverInfo": ["name": "reprise-double", "version": "1"],
        ]
        answer(id, result, after: description.handshake, at: now)
        if let closesAfter = description.closesAfter { after(description.handshake + closesAfter, .close, at: now) }
    }

    private mutating func list(
        _ id: MessageID, _ key: String, _ entries: [JSONValue], _ params: JSONValue, at now: Instant
    ) {
        var first = 0
        if let cursor = params["cursor"] {
            guard let index = cursor.text.flatMap({ Int($0) }), (1..<max(2, entries.count)).contains(index) else {
                return after(.zero, .send(Self.failure(.id(id), -32602, "Invalid cursor: \(cursor)")), at: now)
            }
            first = index
        }
        let rest = entries.dropFirst(first)
        let page = description.pageSize.map { rest.prefix(max(1, $0)) } ?? rest
        var members = [JSONValue.Member(key, .array(Array(page)))]
        if page.count < rest.count { members.append(.init("nextCursor", .string("\(first + page.count)"))) }
        answer(id, .object(members), at: now)
    }

    private mutating func call(_ id: MessageID, _ params: JSONValue, at now: Instant) {
        let name = params["name"]?.text ?? ""
        guard let tool = tools?.first(where: { $0.name == name }) else {
            return after(.zero, .send(Self.failure(.id(id), -32602, "Unknown tool: \(name)")), at: now)
        }
        after(tool.executesAfter, .execute(tool: name), at: now, outlivesConnection: true)
        guard let delay = tool.answersAfter else { return }
        if let error = tool.error {
            return after(delay, .send(Self.failure(.id(id), error.code, error.message)), at: now)
        }
        let text: JSONValue = ["content": [["type": "text", "text": .string(name)]]]
        answer(id, tool.result ?? text, after: delay, at: now)
    }

    // MARK: Messages

    private enum Addressee {
        case id(MessageID)
        case null
    }

    private static func success(_ id: MessageID, _ result: JSONValue) -> [UInt8] {
        var bytes = Array(#"{"jsonrpc":"2.0","id":"#.utf8) + id.text + Array(#","result":"#.utf8)
        result.append(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private static func failure(_ addressee: Addressee, _ code: Int, _ text: String) -> [UInt8] {
        var bytes = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
        if case .id(let id) = addressee { bytes += id.text } else { bytes += "null".utf8 }
        bytes += ",\"error\":".utf8
        let error: JSONValue = ["code": .int(code), "message": .string(text)]
        error.append(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}

extension ToolDescription {
    /// The tool as `tools/list` gives it.
    fileprivate var listed: JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(name)), .init("description", .string("The tool \(name)")),
            .init("inputSchema", ["type": "object"]),
        ]
        if let idempotentHint { members.append(.init("annotations", ["idempotentHint": .bool(idempotentHint)])) }
        return .object(members)
    }
}
