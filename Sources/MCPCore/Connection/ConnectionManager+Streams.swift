import MCPWire

/// The child tasks that connect, read and write, and what they report.
extension ConnectionManager {
    /// The life of one generation: connects, shakes hands, and reads until the stream ends or the generation is over.
    nonisolated func carry(_ server: Int, _ generation: Int, _ configuration: ServerConfiguration) async {
        let stream: any MessageStream
        do throws(TransportFailure) {
            stream = try await connector.connect(to: configuration)
        } catch {
            _ = await ended(server, generation, error)
            return
        }
        guard let initialize = await opened(server, generation, stream) else {
            await stream.close()
            return
        }
        if await read(server, generation, stream, initialize) { await stream.close() }
    }

    /// Sends the first message and reads; returns whether the stream is to be closed here.
    private nonisolated func read(
        _ server: Int, _ generation: Int, _ stream: any MessageStream, _ first: [UInt8]
    ) async -> Bool {
        do throws(TransportFailure) {
            try await stream.send(first)
        } catch {
            return await ended(server, generation, error)
        }
        while true {
            switch await stream.next() {
            case .message(let frame):
                switch await received(server, generation, frame) {
                case .goOn: continue
                case .leave(let isClosing): return isClosing
                }
            case .closed(let failure): return await ended(server, generation, failure)
            case nil: return await ended(server, generation, .closed)
            }
        }
    }

    /// Sends what there is to send until nothing is left, or the generation is over.
    nonisolated func write(
        _ server: Int, _ generation: Int, _ stream: any MessageStream, _ first: [ManagedServer.Outgoing]
    ) async {
        var batch = first
        while !batch.isEmpty {
            for message in batch {
                do throws(TransportFailure) {
                    try await stream.send(message.bytes)
                } catch {
                    if await notTaken(server, generation, message.callID, error) { await stream.close() }
                }
            }
            batch = await nextBatch(server, generation)
        }
    }

    // MARK: Reports

    /// What a reader does after a message.
    enum Reading: Sendable {
        case goOn
        /// The generation is over; the reader closes the stream if nobody else does.
        case leave(isClosing: Bool)
    }

    /// A stream is open: takes it in and returns the first message, or nil if its generation is over (RS-06).
    private func opened(_ server: Int, _ generation: Int, _ stream: any MessageStream) -> [UInt8]? {
        guard lifePhase == .running, servers[server].machine.generation == generation,
            servers[server].machine.isConnecting
        else { return nil }
        return servers[server].open(stream, revision: revision)
    }

    private func received(_ server: Int, _ generation: Int, _ frame: [UInt8]) -> Reading {
        guard lifePhase == .running, servers[server].isPresent(generation) else { return .leave(isClosing: false) }
        let isFailed = perform(servers[server].receive(frame), server)
        wakeIfNeeded()
        return isFailed ? .leave(isClosing: true) : .goOn
    }

    /// There is no stream, or it has ended; returns whether the caller is to close it.
    private func ended(_ server: Int, _ generation: Int, _ failure: TransportFailure) -> Bool {
        guard lifePhase == .running, servers[server].machine.generation == generation else { return false }
        let wasPresent = servers[server].isPresent(generation)
        let isConnected = servers[server].isConnected
        feedSafely(
            server,
            isConnected
                ? .lost(generation: generation, failure) : .connectFailed(generation: generation, failure))
        return wasPresent
    }

    // MARK: Sending

    /// Puts a message into the outbox of the present connection.
    func send(_ server: Int, _ bytes: [UInt8], callID: Int? = nil) {
        servers[server].link?.outbox.append(.init(bytes: bytes, callID: callID))
        guard let link = servers[server].link, !link.isWriting else { return }
        servers[server].link?.isWriting = true
        work.append(.write(server: server, generation: link.generation))
    }

    /// What a new writer begins with.
    func firstBatch(_ server: Int, _ generation: Int) -> (any MessageStream, [ManagedServer.Outgoing])? {
        guard let stream = servers[server].link?.stream else { return nil }
        let batch = nextBatch(server, generation)
        return batch.isEmpty ? nil : (stream, batch)
    }

    /// What is to be sent next; the writer ends when it is nothing.
    private func nextBatch(_ server: Int, _ generation: Int) -> [ManagedServer.Outgoing] {
        guard servers[server].isPresent(generation), let batch = servers[server].link?.outbox else { return [] }
        servers[server].link?.outbox = []
        servers[server].link?.isWriting = !batch.isEmpty
        for message in batch {
            if let id = message.callID { servers[server].ledger.handOver(requestID: id) }
        }
        return batch
    }

    /// The stream has not taken a message: a call ends, and without anything else the connection is of no use.
    ///
    /// Returns whether the caller is to close the stream.
    private func notTaken(_ server: Int, _ generation: Int, _ callID: Int?, _ failure: TransportFailure) -> Bool {
        guard lifePhase == .running, servers[server].isPresent(generation) else { return false }
        guard let callID else { return ended(server, generation, failure) }
        if let ending = servers[server].ledger.notTaken(requestID: callID) { end([ending]) }
        return false
    }

    // MARK: Sessions

    /// Does what the session of a server says; returns whether its handshake failed.
    @discardableResult
    func perform(_ actions: [ConnectionSession.Action], _ server: Int) -> Bool {
        for action in actions {
            switch action {
            case .send(let bytes): send(server, bytes)
            case .established:
                feedSafely(server, .connected(generation: servers[server].machine.generation))
            case .failed(let reason):
                let generation = servers[server].machine.generation
                feedSafely(server, .connectFailed(generation: generation, .protocolBroken(reason)))
                return true
            case .listed(let kind, let items): replace(kind, with: items, server)
            case .settled(let kind):
                servers[server].settled.insert(kind)
                resumeWaits()
            case .answered(let id, let outcome, let bytes): answered(server, id, outcome, bytes)
            case .violation(let reason, let bytes): servers[server].keep(reason, bytes, at: time.now)
            }
        }
        return false
    }

    private func replace(_ kind: ListKind, with items: [JSONValue], _ server: Int) {
        switch kind {
        case .tools:
            replaceTools(
                of: server, with: items.map { Tool(name: $0["name"]?.text ?? "", definition: $0) })
        case .prompts: servers[server].contents.prompts = items
        case .resources: servers[server].contents.resources = items
        }
    }

    private func answered(_ server: Int, _ id: Int, _ outcome: CallLedger.Outcome, _ bytes: [UInt8]) {
        switch servers[server].ledger.answered(requestID: id, outcome) {
        case .ending(let ending): end([ending])
        case .late: break
        case .unknown:
            servers[server].keep("a response with the id \(id), which no request waits for", bytes, at: time.now)
        }
    }
}
