import MCPWire

/// What is said on one connection: the handshake, the lists, and the requests and notifications of the server.
///
/// The methods that take a frame or begin something say what to send and what was learnt. Ids of requests come in,
/// so that no two connections of a server share one.
public struct ConnectionSession: Sendable {
    /// What is to be done, in this order.
    public enum Action: Sendable, Equatable {
        /// Send these bytes as one message.
        case send([UInt8])
        /// The handshake is complete.
        case established(ServerCapabilities)
        /// The handshake failed, so that the connection is of no use.
        case failed(TransportFailure)
        /// A list is complete and replaces what was known.
        case listed(ListKind, [JSONValue])
        /// A list is settled for now: complete, refused, broken, not declared, or asked for in vain.
        case settled(ListKind)
        /// An answer to a request that is no business of the session.
        case answered(requestID: Int, CallLedger.Outcome, bytes: [UInt8])
        /// The request of that id is not waited for any more; an answer that comes after all is tolerated.
        case gaveUp(requestID: Int)
        /// The server told how far it has come with the request of that token.
        case progressed(token: Int?, RequestProgress)
        /// A notification that is no business of the session.
        case notification(method: String, params: JSONValue)
        /// A request of the server, which somebody is to answer; the number tells it from all others of the session.
        case handle(number: Int, ServerRequest)
        /// The server does not wait for that answer any more.
        case stopHandling(number: Int)
        /// The server broke the protocol with these bytes; nothing else came of them (S-186).
        case violation(String, bytes: [UInt8])
    }

    /// The source of ids: each is given out once.
    public struct RequestIDs: Sendable {
        private var last = 0

        /// Ids from 1.
        public init() {}

        /// The next id.
        public mutating func next() -> Int {
            last += 1
            return last
        }
    }

    /// What the server declared; nil before the handshake is complete.
    public private(set) var capabilities: ServerCapabilities?

    let server: String
    let policy: ConnectionPolicy
    let client: ClientCapabilities
    private let revision: String
    private var initializeID: Int?
    /// In the order of ``ListKind``.
    var listings = ListKind.allCases.map { Listing($0) }
    /// The requests of the server that have no answer yet, with their numbers.
    var handling: [MessageID: Int] = [:]
    var lastHandled = 0

    /// A session that asks for that revision; `client` is what it declares and answers.
    public init(
        server: String, revision: String, policy: ConnectionPolicy = .init(), client: ClientCapabilities = .init()
    ) {
        self.server = server
        self.revision = revision
        self.policy = policy
        self.client = client
    }

    /// The revision that both sides speak, or that was asked for.
    var spokenRevision: ProtocolRevision? { ProtocolRevision(rawValue: capabilities?.revision ?? revision) }

    /// Begins the handshake: the request to send.
    public mutating func begin(_ ids: inout RequestIDs) -> [UInt8] {
        let id = ids.next()
        initializeID = id
        return RequestWriter.initialize(id, revision: revision, capabilities: client.declaration(spokenRevision))
    }

    // MARK: Receiving

    /// Takes one frame in; batches are read where the revision has them (2025-03-26).
    public mutating func receive(_ frame: [UInt8], at now: Instant, _ ids: inout RequestIDs) -> [Action] {
        let message = Message.read(frame.span)
        guard case .batch(let messages) = message.kind else { return receive(message, in: frame, at: now, &ids) }
        guard capabilities != nil, spokenRevision?.hasBatches == true else {
            return [
                .violation("a batch, which revision \(capabilities?.revision ?? revision) does not have", bytes: frame)
            ]
        }
        return messages.flatMap { receive($0, in: frame, at: now, &ids) }
    }

    private mutating func receive(
        _ message: Message, in frame: [UInt8], at now: Instant, _ ids: inout RequestIDs
    ) -> [Action] {
        func violation(_ reason: String) -> [Action] { [.violation(reason, bytes: Array(frame[message.range]))] }
        switch message.kind {
        case .malformed(let malformation): return violation(malformation.description)
        case .batch: return violation("a batch inside a batch")
        case .notification, .request:
            guard let params = try? value(message.params, in: frame) else {
                return violation("parameters that cannot be read")
            }
            guard message.kind == .request else {
                let actions = notified(message.method ?? "", params, at: now, &ids)
                return actions ?? violation("parameters of \(message.method ?? "") that it does not have")
            }
            guard let id = message.id, !id.isNull else { return violation("a request with the id null") }
            let request = ServerRequest(server: server, id: id, method: message.method ?? "", params: params)
            return asked(request) ?? violation("a request with the id of another that has no answer yet")
        case .result, .error:
            guard let id = message.id, let number = Int(id.description) else {
                let name = message.id.map { "the id \($0)" } ?? "no id"
                return violation("a response with \(name), which no request had")
            }
            return answered(
                number, outcome(of: message, in: frame), Array(frame[message.range]), at: now, &ids)
        }
    }

    private func value(_ range: Range<Int>?, in frame: [UInt8]) throws(JSONError) -> JSONValue {
        guard let range else { return .null }
        return try JSONValue(Array(frame[range]))
    }

    /// The value of a response; one that cannot be read leaves open what the request has done.
    private func outcome(of message: Message, in frame: [UInt8]) -> CallLedger.Outcome {
        do throws(JSONError) {
            if message.kind == .result { return .success(try value(message.result, in: frame)) }
            let error = try value(message.error, in: frame)
            return .failure(.refused(code: error["code"]?.integer ?? 0, message: error["message"]?.text ?? ""))
        } catch {
            let cause = TransportFailure.protocolBroken("the answer cannot be read: \(error)")
            return .failure(.outcomeUnknown(server: server, cause: cause))
        }
    }

    // MARK: Answers

    private mutating func answered(
        _ id: Int, _ outcome: CallLedger.Outcome, _ bytes: [UInt8], at now: Instant, _ ids: inout RequestIDs
    ) -> [Action] {
        if id == initializeID {
            initializeID = nil
            return initialized(outcome)
        }
        guard let kind = listKind(ofRequest: id) else {
            return [.answered(requestID: id, outcome, bytes: bytes)]
        }
        return listed(kind, outcome, bytes, at: now, &ids)
    }

    private mutating func initialized(_ outcome: CallLedger.Outcome) -> [Action] {
        switch outcome {
        case .failure(.refused(let code, let message)):
            return [.failed(.protocolBroken("initialize was refused: \(code) \(message)"))]
        case .failure: return [.failed(.protocolBroken("the answer to initialize cannot be read"))]
        case .success(let result):
            do throws(MalformedAnswer) {
                let capabilities = try ServerCapabilities(result: result)
                self.capabilities = capabilities
                return [.send(RequestWriter.notification("notifications/initialized")), .established(capabilities)]
            } catch {
                return [.failed(.protocolBroken(error.reason))]
            }
        }
    }

    /// A request gets no answer any more; nil if it is no business of the session.
    public mutating func requestFailed(_ id: Int, _ failure: RequestFailure, at now: Instant) -> [Action]? {
        if id == initializeID {
            initializeID = nil
            return [.failed(failure.transportFailure)]
        }
        return listKind(ofRequest: id).map { listFailed($0, at: now) }
    }
}
