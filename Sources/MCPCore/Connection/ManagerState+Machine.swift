import MCPWire

/// Carrying out what the machine of a server decides.
extension ManagerState {
    /// Tells the machine of a server what has happened, and does what it says; throws what the machine throws.
    func feed(_ server: ManagedServer, _ input: ConnectionMachine.Input) throws(ConnectionError) {
        let failure = input.failure(of: server.machine.generation)
        let actions = try server.machine.receive(input, at: time.now, using: &generator)
        // What comes after the end of a generation is a consequence of it.
        if let failure, !actions.isEmpty { server.lastFailure = failure }
        carryOut(actions, server, cause: input.cause)
    }

    /// As ``feed(_:_:)``, for inputs at which the machine never throws.
    func feedSafely(_ server: ManagedServer, _ input: ConnectionMachine.Input) {
        do {
            try feed(server, input)
        } catch {
            preconditionFailure("the machine of \(server.name) refused \(input): \(error)")
        }
    }

    private func carryOut(_ actions: [ConnectionMachine.Action], _ server: ManagedServer, cause: TransportFailure) {
        guard !actions.isEmpty else { return }
        for action in actions {
            switch action {
            case .connect: connectQueue.append(server)
            case .abandon(let generation): leave(server, generation, cause: cause, isClosing: true)
            case .release(let generation): leave(server, generation, cause: cause, isClosing: false)
            case .clearTools: clearContents(of: server)
            case .publish(let status): publish(status, of: server)
            case .askForSignIn: tell(.signInNeeded, "\(server.name) needs sign-in", of: server)
            case .discover(let generation): discover(server, generation)
            }
        }
        if server.isSettled, !server.isConnected { end(server.ledger.endWaiting(), of: server) }
        giveTurns()
        resumeWaits()
        arrangeWork()
    }

    /// The connection or attempt of that generation is over; its stream is closed here, unless its reader does it.
    private func leave(_ server: ManagedServer, _ generation: Int, cause: TransportFailure, isClosing: Bool) {
        if server.isPresent(generation), let link = server.link {
            server.takeBackRequests()
            server.link = nil
            link.stopHandlers()
            if isClosing { work.append(.close(link.stream)) }
        }
        server.dial?.cancel()
        server.dial = nil
        server.settled = []
        end(server.ledger.connectionLost(cause), of: server)
    }

    private func clearContents(of server: ManagedServer) {
        let hadTools = !server.contents.tools.isEmpty
        server.contents = ServerContents()
        if hadTools { replaceTools(of: server, with: []) }
    }

    private func publish(_ status: ServerStatus, of server: ManagedServer) {
        let from = server.lastState
        server.lastState = status.state
        tell { .state(StateChange(server: server.name, revision: $0, at: $1, from: from, status: status)) }
    }

    /// Begins discovery on a new connection, and sends again what may be sent again (RS-09).
    private func discover(_ server: ManagedServer, _ generation: Int) {
        guard server.isPresent(generation) else { return }
        perform(server.withSession { $0.discover(at: time.now, &$1) }, server)
        resendCalls(of: server)
    }

    /// Gives attempts their turn, as many at a time as the policy allows (S-016).
    private func giveTurns() {
        guard !connectQueue.isEmpty else { return }
        var waiting: [ManagedServer] = []
        for server in connectQueue where server.machine.isWaitingForTurn {
            if hasTurn(server) {
                let generation = server.machine.generation
                feedSafely(server, .connectBegan(generation: generation))
                work.append(.connect(server: server.index, generation: generation))
            } else if !waiting.contains(where: { $0 === server }) {
                waiting.append(server)
            }
        }
        connectQueue = waiting
    }

    private func hasTurn(_ server: ManagedServer) -> Bool {
        let isLocal = server.machine.configuration.transport.isLocal
        guard let limit = isLocal ? policy.localConnects : policy.remoteConnects else { return true }
        let underWay = servers.count {
            $0.machine.isConnecting && !$0.machine.isWaitingForTurn
                && $0.machine.configuration.transport.isLocal == isLocal
        }
        return underWay < limit
    }
}

extension ConnectionMachine.Input {
    /// Why calls end when this ends their connection.
    var cause: TransportFailure {
        switch self {
        case .lost(_, let failure), .connectFailed(_, let failure): failure
        default: .closed
        }
    }

    /// The failure of that generation, if this is one.
    func failure(of generation: Int) -> TransportFailure? {
        switch self {
        case .lost(generation, let failure), .connectFailed(generation, let failure): failure
        default: nil
        }
    }
}
