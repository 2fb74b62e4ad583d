/// Decides when the token for one server is replaced, and what becomes of the requests that wait for it.
///
/// One thing is under way at a time: looking into the store, a token request, storing, or signing in for more scopes.
/// Whatever number of requests wait, they wait for the same (AE-03). A request is never told to wait when it carried
/// an older issue than the one at hand: it takes that one.
public struct TokenMachine: Sendable {
    /// What happens.
    public enum Input: Sendable, Equatable {
        /// Somebody wants the token.
        case request(waiter: Int)
        /// A server refused a request.
        case refusal(waiter: Int, AuthorizationRefusal)
        /// Somebody waits no longer.
        case withdrawn(waiter: Int)
        /// What the store holds.
        case loaded(Credential?)
        /// What came of a token request.
        case replied(TokenReply)
        /// Whether the credential was stored.
        case stored(Bool)
        /// The user signed in, and the credential is stored.
        case signedIn(Credential)
        /// The scopes were added, and the credential is stored.
        case steppedUp(Credential)
        /// The scopes could not be added; one phrase says why.
        case stepUpFailed(String)
        /// The deadline may have come.
        case time
    }

    /// What is to be done.
    public enum Action: Sendable, Equatable {
        /// Look into the store; then ``Input/loaded(_:)``.
        case load
        /// Ask for a token with the refresh token; then ``Input/replied(_:)``.
        case refresh(Credential)
        /// Store the credential if that issue is stored; then ``Input/stored(_:)``.
        case replace(issue: Int, with: Credential)
        /// Have the user grant these scopes; then ``Input/steppedUp(_:)`` or ``Input/stepUpFailed(_:)``.
        case stepUp(scope: String?)
        /// Give somebody the token.
        case token(waiter: Int, AccessToken?)
        /// Say what follows from a refusal.
        case recovery(waiter: Int, AuthorizationRecovery)
    }

    /// The credential at hand; nil is none, or not looked for yet.
    public internal(set) var credential: Credential?
    /// Whether the store was looked into.
    public internal(set) var isLoaded = false
    /// The last `Bearer` challenge of the server.
    public internal(set) var challenge: Challenge?
    /// The scopes that the next sign-in should ask for beside what the server says; nil is none.
    public internal(set) var scopeNeeded: String?

    let policy: AuthorizationPolicy
    /// Whether there is somebody to ask for more scopes.
    let canStepUp: Bool
    var generator: SplitMix64
    var phase = Phase.idle
    var waiters: [Waiter] = []
    /// Refreshes that failed in passing, in a row.
    var failureCount = 0
    /// The issue whose refresh token is no longer good, and why.
    var spent: (issue: Int, reason: String)?
    /// When the last refresh was begun that no refusal asked for.
    var lastProactive: Instant?
    /// Sets of scopes that were asked for on the server's demand since the user signed in, each sorted.
    var scopesAsked: [[String]] = []
    var stepUpCount = 0

    /// A machine that has done nothing yet; `seed` is where the jitter of delays comes from.
    public init(policy: AuthorizationPolicy = .init(), canStepUp: Bool, seed: UInt64) {
        self.policy = policy
        self.canStepUp = canStepUp
        generator = SplitMix64(seed: seed)
    }

    /// When ``Input/time`` has something to do; nil is never.
    public var nextDeadline: Instant? {
        if case .waiting(let deadline) = phase { deadline } else { nil }
    }

    /// What is under way.
    enum Phase: Equatable {
        case idle
        /// Before a refresh: somebody else may have done it.
        case loading
        case refreshing(Credential)
        /// Until the next try.
        case waiting(until: Instant)
        case storing(Credential)
        /// After the refresh of that issue was refused, or somebody else stored first: what is there now?
        case reloading(issue: Int, reason: String)
        case steppingUp
    }

    /// Somebody who waits.
    struct Waiter: Equatable {
        var number: Int
        var need: Need
        /// The issue that will not do; 0 if there was none.
        var issue: Int
    }

    /// What somebody waits for.
    enum Need: Equatable {
        /// A token that expires later; the one at hand will do if there is no other.
        case fresher
        /// A token in place of one that was refused.
        case another
        /// A token with these scopes, sorted.
        case scopes([String])
    }
}
