import MCPCore
import RepriseRecording

/// What faults do to exchanges.
extension HTTPWorld {
    /// What the time that has come brings of faults.
    mutating func strike(at now: Instant) {
        for consequence in plan.advance(to: now) { carryOut(consequence, passing: nil, at: now) }
    }

    /// `passing` is the exchange whose message made it so.
    mutating func carryOut(_ consequence: FaultPlan.Consequence, passing: Int?, at now: Instant) {
        switch consequence {
        case .end(let effect): if let passing { suffer(effect, passing, at: now) }
        case .strike(let fault):
            for number in exchanges.keys.sorted() {
                guard let exchange = exchanges[number], exchange.isOpen,
                    let effect = plan.strikes(fault, exchange.place, at: now)
                else { continue }
                suffer(effect, number, at: now)
            }
        case .release(let fault): release(fault, at: now)
        }
    }

    private mutating func suffer(_ effect: Fault.Effect, _ number: Int, at now: Instant) {
        switch effect {
        case .reset(let failure): lose(number, failure, at: now)
        case .halfClose(let direction): exchanges[number]?.withLine(direction) { $0.isHalfClosed = true }
        default: break
        }
    }

    /// The connection is gone, and what was under way with it.
    mutating func lose(_ number: Int, _ failure: TransportFailure, at now: Instant) {
        guard let exchange = exchanges[number], !exchange.isNewsHeld else { return }
        emit(.lost(failure.lossText), exchange.place)
        vanishAll(of: number, .clientToServer, "the connection was lost")
        vanishAll(of: number, .serverToClient, "the connection was lost")
        let mustTell = exchange.request == nil && !exchange.isServed
        exchanges[number]?.isServed = true
        exchanges[number]?.request = nil
        if exchange.isAbandoned {
            exchanges[number] = nil
        } else if let fault = plan.holdsClose(exchange.place, at: now) {
            exchanges[number]?.isNewsHeld = true
            heldNews[fault, default: []].append((number, failure))
        } else {
            exchanges[number] = nil
            actions.append(.reset(exchange: number, failure))
        }
        guard mustTell else { return }
        perform(servers[exchange.server].service.abandoned(exchange: number, at: now), of: exchange.server, at: now)
    }

    /// What a fault has held arrives, in the order in which it was sent.
    mutating func releaseParcels(of fault: Int, at now: Instant) {
        for held in heldParcels.removeValue(forKey: fault) ?? [] {
            arriveApart(held.number, of: held.exchange, held.direction, at: now)
        }
    }

    /// Lets go what a fault has held: messages as arrivals of this instant, news at once.
    private mutating func release(_ fault: Int, at now: Instant) {
        if heldParcels[fault] != nil { schedule(.release(fault: fault), of: 0, at: now) }
        for (number, failure) in heldNews.removeValue(forKey: fault) ?? [] {
            guard let exchange = exchanges.removeValue(forKey: number), !exchange.isAbandoned else { continue }
            actions.append(.reset(exchange: number, failure))
        }
    }
}
