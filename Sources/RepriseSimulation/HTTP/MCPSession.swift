import HTTPTypes
import MCPCore
import MCPWire

/// One session of a double over HTTP: its streams, and the machine that does the messages.
///
/// What it has to say gathers until ``takeSaid()``.
struct MCPSession: Sendable {
    /// What is the same for all sessions of a server.
    struct Rules: Sendable {
        var behaviour: HTTPBehaviour
        var ids: EventIDs
        /// Messages kept of each stream, for clients that resume it.
        var messageCountMax: Int
        /// Streams of POSTs, those that are kept and those that are under way.
        var streamCountMax: Int
    }

    /// From 1 over the life of the server.
    let number: UInt32
    /// What stands in `Mcp-Session-Id`; nil without sessions.
    let id: String?
    let client: Int
    /// The revision that was agreed on.
    let revision: ProtocolRevision
    let rules: Rules
    var machine: ServerDoubleMachine
    /// The stream for messages that answer no request.
    var push = ServerStream(number: 0)
    /// Those of POSTs, by number.
    var calls: [UInt32: ServerStream] = [:]
    var isOver = false
    /// When the service looks after it next.
    var scheduled: Instant?
    var said: [ServiceAction] = []
    /// How many events without a message there were.
    var primingCount: UInt32 = 0
    private var lastCall: UInt32 = 0
    /// The streams of requests that are not answered yet.
    private var streamByRequest: [MessageID: UInt32] = [:]

    init(
        number: UInt32, id: String?, client: Int, revision: ProtocolRevision, machine: ServerDoubleMachine, rules: Rules
    ) {
        self.number = number
        self.id = id
        self.client = client
        self.revision = revision
        self.machine = machine
        self.rules = rules
    }

    /// When ``advance(to:)`` has something to do; nil is never.
    var nextDeadline: Instant? {
        let closing = isPolled ? calls.values.compactMap(\.closesAt).min() : nil
        return switch (machine.nextDeadline, closing) {
        case (let one?, let other?): min(one, other)
        case (let one, let other): one ?? other
        }
    }

    /// Whether streams of POSTs are closed before all is answered.
    var isPolled: Bool {
        rules.behaviour.closesCallsAfter != nil && rules.behaviour.hasEventIDs && revision.hasPriming
    }

    /// Takes what it has to say.
    mutating func takeSaid() -> [ServiceAction] {
        defer { said = [] }
        return said
    }

    // MARK: Messages

    /// Something was posted that may be in this session; `message` is what was read of `body`.
    mutating func post(_ message: Message, _ body: [UInt8], on exchange: Int, at now: Instant) {
        let requests = message.requestIDs
        guard !requests.isEmpty else {
            said += [.head(exchange: exchange, HTTPResponse(status: .accepted)), .end(exchange: exchange)]
            return run(machine.receive(body, message, at: now))
        }
        guard makeRoom() else {
            let text = "more than \(rules.streamCountMax) requests at a time"
            said += ServiceResponse.error(503, text).actions(exchange: exchange)
            return
        }
        lastCall += 1
        let form: ServerStream.Form =
            rules.behaviour.answers == .events ? .events : .json(isBatch: message.method == nil)
        calls[lastCall] = ServerStream(number: lastCall, form: form, awaited: requests)
        for request in requests { streamByRequest[request] = lastCall }
        if case .events = form {
            begin(exchange, sessionID: message.method == "initialize" ? id : nil)
            attach(exchange, toCall: lastCall, seen: 0, at: now)
        } else {
            calls[lastCall]?.exchange = exchange
        }
        run(machine.receive(body, message, at: now))
    }

    /// What the time that has come brings.
    mutating func advance(to now: Instant) {
        run(machine.advance(to: now))
        guard isPolled else { return }
        for number in calls.keys.sorted() {
            guard let stream = calls[number], let closesAt = stream.closesAt, closesAt <= now else { continue }
            detach(call: number)
        }
    }

    /// Sends a message that answers no request.
    mutating func push(_ message: [UInt8]) {
        guard push.exchange != nil || rules.behaviour.hasEventIDs else { return }
        let count = keptCount
        push.append(message, keeping: count)
        guard let exchange = push.exchange else { return }
        push.handedNumber = push.lastNumber
        said.append(.body(exchange: exchange, event(message, push), message: message))
    }

    private mutating func run(_ actions: [ServerDoubleMachine.Action]) {
        for action in actions {
            switch action {
            case .send(let message, nil): push(message)
            case .send(let message, let request?): send(message, about: request)
            case .answer(let message, let request): answer(message, to: request)
            case .forget(let request): forget(request)
            case .execute(let tool): said.append(.effect(tool: tool))
            case .close: end()
            case .exit: end(cuttingOff: true)
            }
        }
    }

    private mutating func send(_ message: [UInt8], about request: MessageID) {
        guard let number = streamByRequest[request], let form = calls[number]?.form else { return }
        if case .events = form { put(message, onCall: number) } else { push(message) }
    }

    private mutating func put(_ message: [UInt8], onCall number: UInt32) {
        let count = keptCount
        calls[number]?.append(message, keeping: count)
        guard let stream = calls[number], let exchange = stream.exchange else { return }
        said.append(.body(exchange: exchange, event(message, stream), message: message))
    }

    private mutating func answer(_ message: [UInt8], to request: MessageID) {
        guard let number = streamByRequest.removeValue(forKey: request), let form = calls[number]?.form else { return }
        if case .events = form { put(message, onCall: number) } else { calls[number]?.answers.append(message) }
        settle(request, onCall: number)
    }

    /// A request that was cancelled gets no answer.
    private mutating func forget(_ request: MessageID) {
        guard let number = streamByRequest.removeValue(forKey: request) else { return }
        settle(request, onCall: number)
    }

    private mutating func settle(_ request: MessageID, onCall number: UInt32) {
        calls[number]?.settle(request)
        guard let stream = calls[number], stream.isComplete else { return }
        guard case .json(let isBatch) = stream.form else {
            detach(call: number)
            if !rules.behaviour.hasEventIDs { calls[number] = nil }
            return
        }
        calls[number] = nil
        guard let exchange = stream.exchange else { return }
        respond(with: stream.answers, isBatch: isBatch, on: exchange)
    }

    private mutating func respond(with answers: [[UInt8]], isBatch: Bool, on exchange: Int) {
        guard let first = answers.first else {
            said += ServiceResponse(HTTPResponse(status: .accepted)).actions(exchange: exchange)
            return
        }
        let body = isBatch ? Array("[".utf8) + answers.joined(separator: Array(",".utf8)) + Array("]".utf8) : first
        var head = HTTPResponse(status: .ok, headerFields: [.contentType: "application/json"])
        // The answer to `initialize` is the first of a session.
        if lastCall == 1, let id { head.headerFields[.mcpSessionID] = id }
        said += [
            .head(exchange: exchange, head), .body(exchange: exchange, body, message: body), .end(exchange: exchange),
        ]
    }

    /// Makes room for one more stream; returns whether there is any.
    private mutating func makeRoom() -> Bool {
        guard calls.count >= rules.streamCountMax else { return true }
        guard let oldest = calls.values.filter(\.isComplete).map(\.number).min() else { return false }
        calls[oldest] = nil
        return true
    }

    private var keptCount: Int { rules.behaviour.hasEventIDs ? rules.messageCountMax : 0 }
}

extension Message {
    /// The ids of the requests in it.
    fileprivate var requestIDs: [MessageID] {
        switch kind {
        case .request: [id ?? MessageID(text: Array("null".utf8))]
        case .batch(let elements): elements.flatMap(\.requestIDs)
        default: []
        }
    }
}
