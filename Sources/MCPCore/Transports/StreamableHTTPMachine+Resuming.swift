import HTTPTypes
import MCPWire

/// What comes of exchanges that break off, and of time.
extension StreamableHTTPMachine {
    /// There is no response.
    mutating func failed(_ number: Int, _ failure: HTTPFailure) {
        guard let stream = streams[number], let exchange = stream.exchange else { return }
        forgetExchange(number)
        if case .farewell = stream.kind { return finish() }
        if exchange.method == .get { return resume(number, failure.cause) }
        if !failure.mayHaveArrived {
            if isExpiring { return handBack(number) }
            if !stream.isInitialize {
                for id in stream.awaited { act(.report(.requestFailed(id: id, .notSent(failure.cause)))) }
            }
            return fail(failure.cause)
        }
        if stream.isInitialized { return fail(failure.cause) }
        noteSettled(number)
        lost(number, failure.cause)
    }

    /// A stream of events is over, in good order or not.
    mutating func streamBroke(_ number: Int, _ cause: TransportFailure) {
        guard let stream = streams[number], let exchange = stream.exchange else { return }
        forgetExchange(number)
        guard stream.isPush || stream.isRequest else { return drop(number) }
        guard stream.isPush || stream.cursor != nil else { return lost(number, cause) }
        let hasStood = exchange.began.duration(to: now) >= policy.stabilityWindow
        // A server that says when to come back means to be polled (2025-11-25).
        let isPolled = exchange.isPrimed && stream.retry != nil
        if exchange.hasMessage || hasStood || isPolled { streams[number]?.attempts = 0 }
        resume(number, cause, hasMessage: exchange.hasMessage)
    }

    /// Has a stream resumed after the `retry` that the server asked for, or else the backoff; or gives it up.
    mutating func resume(
        _ number: Int, _ cause: TransportFailure, retryAfter: String? = nil, hasMessage: Bool = false
    ) {
        guard let stream = streams[number] else { return }
        // A session that is forgotten has no streams to be resumed.
        guard stream.isPush || stream.isRequest, !isExpiring else { return drop(number) }
        guard stream.attempts < policy.retries else {
            guard stream.isPush else { return lost(number, cause) }
            return degrade(number, "the stream of GET could not be resumed after \(policy.retries) attempts")
        }
        streams[number]?.attempts += 1
        var delay = Backoff(policy).delay(
            beforeRetry: stream.attempts + 1, retryAfter: retryAfter, using: &generator)
        if let retry = stream.retry {
            delay = max(
                hasMessage ? retry : max(retry, limits.pollingDelayMin),
                retryAfter.flatMap(Backoff.delay(asWritten:)) ?? .zero)
        }
        streams[number]?.resumeAt = now.advanced(by: delay)
    }

    /// Messages that answer no request come no more.
    mutating func degrade(_ number: Int, _ reason: String) {
        drop(number)
        act(.report(.pushDegraded(reason)))
    }

    // MARK: Time

    mutating func deadlineCame() {
        if case .expiring(let until) = phase, until <= now { return fail(.sessionExpired) }
        for number in streams.keys.sorted() {
            guard let stream = streams[number] else { continue }
            if let due = stream.resumeAt, due <= now {
                begin(number, .get, at: endpoint)
            } else if let due = stream.deadline, due <= now {
                streams[number]?.deadline = nil
                overdue(number, stream)
            }
        }
    }

    private mutating func overdue(_ number: Int, _ stream: HTTPStream) {
        if case .farewell = stream.kind { return finish() }
        if let exchange = stream.exchange, exchange.phase == .refusal { return refusalComplete(number, exchange) }
        // A notification without a response counts as taken; an exchange that has given its answer is over.
        noteSettled(number)
        drop(number)
    }
}
