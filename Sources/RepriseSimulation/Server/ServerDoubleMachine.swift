import MCPCore
import MCPWire

/// Decides what a declared double of an MCP server does on one connection.
///
/// A value without clock or I/O. It is lenient: it answers requests before `initialize` too.
struct ServerDoubleMachine: Sendable {
    /// What the shell has to do, in order.
    enum Action: Equatable, Sendable {
        /// A message that answers no request; `request` is the one that it belongs to.
        case send([UInt8], about: MessageID?)
        /// The answer to a request.
        case answer([UInt8], to: MessageID)
        /// A request was cancelled, and gets no answer.
        case forget(MessageID)
        /// The side effect of a tool happens.
        case execute(tool: String)
        case close
        case exit(code: Int)
    }

    private struct Due {
        var at: Instant
        var action: Action
        /// The request for which it is done.
        var request: MessageID?
        /// It belongs to the tool, not to the connection.
        var outlivesConnection: Bool
    }

    let description: ServerDescription
    let tools: [ToolDescription]?
    /// What tools have asked of the client and is not answered, by the id of what they ask.
    var openAsks: [MessageID: OpenAsk] = [:]
    var lastAsk = 0
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
        openAsks = [:]
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
            after(.zero, .send(Self.failure(.null, code, "\(reason)"), about: nil), at: now)
        case .notification: notification(message, bytes, at: now)
        case .result, .error: response(message, bytes, at: now)
        }
        return advance(to: now)
    }

    private mutating func receiveElement(_ element: Message, _ bytes: [UInt8], at now: Instant) {
        switch element.kind {
        case .request: request(element, bytes, at: now)
        case .notification: notification(element, bytes, at: now)
        case .result, .error: response(element, bytes, at: now)
        case .batch, .malformed: break
        }
    }

    private mutating func notification(_ message: Message, _ bytes: [UInt8], at now: Instant) {
        guard message.method == "notifications/cancelled", let range = message.params,
            let id = (try? JSONValue(Array(bytes[range])))?["requestId"]
        else { return }
        cancel(MessageID(text: id.encoded), at: now)
    }

    /// What a request still has before it does not happen (basic/utilities/cancellation), except `initialize`.
    private mutating func cancel(_ id: MessageID, at now: Instant) {
        let count = timers.count + openAsks.count
        timers.removeAll { $0.request == id }
        openAsks = openAsks.filter { $0.value.request != id }
        if timers.count + openAsks.count < count { after(.zero, .forget(id), at: now) }
    }

    mutating func after(
        _ delay: Duration, _ action: Action, for request: MessageID? = nil, at now: Instant,
        outlivesConnection: Bool = false
    ) {
        guard isConnected || outlivesConnection else { return }
        let at = now.advanced(by: delay)
        // Mostly the latest, so that this looks at one entry.
        let index = timers.lastIndex { $0.at <= at }.map { $0 + 1 } ?? 0
        timers.insert(
            Due(at: at, action: action, request: request, outlivesConnection: outlivesConnection), at: index)
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
        case "logging/setLevel" where hasLogging: answer(id, .object([]), at: now)
        case let method: fail(id, -32601, "Method not found: \(method)", at: now)
        }
    }

    mutating func answer(
        _ id: MessageID, _ result: JSONValue, after delay: Duration = .zero, for request: MessageID? = nil,
        at now: Instant
    ) {
        after(delay, .answer(Self.success(id, result), to: id), for: request, at: now)
    }

    mutating func fail(
        _ id: MessageID, _ code: Int, _ text: String, after delay: Duration = .zero, for request: MessageID? = nil,
        at now: Instant
    ) {
        after(delay, .answer(Self.failure(.id(id), code, text), to: id), for: request, at: now)
    }

    /// Whether it sends `notifications/message`.
    private var hasLogging: Bool {
        description.http?.pushes.isEmpty == false || tools?.contains { !$0.remarks.isEmpty } == true
    }

    private mutating func initialize(_ id: MessageID, _ params: JSONValue, at now: Instant) {
        if let code = description.exitsAtStart { return after(.zero, .exit(code: code), at: now) }
        let asked = params["protocolVersion"]?.text.flatMap(ProtocolRevision.init)
        let revision = asked.flatMap { $0.isLegacy ? $0 : nil } ?? .november2025
        var capabilities: [JSONValue.Member] = []
        if tools != nil { capabilities.append(.init("tools", ["listChanged": true])) }
        if description.prompts != nil { capabilities.append(.init("prompts", .object([]))) }
        if description.resources != nil { capabilities.append(.init("resources", .object([]))) }
        if hasLogging { capabilities.append(.init("logging", .object([]))) }
        let result: JSONValue = [
            "protocolVersion": .string(revision.rawValue), "capabilities": .object(capabilities),
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
                return fail(id, -32602, "Invalid cursor: \(cursor)", at: now)
            }
            first = index
        }
        let rest = entries.dropFirst(first)
        let page = description.pageSize.map { rest.prefix(max(1, $0)) } ?? rest
        var members = [JSONValue.Member(key, .array(Array(page)))]
        if page.count < rest.count { members.append(.init("nextCursor", .string("\(first + page.count)"))) }
        answer(id, .object(members), at: now)
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
