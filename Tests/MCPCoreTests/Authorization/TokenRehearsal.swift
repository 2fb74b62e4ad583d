import MCPCore

/// A token machine with a store, told by hand what happens.
struct TokenRehearsal {
    var machine: TokenMachine
    var now = Instant.zero
    /// How far the local clock is ahead of virtual time, in seconds.
    var unixOffset: Int64 = 1_800_000_000
    var store: Credential?
    /// What the machine wanted that is not done by the rehearsal itself: `refresh 1`, `3 retry 2`, `4 token 1`.
    private(set) var log: [String] = []
    private(set) var loadCount = 0
    private var waiterCount = 0

    init(_ store: Credential?, policy: AuthorizationPolicy = .init(), canStepUp: Bool = true) {
        self.store = store
        machine = TokenMachine(policy: policy, canStepUp: canStepUp, seed: 1)
        feed(.loaded(store))
    }

    static func credential(
        _ token: String = "A", issue: Int = 1, refreshToken: String? = "r1", expiresAt: Int64? = nil,
        scope: String? = nil
    ) -> Credential {
        Credential(
            accessToken: token, refreshToken: refreshToken, issue: issue, expiresAt: expiresAt, scope: scope,
            client: RegisteredClient(id: "c"), tokenEndpoint: "https://auth.test/token")
    }

    /// What was wanted since the last look.
    mutating func take() -> [String] {
        defer { log = [] }
        return log
    }

    /// The shell of the machine: the store is at hand, everything else is written down.
    mutating func feed(_ input: TokenMachine.Input) {
        let unixTime = unixOffset + now.nanoseconds / 1_000_000_000
        for action in machine.receive(input, at: now, unixTime: unixTime) {
            switch action {
            case .load:
                loadCount += 1
                feed(.loaded(store))
            case .replace(let issue, let credential):
                let isCurrent = (store?.issue ?? 0) == issue
                if isCurrent { store = credential }
                feed(.stored(isCurrent))
            case .refresh(let credential):
                log.append("refresh \(credential.issue) by \(credential.refreshToken ?? "none")")
            case .stepUp(let scope): log.append("step up to \(scope ?? "nothing")")
            case .token(let waiter, let token): log.append("\(waiter) token \(token?.issue ?? 0)")
            case .recovery(let waiter, .retry(let token)): log.append("\(waiter) retry \(token.value)\(token.issue)")
            case .recovery(let waiter, .signIn(let reason)): log.append("\(waiter) sign in: \(reason)")
            case .recovery(let waiter, .refused(let reason)): log.append("\(waiter) refused: \(reason)")
            }
        }
    }

    /// Lets time pass to an instant, with the deadlines on the way.
    mutating func pass(to seconds: Double) {
        let end = Instant.zero.advanced(by: .seconds(seconds))
        while let deadline = machine.nextDeadline, deadline <= end {
            now = max(now, deadline)
            feed(.time)
        }
        now = end
    }

    /// A request that carried the token of that issue got 401; returns the number of its wait.
    @discardableResult
    mutating func refuse(_ issue: Int = 1, status: Int = 401, challenge: String = "Bearer") -> Int {
        waiterCount += 1
        let token = issue == 0 ? nil : AccessToken("t", issue: issue)
        feed(
            .refusal(
                waiter: waiterCount, AuthorizationRefusal(status: status, challenges: [challenge], token: token)))
        return waiterCount
    }

    /// A request got 403, as it needs a scope.
    @discardableResult
    mutating func want(_ scope: String, issue: Int = 1) -> Int {
        refuse(issue, status: 403, challenge: #"Bearer error="insufficient_scope", scope="\#(scope)""#)
    }

    @discardableResult
    mutating func request() -> Int {
        waiterCount += 1
        feed(.request(waiter: waiterCount))
        return waiterCount
    }

    mutating func grant(_ token: String, refreshToken: String? = nil, scope: String? = nil) {
        feed(
            .replied(
                .granted(GrantedToken(accessToken: token, refreshToken: refreshToken, expiresIn: 60, scope: scope))))
    }

    mutating func fail(_ reason: String = "status 503", retryAfter: String? = nil) {
        feed(.replied(.failed(reason, retryAfter: retryAfter)))
    }
}
