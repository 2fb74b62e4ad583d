import MCPWire

/// All that the manager knows of one server.
struct ManagedServer {
    /// The stream of the present attempt or connection.
    struct Link {
        var generation: Int
        var stream: any MessageStream
        var session: ConnectionSession
        /// What is to be sent, in order, and by which request of a call.
        var outbox: [Outgoing] = []
        /// Whether somebody is sending.
        var isWriting = false
    }

    /// One message to be sent.
    struct Outgoing: Sendable {
        var bytes: [UInt8]
        /// The request id if it is a call.
        var callID: Int?
    }

    static let violationMax = 100
    static let violationByteMax = 65_536

    let name: String
    var machine: ConnectionMachine
    var ledger: CallLedger
    var ids = ConnectionSession.RequestIDs()
    var link: Link?
    /// The state published last.
    var lastState: ServerState?
    var contents: ServerContents
    /// The lists that are settled on the present connection.
    var settled: Set<ListKind> = []
    var violations: [ProtocolViolation] = []

    init(_ configuration: ServerConfiguration, policy: ConnectionPolicy) {
        name = configuration.name
        machine = ConnectionMachine(configuration, policy: policy)
        ledger = CallLedger(server: name)
        contents = ServerContents(tools: configuration.connect == .onFirstUse ? configuration.declaredTools : [])
    }

    /// Whether that generation is the present one and has a stream.
    func isPresent(_ generation: Int) -> Bool { link?.generation == generation }

    var isConnected: Bool { machine.status?.state == .connected }

    /// Whether it reached its end by itself: no attempt is under way and none is to come.
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

    /// The next instant at which something is due.
    var nextDeadline: Instant? {
        mutating get {
            guard let call = ledger.nextDeadline else { return machine.nextDeadline }
            return machine.nextDeadline.map { min($0, call) } ?? call
        }
    }

    /// Begins the handshake on a stream: the first message.
    mutating func open(_ stream: any MessageStream, revision: String) -> [UInt8] {
        var session = ConnectionSession(server: name, revision: revision)
        let first = session.begin(&ids)
        link = Link(generation: machine.generation, stream: stream, session: session)
        return first
    }

    /// What the session makes of a frame.
    mutating func receive(_ frame: [UInt8]) -> [ConnectionSession.Action] {
        link?.session.receive(frame, &ids) ?? []
    }

    /// Begins to read the lists.
    mutating func discover() -> [ConnectionSession.Action] {
        link?.session.discover(&ids) ?? []
    }

    /// Keeps a violation, unless there are enough.
    mutating func keep(_ reason: String, _ bytes: [UInt8], at now: Instant) {
        guard violations.count < Self.violationMax else { return }
        violations.append(
            ProtocolViolation(
                at: now, generation: machine.generation, reason: reason,
                bytes: Array(bytes.prefix(Self.violationByteMax))))
    }
}
