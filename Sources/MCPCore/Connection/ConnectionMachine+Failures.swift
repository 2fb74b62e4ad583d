extension ConnectionMachine {
    /// What a failure means for the server's state.
    struct Fault: Equatable {
        var reason: FailureReason
        var retryAfter: String?

        init(_ reason: FailureReason) {
            self.reason = reason
        }

        init(_ failure: TransportFailure) {
            switch failure {
            case .refused, .reset, .closed, .sessionExpired, .status: reason = .network
            case .exited: reason = .notResponding
            case .unauthorized: reason = .auth
            case .unavailable(_, let header): (reason, retryAfter) = (.network, header)
            case .protocolBroken: reason = .protocol
            case .misconfigured: reason = .config
            }
        }
    }

    /// Whether another attempt may be made by itself: there is one left, and the transport is reconnected (S-038).
    private var mayRetry: Bool {
        retriesUsed < retryLimit && (configuration.transport != .stdio || policy.reconnectsStdio)
    }

    /// An attempt failed: it is retried, unless that cannot help or the attempts are used up (S-027, S-029, S-033).
    mutating func attemptFailed(
        _ fault: Fault, at now: Instant, using generator: inout some RandomNumberGenerator
    ) -> [Action] {
        failedAttempts += 1
        if let end = endedForGood(fault) { return end }
        guard fault.reason != .protocol, mayRetry else { return giveUp(fault.reason) }
        backOff(fault, at: now, using: &generator)
        guard !hasPublishedFailure else { return publish(pending) }
        hasPublishedFailure = true
        return publish(.failed(fault.reason, willRetry: true)) + publish(pending)
    }

    /// A connection was lost: a short one counts as a failed attempt, a long one begins a new run (S-034).
    mutating func connectionLost(
        _ fault: Fault, at now: Instant, using generator: inout some RandomNumberGenerator
    ) -> [Action] {
        if isStable(at: now) { startRun() } else { failedAttempts += 1 }
        if let end = endedForGood(fault) { return end }
        guard mayRetry else { return giveUp(fault.reason) }
        backOff(fault, at: now, using: &generator)
        hasPublishedFailure = true
        if policy.profile == .current { return publish(pending) }
        return publish(.failed(fault.reason, willRetry: true)) + publish(pending)
    }

    /// The server has forgotten the session: it is there, so that a new one is begun at once, without backoff (SR-14).
    ///
    /// That happens once a run: a second expiry before a connection has stood for the stability window is final.
    mutating func sessionExpired(at now: Instant) -> [Action] {
        if isStable(at: now) { startRun() }
        guard !hasRenewedSession else { return giveUp(.network) }
        hasRenewedSession = true
        hasPublishedFailure = true
        let failed = policy.profile == .current ? [] : publish(.failed(.network, willRetry: true))
        return failed + publish(pending) + connect()
    }

    /// What only the user can mend: sign-in, or a configuration that cannot work.
    private mutating func endedForGood(_ fault: Fault) -> [Action]? {
        switch fault.reason {
        case .auth where !configuration.hasStaticAuthorization:
            phase = .resting
            return publish(.needsAuth) + [.askForSignIn]
        case .auth, .config: return giveUp(fault.reason)
        case .network, .notResponding, .protocol: return nil
        }
    }

    private mutating func giveUp(_ reason: FailureReason) -> [Action] {
        phase = .resting
        return publish(.failed(reason, willRetry: false))
    }

    private mutating func backOff(
        _ fault: Fault, at now: Instant, using generator: inout some RandomNumberGenerator
    ) {
        retriesUsed += 1
        let delay = Backoff(policy).delay(
            beforeRetry: retriesUsed, retryAfter: fault.retryAfter, using: &generator)
        phase = .backingOff(until: now.advanced(by: delay))
    }
}
