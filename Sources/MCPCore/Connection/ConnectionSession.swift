import MCPWire

/// What is said on one connection: the handshake, the lists, and the answers to requests of either side.
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
        /// A list is settled for now: complete, refused, broken, or not declared.
        case settled(ListKind)
        /// An answer to a request that is no business of the session.
        case answered(requestID: Int, CallLedger.Outcome, bytes: [UInt8])
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

    private let server: String
    private let revision: String
    private var initializeID: Int?
    /// In the order of ``ListKind``.
    private var listings = ListKind.allCases.map { Listing($0) }

    /// A session that asks for that revision.
    public init(server: String, revision: String) {
        self.server = server
        self.revision = revision
    }

    // MARK: Beginning

    /// Begins the handshake: the request to send.
    public mutating func begin(_ ids: inout RequestIDs) -> [UInt8] {
        let id = ids.next()
        initializeID = id
        return RequestWriter.initialize(id, revision: revision)
    }

    /// Begins to read all lists that the server declared; the others are settled at once (S-001, S-185).
    public mutating func discover(_ ids: inout RequestIDs) -> [Action] {
        ListKind.allCases.flatMap { list($0, &ids) }
    }

    private mutating func list(_ kind: ListKind, _ ids: inout RequestIDs) -> [Action] {
        guard let capabilities, capabilities.declared.contains(kind) else { return [.settled(kind)] }
        listings[kind.index].restart()
        return [request(kind, cursor: nil, &ids)]
    }

    private mutating func request(_ kind: ListKind, cursor: String?, _ ids: inout RequestIDs) -> Action {
        let id = ids.next()
        listings[kind.index].requestID = id
        return .send(RequestWriter.request(id, kind.method, cursor.map { ["cursor": .string($0)] }))
    }

    // MARK: Receiving

    /// Takes one frame in; batches are read where the revision has them (2025-03-26).
    public mutating func receive(_ frame: [UInt8], _ ids: inout RequestIDs) -> [Action] {
        let message = Message.read(frame.span)
        guard case .batch(let messages) = message.kind else { return receive(message, in: frame, &ids) }
        guard capabilities?.revision == "2025-03-26" else {
            let spoken = capabilities?.revision ?? revision
            return [.violation("a batch, which revision \(spoken) does not have", bytes: frame)]
        }
        return messages.flatMap { receive($0, in: frame, &ids) }
    }

    private mutating func receive(_ message: Message, in frame: [UInt8], _ ids: inout RequestIDs) -> [Action] {
        func violation(_ reason: String) -> [Action] { [.violation(reason, bytes: Array(frame[message.range]))] }
        switch message.kind {
        case .malformed(let malformation): return violation(malformation.description)
        case .batch: return violation("a batch inside a batch")
        case .notification: return notified(message.method ?? "", &ids)
        case .request:
            guard let id = message.id, !id.isNull else { return violation("a request with the id null") }
            let method = message.method ?? ""
            let isPing = method == "ping"
            let none = JSONValue.object([])
            return [
                .send(
                    isPing
                        ? RequestWriter.result(id, none)
                        : RequestWriter.error(id, code: -32601, "Method not found: \(method)"))
            ]
        case .result, .error:
            guard let id = message.id, let number = Int(id.description) else {
                let name = message.id.map { "the id \($0)" } ?? "no id"
                return violation("a response with \(name), which no request had")
            }
            return answered(number, outcome(of: message, in: frame), Array(frame[message.range]), &ids)
        }
    }

    private mutating func notified(_ method: String, _ ids: inout RequestIDs) -> [Action] {
        guard let kind = ListKind.allCases.first(where: { $0.changeNotification == method }),
            let capabilities, capabilities.declared.contains(kind)
        else { return [] }
        if listings[kind.index].requestID != nil {
            listings[kind.index].isStale = true
            return []
        }
        return list(kind, &ids)
    }

    /// The value of a response; one that cannot be read leaves open what the request has done.
    private func outcome(of message: Message, in frame: [UInt8]) -> CallLedger.Outcome {
        func value(_ range: Range<Int>?) throws(JSONError) -> JSONValue {
            guard let range else { return .null }
            return try JSONValue(Array(frame[range]))
        }
        do throws(JSONError) {
            if message.kind == .result { return .success(try value(message.result)) }
            let error = try value(message.error)
            return .failure(.refused(code: error["code"]?.integer ?? 0, message: error["message"]?.text ?? ""))
        } catch {
            let cause = TransportFailure.protocolBroken("the answer cannot be read: \(error)")
            return .failure(.outcomeUnknown(server: server, cause: cause))
        }
    }

    private mutating func answered(
        _ id: Int, _ outcome: CallLedger.Outcome, _ bytes: [UInt8], _ ids: inout RequestIDs
    ) -> [Action] {
        if id == initializeID {
            initializeID = nil
            return initialized(outcome)
        }
        guard let kind = ListKind.allCases.first(where: { listings[$0.index].requestID == id }) else {
            return [.answered(requestID: id, outcome, bytes: bytes)]
        }
        return listed(kind, outcome, bytes, &ids)
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
    public mutating func requestFailed(_ id: Int, _ failure: RequestFailure) -> [Action]? {
        if id == initializeID {
            initializeID = nil
            return [.failed(failure.transportFailure)]
        }
        guard let kind = ListKind.allCases.first(where: { listings[$0.index].requestID == id }) else { return nil }
        listings[kind.index].requestID = nil
        return [.settled(kind)]
    }

    private mutating func listed(
        _ kind: ListKind, _ outcome: CallLedger.Outcome, _ bytes: [UInt8], _ ids: inout RequestIDs
    ) -> [Action] {
        listings[kind.index].requestID = nil
        var actions: [Action] = []
        do throws(MalformedAnswer) {
            // A list that is refused stays as it was.
            if case .success(let page) = outcome {
                switch try listings[kind.index].receive(page) {
                case .next(let cursor): return [request(kind, cursor: cursor, &ids)]
                case .complete(let items): actions = [.listed(kind, items)]
                }
            }
        } catch {
            actions = [.violation(error.reason, bytes: bytes)]
        }
        return actions + (listings[kind.index].isStale ? list(kind, &ids) : [.settled(kind)])
    }
}

extension ListKind {
    /// Its place in ``ListKind/allCases``.
    var index: Int {
        switch self {
        case .tools: 0
        case .prompts: 1
        case .resources: 2
        }
    }
}
