import MCPWire

/// What the tasks that connect, read and write report. A generation that is over changes nothing.
extension ManagerState {
    /// A task begins to connect; false if its generation is over.
    func dialling(_ index: Int, _ generation: Int, _ task: TaskHandle) -> Bool {
        let server = servers[index]
        guard lifePhase == .running, server.machine.generation == generation, server.machine.isConnecting else {
            return false
        }
        server.dial = task
        return true
    }

    /// There is no stream; the task that tried is free for other work.
    func refused(_ index: Int, _ generation: Int, _ failure: TransportFailure) {
        let server = servers[index]
        guard lifePhase == .running, server.machine.generation == generation else { return }
        server.dial = nil
        lastEvent { feedSafely(server, .connectFailed(generation: generation, failure)) }
    }

    /// A stream is open; false if its generation is over, and the stream is to be closed (RS-06).
    func opened(_ index: Int, _ generation: Int, _ stream: any MessageStream) -> Bool {
        let server = servers[index]
        guard lifePhase == .running, server.machine.generation == generation, server.machine.isConnecting else {
            return false
        }
        server.dial = nil
        server.open(
            stream, ConnectionSession(server: server.name, revision: revision, policy: policy, client: client))
        return true
    }

    /// What a reader does after a message.
    enum Reading: Sendable {
        case goOn
        /// The generation is over.
        case leave(isClosing: Bool)
    }

    /// A message has come.
    func received(_ index: Int, _ generation: Int, _ frame: [UInt8]) -> Reading {
        let server = servers[index]
        guard lifePhase == .running, server.isPresent(generation) else { return .leave(isClosing: false) }
        let isFailed = perform(server.withSession { $0.receive(frame, at: time.now, &$1) }, server)
        if !isFailed, server.link?.unaskedCount ?? 0 > policy.unsentMax {
            let reason = "more than \(policy.unsentMax) messages wait for the server to read them"
            return .leave(isClosing: ended(index, generation, .protocolBroken(reason)))
        }
        haveWritten(server)
        arrangeWork()
        return isFailed ? .leave(isClosing: true) : .goOn
    }

    /// A stream has ended; returns whether the caller is to close it.
    func ended(_ index: Int, _ generation: Int, _ failure: TransportFailure) -> Bool {
        let server = servers[index]
        guard lifePhase == .running, server.machine.generation == generation else { return false }
        let wasPresent = server.isPresent(generation)
        feedSafely(
            server,
            server.isConnected
                ? .lost(generation: generation, failure) : .connectFailed(generation: generation, failure))
        return wasPresent
    }

    /// What a writer is to send next; empty when it has nothing more to do.
    func nextBatch(_ index: Int, _ generation: Int, isFirst: Bool) -> [ManagedServer.Outgoing] {
        let server = servers[index]
        if isFirst, server.link?.isWriting ?? true { return [] }
        return server.takeOutbox(generation)
    }

    /// What a writer does after a message that was not taken.
    enum Writing: Sendable {
        case goOn
        /// The generation is over.
        case leave(isClosing: Bool)
    }

    /// The stream has not taken a message: a call ends, or waits for the next session; without anything else the
    /// connection is of no use.
    func notTaken(_ index: Int, _ generation: Int, _ callID: Int?, _ failure: TransportFailure) -> Writing {
        let server = servers[index]
        guard lifePhase == .running, server.isPresent(generation) else { return .leave(isClosing: false) }
        guard let callID else { return .leave(isClosing: ended(index, generation, failure)) }
        if case .ending(let ending) = server.ledger.failed(requestID: callID, .notSent(failure)) {
            end([ending], of: server)
        }
        arrangeWork()
        return .goOn
    }

    /// Something that a user should be told.
    func notice(_ index: Int, _ generation: Int, _ kind: ServerNotice.Kind, _ text: String) -> Reading {
        let server = servers[index]
        guard lifePhase == .running, server.isPresent(generation) else { return .leave(isClosing: false) }
        tell(kind, text, of: server)
        return .goOn
    }

    // MARK: Sessions

    /// Does what the session of a server says; returns whether its handshake failed.
    @discardableResult
    func perform(_ actions: [ConnectionSession.Action], _ server: ManagedServer) -> Bool {
        for action in actions {
            switch action {
            case .send(let bytes): server.post(bytes)
            case .established: feedSafely(server, .connected(generation: server.machine.generation))
            case .failed(let failure):
                feedSafely(server, .connectFailed(generation: server.machine.generation, failure))
                return true
            case .listed(let kind, let items): replace(kind, with: items, server)
            case .settled(let kind):
                server.settled.insert(kind)
                resumeWaits()
            case .gaveUp(let id): server.ledger.remember(late: id)
            case .progressed(let token, let progress): progressed(server, token, progress)
            case .notification(let method, let params): tell(method, params, of: server)
            case .handle(let number, let request):
                let generation = server.machine.generation
                work.append(
                    .handle(
                        Handling(server: server.index, generation: generation, number: number, request: request)))
            case .stopHandling(let number): stopHandling(number, of: server)
            case .answered(let id, let outcome, let bytes): answered(server, id, outcome, bytes)
            case .violation(let reason, let bytes): server.keep(reason, bytes, at: time.now)
            }
        }
        return false
    }

    private func replace(_ kind: ListKind, with items: [JSONValue], _ server: ManagedServer) {
        switch kind {
        case .tools:
            replaceTools(of: server, with: items.map { Tool(name: $0["name"]?.text ?? "", definition: $0) })
        case .prompts: server.contents.prompts = items
        case .resources: server.contents.resources = items
        }
    }
}
