import MCPCore
import MCPWire
import RepriseSimulation

/// Servers of a test, inside a simulation: each connect is answered as `script` says, and everything is counted.
final class ScriptedNetwork: MessageConnector, @unchecked Sendable {
    /// What becomes of an attempt to connect.
    enum Answer {
        case refuse(TransportFailure, after: Duration = .zero)
        case accept(Peer = Peer(), after: Duration = .zero)
        /// It ends only when the task is cancelled.
        case hang
    }

    /// How the server of one connection behaves.
    struct Peer {
        var tools: [JSONValue] = []
        /// How many tools a page has.
        var pageSize = 1000
        var capabilities: JSONValue = ["tools": [:]]
        var revision = "2025-11-25"
        /// How long an answer to a method takes.
        var latency: [String: Duration] = [:]
        /// When the connection is lost, counted from its acceptance, and how.
        var loss: (after: Duration, failure: TransportFailure)?
        /// How long closing takes, unless the task is cancelled.
        var closing = Duration.zero
        /// Whether it takes an answer only while the client reads, as a program may that does one thing at a time.
        var takesAnswersWhenRead = false
        /// Whether it takes no answers at all.
        var takesNoAnswers = false
        /// Takes a message instead of what is answered otherwise; returns whether it did.
        var handle: (@Sendable (ScriptedStream, String, JSONValue) -> Bool)?
    }

    let simulation: Simulation
    let script: (_ server: String, _ number: Int) -> Answer
    /// When each attempt began, and to whom.
    private(set) var connects: [(at: Instant, server: String)] = []
    private(set) var streams: [ScriptedStream] = []
    /// What was seen of ``run()``.
    private(set) var life: [String] = []
    /// Attempts that hang now.
    private(set) var hangCount = 0
    private(set) var configurations: [ServerConfiguration] = []

    init(_ simulation: Simulation, script: @escaping (_ server: String, _ number: Int) -> Answer) {
        self.simulation = simulation
        self.script = script
    }

    func run() async {
        life.append("begins with \(connects.count) connects")
        try? await simulation.sleep(until: Instant(nanoseconds: .max / 2), phase: .delivery)
        life.append("ends with \(streams.count { $0.isClosed }) of \(streams.count) streams closed")
    }

    func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream {
        connects.append((simulation.now, server.name))
        configurations.append(server)
        switch script(server.name, connects.count { $0.server == server.name }) {
        case .refuse(let failure, let delay):
            await pass(delay)
            throw failure
        case .accept(let peer, let delay):
            await pass(delay)
            let stream = ScriptedStream(simulation, server.name, peer)
            streams.append(stream)
            return stream
        case .hang:
            hangCount += 1
            try? await simulation.sleep(until: Instant(nanoseconds: .max / 2), phase: .delivery)
            hangCount -= 1
            throw .reset
        }
    }

    /// Takes time that no cancellation shortens.
    private func pass(_ delay: Duration) async {
        await withUnsafeContinuation { continuation in
            simulation.schedule(at: simulation.now.advanced(by: delay), .delivery) { continuation.resume() }
        }
    }

    /// Seconds at which attempts to that server began, or to any.
    func connectTimes(_ server: String? = nil) -> [String] {
        connects.filter { server == nil || $0.server == server }.map(\.at.description)
    }

    /// Names of what clients sent to that server, in order.
    func sent(to server: String) -> [String] { streams.filter { $0.server == server }.flatMap(\.sent) }
}

/// One connection; it ignores cancellation, as a stream may.
final class ScriptedStream: MessageStream, @unchecked Sendable {
    let server: String
    private let simulation: Simulation
    private let peer: ScriptedNetwork.Peer
    private var events: [StreamEvent] = []
    private var reader: UnsafeContinuation<StreamEvent?, Never>?
    private var blocked: UnsafeContinuation<Void, Never>?
    private var isOver = false
    /// Methods that came, and "answer" for answers.
    private(set) var sent: [String] = []
    private(set) var messages: [JSONValue] = []
    private(set) var closeCount = 0
    private(set) var isClosed = false
    private(set) var nextCount = 0
    private(set) var deliveredCount = 0

    init(_ simulation: Simulation, _ server: String, _ peer: ScriptedNetwork.Peer) {
        self.simulation = simulation
        self.server = server
        self.peer = peer
        if let loss = peer.loss { lose(loss.failure, after: loss.after) }
    }

    // MARK: The client's side

    func send(_ message: [UInt8]) async throws(TransportFailure) {
        guard !isOver else { throw .closed }
        guard let value = try? JSONValue(message) else { throw .protocolBroken("not JSON") }
        messages.append(value)
        let method = value["method"]?.text ?? "answer"
        if method == "answer", peer.takesNoAnswers || (peer.takesAnswersWhenRead && reader == nil) {
            await withUnsafeContinuation { blocked = $0 }
        }
        sent.append(method)
        if peer.handle?(self, method, value) == true { return }
        guard let id = value["id"]?.integer, let result = result(method, value) else { return }
        answer(id, result, after: peer.latency[method] ?? .zero)
    }

    func next() async -> StreamEvent? {
        nextCount += 1
        if !peer.takesNoAnswers { unblock() }
        if !events.isEmpty { return events.removeFirst() }
        guard closeCount == 0 else { return nil }
        return await withUnsafeContinuation { reader = $0 }
    }

    func close() async {
        closeCount += 1
        isOver = true
        if peer.closing > .zero {
            let end = simulation.now.advanced(by: peer.closing)
            try? await simulation.sleep(until: end, phase: .delivery)
        }
        isClosed = true
        unblock()
        reader?.resume(returning: nil)
        reader = nil
    }

    private func unblock() {
        blocked?.resume()
        blocked = nil
    }

    // MARK: The server's side

    private func result(_ method: String, _ request: JSONValue) -> JSONValue? {
        switch method {
        case "initialize":
            return ["protocolVersion": .string(peer.revision), "capabilities": peer.capabilities]
        case "tools/list":
            let start = request["params"]?["cursor"]?.text.flatMap(Int.init) ?? 0
            let page = Array(peer.tools.dropFirst(start).prefix(peer.pageSize))
            let next = start + peer.pageSize
            return next < peer.tools.count
                ? ["tools": .array(page), "nextCursor": .string(String(next))] : ["tools": .array(page)]
        case "prompts/list": return ["prompts": [["name": "p"]]]
        case "resources/list": return ["resources": [["name": "r", "uri": "file:///r"]]]
        case "tools/call": return ["content": []]
        default: return nil
        }
    }

    func answer(_ id: Int, _ result: JSONValue, after delay: Duration = .zero) {
        deliver(["jsonrpc": "2.0", "id": .int(id), "result": result], after: delay)
    }

    /// A request gets no answer.
    func fail(_ id: Int, _ failure: RequestFailure, after delay: Duration = .zero) {
        emit(.requestFailed(id: MessageID(text: Array(String(id).utf8)), failure), after: delay)
    }

    /// A request meets a session that the server does not know any more.
    func expire(_ id: Int) {
        simulation.schedule(at: simulation.now, .delivery) { [self] in
            hand(.requestFailed(id: MessageID(text: Array(String(id).utf8)), .notSent(.sessionExpired)))
            isOver = true
            hand(.closed(.sessionExpired))
        }
    }

    func deliver(_ message: JSONValue, after delay: Duration = .zero) {
        emit(.message(message.encoded), after: delay)
    }

    func lose(_ failure: TransportFailure, after delay: Duration = .zero) {
        simulation.schedule(at: simulation.now.advanced(by: delay), .delivery) { [self] in
            guard !isOver else { return }
            isOver = true
            hand(.closed(failure))
        }
    }

    func emit(_ event: StreamEvent, after delay: Duration = .zero) {
        simulation.schedule(at: simulation.now.advanced(by: delay), .delivery) { [self] in
            if !isOver { hand(event) }
        }
    }

    private func hand(_ event: StreamEvent) {
        deliveredCount += 1
        if let reader {
            self.reader = nil
            reader.resume(returning: event)
        } else {
            events.append(event)
        }
    }
}

/// A tool as a server lists it.
func tool(_ name: String, isIdempotent: Bool = false) -> JSONValue {
    isIdempotent
        ? ["name": .string(name), "annotations": ["idempotentHint": true]] : ["name": .string(name)]
}
