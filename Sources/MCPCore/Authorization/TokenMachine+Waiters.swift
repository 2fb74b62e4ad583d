extension TokenMachine {
    /// Takes a credential that is newer than the one at hand.
    mutating func adopt(_ stored: Credential) {
        guard stored.issue > credential?.issue ?? 0 else { return }
        credential = stored
    }

    /// Nothing is under way any more.
    mutating func rest() {
        phase = .idle
        failureCount = 0
    }

    /// Gives the credential at hand to all who had an older one.
    mutating func settle(_ actions: inout [Action]) {
        guard let credential else { return }
        end(.retry(credential.token), &actions) { $0.issue < credential.issue }
    }

    /// Ends waits, in their order; whoever only wanted a fresher token gets the one at hand.
    mutating func end(
        _ recovery: AuthorizationRecovery, _ actions: inout [Action], where isMeant: (Waiter) -> Bool
    ) {
        for waiter in waiters where isMeant(waiter) {
            actions.append(
                waiter.need == .fresher
                    ? .token(waiter: waiter.number, credential?.token)
                    : .recovery(waiter: waiter.number, recovery))
        }
        waiters.removeAll(where: isMeant)
    }

    /// Begins what the waits need, if nothing is under way.
    mutating func begin(_ actions: inout [Action]) {
        guard phase == .idle, !waiters.isEmpty else { return }
        if waiters.contains(where: { !$0.isScopes }) {
            phase = .loading
            actions.append(.load)
        } else {
            stepUp(&actions)
        }
    }

    /// After a look into the store: asks for another token, or says that there will be none.
    mutating func refresh(_ actions: inout [Action]) {
        guard waiters.contains(where: { !$0.isScopes }) else { return }
        if let credential, credential.refreshToken != nil, spent?.issue != credential.issue {
            phase = .refreshing(credential)
            actions.append(.refresh(credential))
            return
        }
        let reason =
            if let credential {
                spent.flatMap { $0.issue == credential.issue ? $0.reason : nil } ?? "there is no refresh token"
            } else {
                "nobody has signed in"
            }
        end(.signIn(reason), &actions) { !$0.isScopes }
    }

    /// Asks for all scopes that somebody waits for, at once, unless that was done before (AE-15).
    private mutating func stepUp(_ actions: inout [Action]) {
        guard let credential else { return end(.signIn("nobody has signed in"), &actions) { $0.isScopes } }
        let asked = scopesAsked
        end(.refused("the server wants scopes that were asked for already"), &actions) { waiter in
            if case .scopes(let names) = waiter.need { asked.contains(names) } else { false }
        }
        guard !waiters.isEmpty else { return }
        guard stepUpCount < policy.stepUps else {
            let text = "the server wants more scopes, which were added \(policy.stepUps) times already, the limit"
            return end(.refused(text), &actions) { $0.isScopes }
        }
        var names = Self.names(credential.scope)
        var sets: [[String]] = []
        for case .scopes(let wanted) in waiters.map(\.need) {
            sets.append(wanted)
            for name in wanted where !names.contains(name) { names.append(name) }
        }
        scopeNeeded = names.isEmpty ? nil : names.joined(separator: " ")
        guard canStepUp else {
            return end(.signIn("the server wants more scopes, and there is nobody to ask"), &actions) { $0.isScopes }
        }
        stepUpCount += 1
        scopesAsked += sets
        phase = .steppingUp
        actions.append(.stepUp(scope: scopeNeeded))
    }

    /// The names in a scope (RFC 6749, section 3.3).
    static func names(_ scope: String?) -> [String] { (scope ?? "").split(separator: " ").map(String.init) }
}

extension TokenMachine.Waiter {
    /// Whether it waits for scopes.
    var isScopes: Bool {
        if case .scopes = need { true } else { false }
    }
}

extension Credential {
    /// What comes of a refresh; what is not said stays as it was.
    func renewed(by granted: GrantedToken, unixTime: Int64) -> Credential {
        var next = self
        next.accessToken = granted.accessToken
        next.refreshToken = granted.refreshToken ?? refreshToken
        next.issue = issue + 1
        next.expiresAt = granted.expiry(from: unixTime)
        next.scope = granted.scope ?? scope
        return next
    }
}

extension GrantedToken {
    /// When the access token expires, by a clock that shows `unixTime` now; nil if it is not said.
    func expiry(from unixTime: Int64) -> Int64? {
        expiresIn.flatMap { life in
            let (sum, overflow) = unixTime.addingReportingOverflow(life)
            return overflow ? nil : sum
        }
    }
}
