import MCPWire

/// The child tasks that connect, read and write; each for one generation of one server.
extension ConnectionManager {
    /// The life of one generation: connects, shakes hands, and reads until the stream ends or the generation is over.
    func carry(_ server: ManagedServer, _ generation: Int) async {
        let stream: any MessageStream
        do throws(TransportFailure) {
            stream = try await connector.connect(to: server.machine.configuration)
        } catch {
            _ = ended(server, generation, error)
            return
        }
        guard lifePhase == .running, server.machine.generation == generation, server.machine.isConnecting else {
            // It took too long, or the server was switched off meanwhile (RS-06).
            await stream.close()
            return
        }
        server.open(stream, revision: revision)
        if await read(server, generation, stream) { await stream.close() }
    }

    /// Reads, and sends what comes of it; returns whether the stream is to be closed here.
    private func read(_ server: ManagedServer, _ generation: Int, _ stream: any MessageStream) async -> Bool {
        while true {
            await write(server, generation)
            switch await stream.next() {
            case .message(let frame):
                guard lifePhase == .running, server.isPresent(generation) else { return false }
                let isFailed = perform(server.receive(frame), server)
                wakeIfNeeded()
                if isFailed { return true }
            case .closed(let failure): return ended(server, generation, failure)
            case nil: return ended(server, generation, .closed)
            }
        }
    }

    /// Sends what there is to send until nothing is left, or the generation is over.
    func write(_ server: ManagedServer, _ generation: Int) async {
        guard let link = server.link, link.generation == generation, !link.isWriting else { return }
        let stream = link.stream
        while true {
            let batch = server.takeOutbox(generation)
            if batch.isEmpty { return }
            for message in batch {
                do throws(TransportFailure) {
                    try await stream.send(message.bytes)
                } catch {
                    if notTaken(server, generation, message.callID, error) { await stream.close() }
                    if !server.isPresent(generation) { return }
                }
            }
        }
    }

    // MARK: Ends

    /// There is no stream, or it has ended; returns whether the caller is to close it.
    private func ended(_ server: ManagedServer, _ generation: Int, _ failure: TransportFailure) -> Bool {
        guard lifePhase == .running, server.machine.generation == generation else { return false }
        let wasPresent = server.isPresent(generation)
        feedSafely(
            server,
            server.isConnected
                ? .lost(generation: generation, failure) : .connectFailed(generation: generation, failure))
        return wasPresent
    }

    /// The stream has not taken a message: a call ends, and without anything else the connection is of no use.
    ///
    /// Returns whether the caller is to close the stream.
    private func notTaken(
        _ server: ManagedServer, _ generation: Int, _ callID: Int?, _ failure: TransportFailure
    ) -> Bool {
        guard lifePhase == .running, server.isPresent(generation) else { return false }
        guard let callID else { return ended(server, generation, failure) }
        if let ending = server.ledger.notTaken(requestID: callID) { end([ending]) }
        return false
    }

    // MARK: Sessions

    /// Does what the session of a server says; returns whether its handshake failed.
    @discardableResult
    func perform(_ actions: [ConnectionSession.Action], _ server: ManagedServer) -> Bool {
        for action in actions {
            switch action {
            case .send(let bytes): server.post(bytes)
            case .established:
                feedSafely(server, .connected(generation: server.machine.generation))
            case .failed(let reason):
                let generation = server.machine.generation
                feedSafely(server, .connectFailed(generation: generation, .protocolBroken(reason)))
                return true
            case .listed(let kind, let items): replace(kind, with: items, server)
            case .settled(let kind):
                server.settled.insert(kind)
                resumeWaits()
            case .answered(let id, let outcome, let bytes): answered(server, id, outcome, bytes)
            case .violation(let reason, let bytes): server.keep(reason, bytes, at: time.now)
            }
        }
        return false
    }

    private func replace(_ kind: ListKind, with items: [JSONValue], _ server: ManagedServer) {
        switch kind {
        case .tools:
            replaceTools(
                of: server, with: items.map { Tool(name: $0["name"]?.text ?? "", definition: $0) })
        case .prompts: server.contents.prompts = items
        case .resources: server.contents.resources = items
        }
    }

    private func answered(_ server: ManagedServer, _ id: Int, _ outcome: CallLedger.Outcome, _ bytes: [UInt8]) {
        switch server.ledger.answered(requestID: id, outcome) {
        case .ending(let ending): end([ending])
        case .late: break
        case .unknown:
            server.keep("a response with the id \(id), which no request waits for", bytes, at: time.now)
        }
    }
}
