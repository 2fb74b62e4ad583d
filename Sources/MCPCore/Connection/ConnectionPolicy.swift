/// Whose numbers apply where the documents differ.
public enum Profile: String, Sendable, CaseIterable {
    /// What the chapter on MCP integration says; the default.
    case chapter
    /// What the product's public documentation says today.
    case current
}

/// The numbers of connecting and reconnecting, all of which can be set; ``init(_:)`` gives a profile's.
public struct ConnectionPolicy: Sendable, Equatable {
    /// Whose truth applies where they differ in kind and not in a number.
    public var profile: Profile
    /// The delay before the first retry; each further one is twice as long (S-032).
    public var backoffBase: Duration
    /// How delays are spread.
    public var jitter: Jitter
    /// Retries after a drop (S-033).
    public var retries: Int
    /// Retries when the server was never connected in this run of the manager.
    public var firstConnectRetries: Int
    /// How long a connection must have stood for the attempt count to return to 0 (S-034).
    public var stabilityWindow: Duration
    /// How long connecting may take, the handshake included.
    public var connectTimeout: Duration
    /// How many servers connect at a time over stdio and in process; nil is no limit (S-016).
    public var localConnects: Int?
    /// How many servers connect at a time over a network; nil is no limit.
    public var remoteConnects: Int?
    /// Whether stdio servers are reconnected by themselves (S-038).
    public var reconnectsStdio: Bool

    /// How long a list, or a request other than the call of a tool, may take without a sign of life; nil is for ever.
    public var requestTimeout: Duration?
    /// How often a list is asked for once more that had no answer, after 1, 2, 4 … times `backoffBase`.
    public var discoveryRetries: Int
    /// How many requests of a server are handled at a time; further ones are refused.
    public var serverRequestMax: Int
    /// How many messages that are no calls of users may wait for a server to read them; one more ends the connection.
    public var unsentMax: Int
    /// How long the call of a tool over stdio or in process may take without a sign of life; nil is for ever.
    public var localToolIdle: Duration?
    /// How long the call of a tool over a network may take without a sign of life; nil is for ever.
    public var remoteToolIdle: Duration?
    /// How long a request may take at most, whatever signs of life there are; nil is for ever.
    public var requestMax: Duration?

    /// How long streams have to close when the manager stops.
    public var closeTimeout: Duration

    /// How the delay before a retry is spread.
    public enum Jitter: Sendable, Equatable {
        case none
        /// Between half and one and a half times the delay.
        case half
        /// Between 0 and the delay.
        case full
    }

    /// The numbers of a profile.
    public init(_ profile: Profile = .chapter) {
        self.profile = profile
        backoffBase = .seconds(1)
        jitter = profile == .chapter ? .none : .half
        retries = 5
        firstConnectRetries = profile == .chapter ? 5 : 3
        stabilityWindow = .seconds(10)
        connectTimeout = .seconds(30)
        localConnects = profile == .chapter ? nil : 3
        remoteConnects = profile == .chapter ? nil : 20
        reconnectsStdio = profile == .chapter
        discoveryRetries = 3
        serverRequestMax = 16
        unsentMax = 10_000
        requestTimeout = .seconds(60)
        localToolIdle = .seconds(30 * 60)
        remoteToolIdle = .seconds(5 * 60)
        closeTimeout = .seconds(5)
        requestMax = .seconds(6 * 3600)
    }
}
