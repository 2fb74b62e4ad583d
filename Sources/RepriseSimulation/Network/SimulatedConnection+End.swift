import MCPCore
import RepriseRecording

/// How a connection ends: by a fault, by the server, by the client.
extension SimulatedConnection {
    /// What a fault does to the whole connection, if it still stands.
    func suffer(_ effect: Fault.Effect) {
        guard clientState == .open else { return }
        switch effect {
        case .reset(let failure): lose(failure)
        case .halfClose(let direction): withLine(direction) { $0.isHalfClosed = true }
        default: break
        }
    }

    /// The connection is gone, and what was under way with it.
    func lose(_ failure: TransportFailure) {
        guard clientState == .open else { return }
        clientState = .lost(failure)
        network.emit(.lost(failure.lossText), place)
        vanishAll(.clientToServer, "the connection was lost")
        vanishAll(.serverToClient, "the connection was lost")
        endSession()
        tellReader(failure)
    }

    /// The server closes: its last messages arrive, then the end.
    func closeFromServer(_ failure: TransportFailure) {
        guard !isClosedByServer, !hasSessionEnded else { return }
        isClosedByServer = true
        guard clientState == .open else { return }
        sendEnd(failure, .serverToClient)
    }

    /// The client closes: what it has sent arrives, then the end; what the server has sent is lost.
    func closeFromClient() {
        if !isReleased { network.emit(.clientClosed, place) }
        isReleased = true
        guard clientState == .open else { return }
        clientState = .closed
        vanishAll(.serverToClient, "the client has closed the connection")
        sendEnd(.closed, .clientToServer)
        (buffer, bufferHead) = ([], 0)
        if let fault = network.plan.holdsClose(place, at: simulation.now) {
            holdNews(.closed, by: fault)
        }
        wakeReaderIfExhausted()
    }

    private func sendEnd(_ failure: TransportFailure, _ direction: Direction) {
        let now = simulation.now
        let due = withLine(direction) { $0.appendEnd(failure, at: now, over: route.entry.link) }
        scheduleNext(direction, at: due)
    }

    func endSession() {
        guard !hasSessionEnded else { return }
        hasSessionEnded = true
        session?.end()
        leaveRouteIfOver()
    }

    private func leaveRouteIfOver() {
        guard clientState != .open, hasSessionEnded, toServer.lateCount == 0 else { return }
        route.remove(self)
        session = nil
    }

    /// The simulation has ended: lets go of what refers back here.
    func tearDown() { session = nil }

    private func tellReader(_ failure: TransportFailure) {
        if let fault = network.plan.holdsClose(place, at: simulation.now) {
            holdNews(failure, by: fault)
        } else {
            report(.closed(failure))
        }
    }

    private func holdNews(_ failure: TransportFailure, by fault: Int) {
        isNewsHeld = true
        network.holdNews(of: self, failure, by: fault)
    }

    /// The client hears at last that its connection is gone.
    func releaseNews(_ failure: TransportFailure) {
        isNewsHeld = false
        report(.closed(failure))
    }
}

extension TransportFailure {
    /// How a connection was lost, in ``WireEvent/What/lost(_:)``.
    var lossText: String {
        switch self {
        case .refused: "refused"
        case .reset: "reset"
        case .closed: "closed"
        case .exited(let code?): "exited with code \(code)"
        case .exited(nil): "exited"
        case .unauthorized(let status): "unauthorized (\(status))"
        case .unavailable(let status, _): "unavailable (\(status))"
        case .sessionExpired: "session expired"
        case .status(let status): "status \(status)"
        case .protocolBroken(let what): "protocol broken: \(what)"
        case .misconfigured(let what): "misconfigured: \(what)"
        }
    }
}
