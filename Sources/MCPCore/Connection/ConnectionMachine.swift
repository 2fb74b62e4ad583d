/// What is to become of the connection to one server: every decision on states, attempts, retries and deadlines.
///
/// Each attempt to connect has a generation, a number that rises by one; what comes from any but the present one
/// changes nothing (RS-06, RS-07, RS-15). There is at most one attempt or connection at a time (RS-14), and one
/// deadline. Waiting, connecting and closing are the business of whoever carries out the actions.
public struct ConnectionMachine: Sendable {
    /// What has happened.
    public enum Input: Sendable, Equatable {
        /// The manager has begun.
        case load
        /// A tool is called for the first time, for which a server of `onFirstUse` waits (S-017).
        case firstUse
        /// The attempt has its turn; the time that it may take counts from now.
        case connectBegan(generation: Int)
        /// The handshake is complete.
        case connected(generation: Int)
        /// There is no connection, or the handshake failed.
        case connectFailed(generation: Int, TransportFailure)
        /// The connection is gone.
        case lost(generation: Int, TransportFailure)
        /// The user wants a fresh connection, perhaps with another configuration (S-020).
        case reconnect(ServerConfiguration?)
        case enable
        case disable(DisabledCause)
        /// The user starts to sign in.
        case beginSignIn
        /// The sign-in is over, for good or in vain.
        case endSignIn(succeeded: Bool)
        /// ``ConnectionMachine/nextDeadline`` has come.
        case deadline
    }

    /// What is to be done, in this order.
    public enum Action: Sendable, Equatable {
        /// Open a stream and shake hands, then say so with that generation.
        case connect(generation: Int)
        /// Have no more to do with that attempt or connection, and close its stream.
        case abandon(generation: Int)
        /// The connection is lost; its stream has ended by itself.
        case release(generation: Int)
        /// The tools of the server are gone (S-037).
        case clearTools
        /// The server has this status now.
        case publish(ServerStatus)
        /// The server needs sign-in, and the user did not ask for that.
        case askForSignIn
        /// Ask for the server's tools, prompts and resources (S-039).
        case discover(generation: Int)
    }

    enum Phase: Equatable {
        /// Nothing is under way; the status says why.
        case resting
        /// Until a tool is called.
        case waitingForUse
        /// `deadline` is nil until the attempt has its turn.
        case connecting(deadline: Instant?)
        case connected(since: Instant)
        case backingOff(until: Instant)
    }

    /// What the server is like; replaced by a reconnect with another one.
    public private(set) var configuration: ServerConfiguration
    /// The latest attempt's number; 0 before the first.
    public internal(set) var generation = 0

    let policy: ConnectionPolicy
    var track = StatusTrack()
    var phase = Phase.resting
    /// Failed attempts of this run, a connection that did not stay up among them.
    var failedAttempts = 0
    /// Retries begun in this run.
    var retriesUsed = 0
    /// Whether Failed was published in this run, so that further failures go from Pending to Pending (S-027).
    var hasPublishedFailure = false
    /// Whether a session expired in this run, after which the server was connected at once (SR-14).
    var hasRenewedSession = false
    /// Whether the server was ever connected: retries of the first connect have a number of their own.
    var wasEverConnected = false

    /// A machine that waits for ``Input/load``.
    public init(_ configuration: ServerConfiguration, policy: ConnectionPolicy) {
        self.configuration = configuration
        self.policy = policy
    }

    /// The status; nil before the server is loaded.
    public var status: ServerStatus? { track.status }

    /// When ``Input/deadline`` is due; nil when nothing is waited for.
    public var nextDeadline: Instant? {
        switch phase {
        case .connecting(let deadline): deadline
        case .backingOff(let until): until
        case .resting, .waitingForUse, .connected: nil
        }
    }

    /// Failed attempts of the run; 0 once a connection has stood for the stability window (S-031, S-034).
    public func attempt(at now: Instant) -> Int { isStable(at: now) ? 0 : failedAttempts }

    /// Whether an attempt is under way or waits for its turn.
    public var isConnecting: Bool {
        if case .connecting = phase { true } else { false }
    }

    /// Whether an attempt waits for its turn.
    public var isWaitingForTurn: Bool { phase == .connecting(deadline: nil) }

    /// Whether the attempt under way is one that a first call waits for.
    public var isConnectingForFirstUse: Bool {
        isConnecting && configuration.connect == .onFirstUse && !wasEverConnected
    }

    /// Whether a server of `onFirstUse` still waits for its first call.
    public var isWaitingForUse: Bool { phase == .waitingForUse }

    /// Takes what has happened and says what is to be done; the generator spreads delays.
    ///
    /// Throws, and changes nothing, when the user asks for what the state does not allow: `disabled` (S-035, S-036),
    /// `needsAuth` (S-030) or `illegalTransition`. Inputs of a generation that is over give no actions.
    public mutating func receive(
        _ input: Input, at now: Instant, using generator: inout some RandomNumberGenerator
    ) throws(ConnectionError) -> [Action] {
        switch input {
        case .load: return load()
        case .firstUse: return isWaitingForUse ? connect() : []
        case .connectBegan(let generation):
            guard generation == self.generation, isConnecting else { return [] }
            phase = .connecting(deadline: now.advanced(by: policy.connectTimeout))
            return []
        case .connected(let generation):
            guard generation == self.generation, isConnecting else { return [] }
            phase = .connected(since: now)
            wasEverConnected = true
            return publish(.connected(generation: generation)) + [.discover(generation: generation)]
        case .connectFailed(let generation, let failure):
            guard generation == self.generation, isConnecting else { return [] }
            return [.release(generation: generation)] + attemptFailed(Fault(failure), at: now, using: &generator)
        case .lost(let generation, let failure):
            guard generation == self.generation, case .connected = phase else { return [] }
            let end: [Action] = [.release(generation: generation), .clearTools]
            if failure == .sessionExpired { return end + sessionExpired(at: now) }
            return end + connectionLost(Fault(failure), at: now, using: &generator)
        case .deadline: return deadline(at: now, using: &generator)
        case .reconnect(let configuration): return try reconnect(with: configuration)
        case .enable: return try enable()
        case .disable(let cause): return disable(cause)
        case .beginSignIn: return try beginSignIn()
        case .endSignIn(let succeeded): return try endSignIn(succeeded)
        }
    }

    func isStable(at now: Instant) -> Bool {
        guard case .connected(let since) = phase else { return false }
        return since.duration(to: now) >= policy.stabilityWindow
    }

    mutating func replaceConfiguration(_ configuration: ServerConfiguration) {
        self.configuration = configuration
    }

    // MARK: Steps

    /// Takes the status, unless it is the present one.
    mutating func publish(_ status: ServerStatus) -> [Action] {
        guard status != track.status else { return [] }
        do {
            try track.take(status)
        } catch {
            preconditionFailure("the machine of \(configuration.name) took an edge that does not exist: \(error)")
        }
        return [.publish(status)]
    }

    var pending: ServerStatus { .pending(attempt: failedAttempts, maxAttempts: retryLimit) }

    var retryLimit: Int { wasEverConnected ? policy.retries : policy.firstConnectRetries }

    /// Begins a new attempt; its turn may come later.
    mutating func connect() -> [Action] {
        generation += 1
        phase = .connecting(deadline: nil)
        return [.connect(generation: generation)]
    }

    mutating func startRun() {
        failedAttempts = 0
        retriesUsed = 0
        hasPublishedFailure = false
        hasRenewedSession = false
    }

    private mutating func load() -> [Action] {
        guard track.status == nil else { return [] }
        switch configuration.load {
        case .disabled(let cause): return publish(.disabled(cause))
        case .withoutCredential: return publish(.needsAuth)
        case .misconfigured: return publish(.failed(.config, willRetry: false))
        case .enabled:
            let first = publish(pending)
            if configuration.connect == .onFirstUse {
                phase = .waitingForUse
                return first
            }
            return first + connect()
        }
    }

    private mutating func deadline(at now: Instant, using generator: inout some RandomNumberGenerator) -> [Action] {
        guard let due = nextDeadline, due <= now else { return [] }
        if case .backingOff = phase { return connect() }
        return [.abandon(generation: generation)]
            + attemptFailed(Fault(.notResponding), at: now, using: &generator)
    }
}
