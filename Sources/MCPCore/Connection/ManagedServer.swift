import MCPWire

/// All that the manager knows of one server; only touched under the manager's lock.
final class ManagedServer {
    /// The stream of the present attempt or connection.
    struct Link {
        var generation: Int
        var stream: any MessageStream
        var session: ConnectionSession
        /// What is to be sent, in order.
        var outbox: [Outgoing] = []
        /// How many messages in it are no calls of users.
        var unaskedCount = 0
        /// Whether somebody is sending.
        var isWriting = false
        /// The tasks that handle requests of the server, by their numbers.
        var handlers: [Int: TaskHandle] = [:]

        mutating func withSession(
            _ ids: inout ConnectionSession.RequestIDs,
            _ body: (inout ConnectionSession, inout ConnectionSession.RequestIDs) -> [ConnectionSession.Action]
        ) -> [ConnectionSession.Action] { body(&session, &ids) }

        /// The connection is left: nobody waits for what is being handled.
        func stopHandlers() {
            for (_, task) in handlers.sorted(by: { $0.key < $1.key }) { task.cancel() }
        }
    }

    /// One message to be sent.
    struct Outgoing: Sendable {
        var bytes: [UInt8]
        /// The request id if it is a call.
        var callID: Int?
    }

    static let violationMax = 100
    static let violationByteMax = 65_536

    let index: Int
    let name: String
    var machine: ConnectionMachine
    var ledger: CallLedger
    var ids = ConnectionSession.RequestIDs()
    var link: Link?
    /// The task that connects.
    var dial: TaskHandle?
    /// The state published last.
    var lastState: ServerState?
    var contents: ServerContents
    /// The lists that are settled on the present connection.
    var settled: Set<ListKind> = []
    var violations: [ProtocolViolation] = []
    var counts = ServerCounts()
    /// Why the last attempt or connection ended that did not end by itself.
    var lastFailure: TransportFailure?

    init(_ configuration: ServerConfiguration, policy: ConnectionPolicy, index: Int) {
        self.index = index
        name = configuration.name
        machine = ConnectionMachine(configuration, policy: policy)
        ledger = CallLedger(server: name)
        contents = ServerContents(tools: configuration.connect == .onFirstUse ? configuration.declaredTools : [])
    }

    /// Whether that generation is the present one and has a stream.
    func isPresent(_ generation: Int) -> Bool { link?.generation == generation }

    var isConnected: Bool { machine.status?.state == .connected }

    /// Whether it came to an end by itself: no attempt is under way and none is to come.
    var isSettled: Bool {
        switch machine.status {
        case .connected: settled.contains(.tools)
        case .pending: machine.isWaitingForUse
        case .failed(_, let willRetry): !willRetry
        case .needsAuth, .disabled: true
        case nil: false
        }
    }

    /// Why a call cannot be made now; nil while connected.
    var refusal: ConnectionError? {
        switch machine.status {
        case .connected: nil
        case .disabled(let cause): .disabled(server: name, cause)
        case .needsAuth: .needsAuth(server: name)
        case nil, .pending, .failed: .notConnected(server: name)
        }
    }

    /// Why a request of that method cannot be made now; nil if it can.
    func refusal(of method: String) -> ConnectionError? {
        if let refusal { return refusal }
        let missing = link?.session.capabilities?.missingCapability(for: method)
        return missing.map { .undeclared(server: name, capability: $0) }
    }

    /// The next instant at which something is due.
    var nextDeadline: Instant? {
        var earliest = machine.nextDeadline
        if let call = ledger.nextDeadline { earliest = earliest.map { min($0, call) } ?? call }
        if let list = link?.session.nextDeadline { earliest = earliest.map { min($0, list) } ?? list }
        return earliest
    }

    // MARK: The session

    /// Begins the handshake on a stream.
    func open(_ stream: any MessageStream, _ session: ConnectionSession) {
        var session = session
        let first = Outgoing(bytes: session.begin(&ids))
        link = Link(generation: machine.generation, stream: stream, session: session, outbox: [first])
    }

    /// Has the session of the present connection take something in; nothing without one.
    func withSession(
        _ body: (inout ConnectionSession, inout ConnectionSession.RequestIDs) -> [ConnectionSession.Action]
    ) -> [ConnectionSession.Action] {
        link?.withSession(&ids, body) ?? []
    }

    /// Puts a message into the outbox of the present connection.
    func post(_ bytes: [UInt8], callID: Int? = nil) {
        link?.outbox.append(Outgoing(bytes: bytes, callID: callID))
        if callID == nil { link?.unaskedCount += 1 }
    }

    /// The connection is given up: what no server has executed on it is not sent there any more.
    func takeBackRequests() {
        guard let link else { return }
        ledger.takenBack(link.stream.takeBack().compactMap { Int($0.description) })
    }

    /// Takes what is to be sent next on that generation; whoever gets nothing has stopped sending.
    func takeOutbox(_ generation: Int) -> [Outgoing] {
        guard isPresent(generation), var batch = link?.outbox else { return [] }
        link?.outbox = []
        link?.unaskedCount = 0
        // What was given up before it was sent is not sent.
        batch.removeAll { message in message.callID.map { !ledger.handOver(requestID: $0) } ?? false }
        link?.isWriting = !batch.isEmpty
        return batch
    }

    /// Keeps a violation, unless there are enough.
    func keep(_ reason: String, _ bytes: [UInt8], at now: Instant) {
        guard violations.count < Self.violationMax else { return }
        violations.append(
            ProtocolViolation(
                at: now, generation: machine.generation, reason: reason,
                bytes: Array(bytes.prefix(Self.violationByteMax))))
    }
}
