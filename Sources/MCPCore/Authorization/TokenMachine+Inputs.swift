extension TokenMachine {
    /// Takes in what happened at that instant, `unixTime` seconds being the local clock's; returns what is to be done.
    public mutating func receive(_ input: Input, at now: Instant, unixTime: Int64) -> [Action] {
        var actions: [Action] = []
        switch input {
        case .request(let waiter): request(waiter, at: now, unixTime: unixTime, &actions)
        case .refusal(let waiter, let refusal): refuse(waiter, refusal, &actions)
        case .withdrawn(let waiter):
            waiters.removeAll { $0.number == waiter }
            if waiters.isEmpty, nextDeadline != nil { rest() }
        case .loaded(let stored): load(stored, &actions)
        case .replied(let reply): take(reply, at: now, unixTime: unixTime, &actions)
        case .stored(let isStored): store(isStored, &actions)
        case .signedIn(let stored):
            (scopesAsked, stepUpCount, scopeNeeded) = ([], 0, nil)
            adopt(stored)
            // A refresh that waits for its next try is of no more use.
            if nextDeadline != nil { rest() }
        case .steppedUp(let stored):
            adopt(stored)
            rest()
        case .stepUpFailed(let reason):
            rest()
            settle(&actions)
            end(.signIn(reason), &actions) { $0.isScopes }
        case .time:
            guard let deadline = nextDeadline, deadline <= now else { return [] }
            phase = .loading
            actions.append(.load)
        }
        settle(&actions)
        begin(&actions)
        return actions
    }

    private mutating func request(_ waiter: Int, at now: Instant, unixTime: Int64, _ actions: inout [Action]) {
        guard let credential, isStale(credential, at: now, unixTime: unixTime) else {
            actions.append(.token(waiter: waiter, credential?.token))
            return
        }
        if phase == .idle { lastProactive = now }
        waiters.append(Waiter(number: waiter, need: .fresher, issue: credential.issue))
    }

    /// Whether a token should be replaced before it is refused; also while that is being done.
    private func isStale(_ credential: Credential, at now: Instant, unixTime: Int64) -> Bool {
        guard policy.proactiveRefresh, credential.refreshToken != nil, spent?.issue != credential.issue else {
            return false
        }
        guard phase == .idle else { return waiters.contains { $0.need == .fresher } }
        let claimed = try? JSONWebToken.expiry(of: credential.accessToken)
        // The two may be of different clocks; to take the earlier costs a refresh at most, and those are spaced.
        guard let expiry = [credential.expiresAt, claimed].compactMap({ $0 }).min() else { return false }
        let (left, overflow) = expiry.subtractingReportingOverflow(unixTime)
        guard overflow ? expiry < unixTime : Duration.seconds(left) <= policy.proactiveMargin else { return false }
        return lastProactive.map { now >= $0.advanced(by: policy.proactiveInterval) } ?? true
    }

    private mutating func refuse(_ waiter: Int, _ refusal: AuthorizationRefusal, _ actions: inout [Action]) {
        let told = Challenge.bearer(in: refusal.challenges)
        if var told {
            // A later challenge need not repeat where the metadata is.
            if told["resource_metadata"] == nil, let place = challenge?["resource_metadata"] {
                told.parameters.append(.init("resource_metadata", place))
            }
            challenge = told
        }
        let issue = refusal.token?.issue ?? 0
        guard refusal.status == 403 else {
            waiters.append(Waiter(number: waiter, need: .another, issue: issue))
            return
        }
        guard told?["error"] == "insufficient_scope" else {
            actions.append(.recovery(waiter: waiter, .refused("the server forbids the request (status 403)")))
            return
        }
        waiters.append(Waiter(number: waiter, need: .scopes(Self.names(told?["scope"]).sorted()), issue: issue))
    }

    private mutating func load(_ stored: Credential?, _ actions: inout [Action]) {
        isLoaded = true
        if let stored { adopt(stored) }
        switch phase {
        case .loading:
            phase = .idle
            settle(&actions)
            refresh(&actions)
        case .reloading(let issue, let reason):
            rest()
            settle(&actions)
            if credential?.issue == issue { spent = (issue, reason) }
            refresh(&actions)
        default: break
        }
    }

    private mutating func take(_ reply: TokenReply, at now: Instant, unixTime: Int64, _ actions: inout [Action]) {
        guard case .refreshing(let old) = phase else { return }
        switch reply {
        case .granted(let granted):
            let next = old.renewed(by: granted, unixTime: unixTime)
            phase = .storing(next)
            actions.append(.replace(issue: old.issue, with: next))
        case .invalidGrant:
            phase = .reloading(issue: old.issue, reason: "the refresh token is no longer good")
            actions.append(.load)
        case .refused(let reason):
            rest()
            spent = (old.issue, "the token endpoint refused to refresh: \(reason)")
            settle(&actions)
            refresh(&actions)
        case .failed(let reason, let retryAfter):
            settle(&actions)
            end(.signIn(reason), &actions) { $0.need == .fresher }
            failureCount += 1
            if !waiters.contains(where: { $0.need == .another }) {
                rest()
            } else if failureCount > policy.retries {
                rest()
                let text = "the token endpoint failed \(policy.retries + 1) times, at last with: \(reason)"
                end(.signIn(text), &actions) { $0.need == .another }
            } else {
                let delay = policy.backoff.delay(
                    beforeRetry: failureCount, retryAfter: retryAfter, using: &generator)
                phase = .waiting(until: now.advanced(by: delay))
            }
        }
    }

    private mutating func store(_ isStored: Bool, _ actions: inout [Action]) {
        guard case .storing(let next) = phase else { return }
        if isStored {
            adopt(next)
            rest()
        } else {
            phase = .reloading(issue: next.issue - 1, reason: "somebody else has changed what is stored")
            actions.append(.load)
        }
    }
}
