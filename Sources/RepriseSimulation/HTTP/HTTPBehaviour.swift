import MCPCore

/// How a declared double of an MCP server behaves over HTTP.
///
/// Which rules of Streamable HTTP hold depends on the revision that its session has agreed on.
public struct HTTPBehaviour: Sendable, Equatable {
    /// Whether it gives out `Mcp-Session-Id` and insists on it: 400 without, 404 for one that is over.
    public var hasSessions = true
    /// How it answers requests.
    public var answers = Answers.events
    /// Whether the events of its streams have ids, by which it replays what a client has not seen; ids are opaque.
    public var hasEventIDs = true
    /// The `retry` that it sends at the beginning of each stream.
    public var retry: Duration?
    /// It closes the stream of each call so long after it began, to be polled (2025-11-25); nil is never.
    public var closesCallsAfter: Duration?
    /// Notifications that answer no request: `notifications/message` with the number of each, from 1, as its data.
    public var pushes: [Push] = []
    /// At these instants it forgets all sessions.
    public var sessionEnds: [Instant] = []
    /// Requests that get something else than their answer; the first rule that applies is used.
    public var rules: [ResponseRule] = []
    /// Who may come in; nil is everybody.
    public var protection: Protection?

    /// A server with sessions and event ids that answers with streams.
    public init() {}

    /// How requests are answered.
    public enum Answers: String, Sendable, CaseIterable {
        case json
        case events
    }

    /// So many notifications at one instant.
    public struct Push: Sendable, Equatable {
        /// When.
        public var at: Instant
        /// How many.
        public var count: Int

        /// So many notifications.
        public init(at: Instant, count: Int = 1) {
            self.at = at
            self.count = count
        }
    }
}

/// A response to certain requests in place of the real one.
public struct ResponseRule: Sendable, Equatable {
    /// The ``ExchangeDetail/route`` of the requests; nil is any.
    public var route: String?
    /// Only requests that resume a stream, or only others; nil is both.
    public var isResuming: Bool?
    /// The first instant at which it applies.
    public var from: Instant = .zero
    /// It applies until just before this instant.
    public var until: Instant?
    /// So many requests get their answer first.
    public var skip = 0
    /// It is used up after so many; nil is never.
    public var count: Int?
    /// The status of the response.
    public var status: Int
    /// Its headers.
    public var headers: [Header] = []
    /// Its body.
    public var body = ""

    /// A response of that status to every request.
    public init(status: Int) {
        self.status = status
    }

    /// A header.
    public struct Header: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Its value.
        public var value: String

        /// A header.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// Who may come in to a server.
///
/// A token is good that the authorization server of the world has minted, or that a client had on file, unless it is
/// refused here. What has none, or another, gets 401 with a challenge as the revision has it.
public struct Protection: Sendable, Equatable {
    /// The authorization server, by its name in the world.
    public var authorizationServer: String
    /// Tokens that are refused.
    public var refusals: [Refusal] = []
    /// The scope that a route needs, without which it answers 403 `insufficient_scope`: `(route, scope)`.
    public var neededScopes: [NeededScope] = []
    /// What its metadata (RFC 9728) looks like.
    public var metadata = MetadataBehaviour.valid

    /// A server that trusts an authorization server.
    public init(authorizationServer: String) {
        self.authorizationServer = authorizationServer
    }

    /// A token that is refused with 401.
    public struct Refusal: Sendable, Equatable {
        /// Its name; nil is every token.
        public var token: String?
        /// The route on which it is refused; nil is every one.
        public var route: String?
        /// The first instant at which it is.
        public var from: Instant = .zero
        /// Until just before this instant.
        public var until: Instant?

        /// A token that is refused always and everywhere.
        public init(token: String?) {
            self.token = token
        }
    }

    /// A route with the scope that it needs.
    public struct NeededScope: Sendable, Equatable {
        /// The route.
        public var route: String
        /// One scope.
        public var scope: String

        /// A route with the scope that it needs.
        public init(route: String, scope: String) {
            self.route = route
            self.scope = scope
        }
    }
}

/// What somebody finds who asks for metadata.
public enum MetadataBehaviour: Sendable, Equatable {
    case valid
    case missing
    case notJSON
    /// It is a JSON object of so many bytes.
    case oversized(bytes: Int)
    /// 302 to the same path of that origin.
    case redirect(origin: String)
    /// It names somebody else as its issuer or resource.
    case impostor
}
