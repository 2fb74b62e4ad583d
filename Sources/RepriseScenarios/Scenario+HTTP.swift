import RepriseSimulation

extension Scenario {
    /// What the clients are like, beside what connects them.
    public struct Client: Sendable, Equatable {
        /// How far the clock by which they read `exp` is ahead; negative is behind.
        public var clockSkew: Duration = .zero
        /// Whether they ask for a token before the old one expires.
        public var refreshesProactively = false

        /// Clients whose clock is right and that wait until a token is refused.
        public init() {}
    }

    /// A header that clients are configured to send.
    public struct Header: Sendable, Equatable {
        /// Its name, as it was written.
        public var name: String
        /// Its value.
        public var value: String

        /// A header.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What a client has on file for a server at the scenario's start.
    public struct Credential: Sendable, Equatable {
        /// The name of its access token.
        public var token = "A"
        /// Whether it has a refresh token too.
        public var hasRefreshToken = true
        /// How long after the scenario's start the access token expires; nil is the server's lifetime of tokens.
        public var expiresAfter: Duration?
        /// The scope that was granted; nil is none.
        public var scope: String?

        /// Token A with a refresh token.
        public init() {}
    }

    /// The servers that clients connect to: all but authorization servers, in the order of the file.
    public var mcpServers: [Server] {
        servers.filter { if case .authorization = $0.behaviour { false } else { true } }
    }

    /// Its name, followed by the revision if it runs with several: `sr-01 2025-06-18`.
    public var label: String { revisions.count > 1 ? "\(name) \(revision)" : name }

    /// The same scenario with each of its revisions.
    public var onEachRevision: [Scenario] {
        revisions.map { revision in
            var scenario = self
            scenario.revision = revision
            return scenario
        }
    }
}

extension Scenario.Server {
    /// Its name in the world.
    public var name: String { configuration.name }

    /// How it behaves over HTTP; nil for what is reached by a network of messages.
    public var http: HTTPBehaviour? {
        if case .declared(let description) = behaviour { description.http } else { nil }
    }

    /// Whether clients send it HTTP requests.
    public var isReachedByHTTP: Bool {
        if case .authorization = behaviour { true } else { http != nil }
    }
}
