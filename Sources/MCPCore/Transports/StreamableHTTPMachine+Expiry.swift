import MCPWire

/// What becomes of a session that the server has forgotten (SR-14).
///
/// Requests that were sent together meet its end together. What gets 404 was not executed, and is told to be so as soon
/// as it is known; what may still get its 404, or its answer, is waited for as long as the first retry after a lost
/// connection would be. Nothing is sent meanwhile. Then the session is closed, and of whatever is left nobody knows
/// whether it was executed.
extension StreamableHTTPMachine {
    var isExpiring: Bool { if case .expiring = phase { true } else { false } }

    /// An exchange of the session got 404.
    mutating func sessionExpired(_ number: Int) {
        // The session needs no DELETE any more.
        sessionID = nil
        phase = .expiring(until: now.advanced(by: policy.backoffBase))
        notExecuted(number)
        for number in streams.keys.sorted() {
            guard let stream = streams[number] else { continue }
            if stream.exchange?.phase == .recovering {
                notExecuted(number)
            } else if !stream.isRequest || stream.exchange == nil {
                drop(number)
            }
        }
    }

    /// Whether a response with that status brings no answer, nor says that the request was more than looked at.
    func isOfNoUse(_ status: Int, _ exchange: HTTPStream.Exchange) -> Bool {
        exchange.method == .get ? status != 200 : [307, 308, 401, 403, 404].contains(status)
    }

    /// The server has not executed what an exchange asked for; of what resumes a stream that says nothing.
    mutating func notExecuted(_ number: Int) {
        if streams[number]?.exchange?.method == .post { handBack(number) } else { drop(number) }
    }

    /// Says of a request that it may be sent in another session.
    mutating func handBack(_ number: Int) {
        for id in streams[number]?.awaited ?? [] { act(.report(.requestFailed(id: id, .notSent(.sessionExpired)))) }
        drop(number)
    }

    /// Closes the session when nothing is waited for any more.
    mutating func endIfExpired() {
        guard isExpiring, !streams.values.contains(where: \.isRequest) else { return }
        fail(.sessionExpired)
    }
}
