import MCPCore
import MCPWire

/// What must be observed, channel by channel, and what must hold at chosen instants.
///
/// With several clients, channels of `wire`, `effects`, `statuses` and `pushed` are what all of them do together; the others
/// must hold for each client by itself.
public struct Expectations: Sendable, Equatable {
    /// In the order of the file.
    public var channels: [ExpectedChannel] = []
    /// Looks at a client when everything else of that instant is over.
    public var looks: [Look] = []
    /// Counts over all clients.
    public var peaks: [Peak] = []

    /// Expects nothing, so that every observation is one too many.
    public init() {}

    /// All that is expected in one channel.
    public struct ExpectedChannel: Sendable, Equatable {
        /// Where it is expected.
        public var channel: Channel
        /// What is expected.
        public var content: Content
        /// Where the channel stands in the file, from 1.
        public var line: Int
    }

    /// How the observations of a channel are expected.
    public enum Content: Sendable, Equatable {
        /// These and no others, in this order.
        case sequence([Expected])
        /// So many, at any time.
        case count(ClosedRange<Int>)
        /// At these instants and no others; several at one instant are so many entries, or an entry with a count.
        case instants([(at: Instant, count: Int)])

        /// Equal kinds with equal entries.
        public static func == (left: Content, right: Content) -> Bool {
            switch (left, right) {
            case (.sequence(let left), .sequence(let right)): left == right
            case (.count(let left), .count(let right)): left == right
            case (.instants(let left), .instants(let right)):
                left.elementsEqual(right) { $0.at == $1.at && $0.count == $1.count }
            default: false
            }
        }
    }

    /// One expected observation; nil is anything.
    public struct Expected: Sendable, Equatable {
        /// Exactly when.
        public var at: Instant?
        /// Of `states`: which.
        public var state: ServerState?
        /// Of a pending state: how many attempts have failed.
        public var attempt: Int?
        /// Of a failed state: why.
        public var reason: FailureReason?
        /// Of a failed state: whether it is retried.
        public var willRetry: Bool?
        /// Of `tools`: how many there are.
        public var toolCount: Int?
        /// Of `results`: the whole result.
        public var result: JSONValue?
        /// Of `results`: the word for the error.
        public var error: String?
        /// Of `results`: what `settle` found.
        public var settled: [Outcome.Settled]?
        /// Of `wire`: the name of the token that a request over HTTP carries.
        public var token: Carried<String>?
        /// Of `wire`: the last event that it has seen, such as `push 5`.
        public var resumes: Carried<String>?
        /// Of `wire`: the how many-th session of the server it names.
        public var session: Carried<Int>?
        /// Of `notifications`: the method.
        public var method: String?
        /// Of `notifications`: `data` in the parameters.
        public var data: JSONValue?
        /// Of `progress`: how far a call has come.
        public var progress: Double?
        /// Of `notices`: what it is about.
        public var notice: ServerNotice.Kind?
        /// Of `statuses`: the HTTP status.
        public var status: Int?
        /// So many equal observations stand here.
        public var count = 1
        /// Its name, for `after` of others.
        public var label: String?
        /// It must come after the observation with that label.
        public var after: String?
        /// Where the entry stands in the file, from 1.
        public var line: Int

        /// Anything, once.
        public init(line: Int) { self.line = line }
    }

    /// What a request carries, or does not.
    public enum Carried<Value: Sendable & Equatable>: Sendable, Equatable {
        case nothing
        case value(Value)
    }

    /// What a client shows at an instant, after everything else of that instant; nil is not looked at.
    public struct Look: Sendable, Equatable {
        /// When; everything else of that instant is over.
        public var at: Instant
        /// The server whose state, attempts and tools are looked at.
        public var server: String
        /// Its state.
        public var state: ServerState?
        /// Its attempt count, whatever its state.
        public var attempt: Int?
        /// How many tools of it the registry has.
        public var toolCount: Int?
        /// Timers of the client's own, over all its servers.
        public var timerCount: Int?
        /// How many clients must look like this; nil is all.
        public var clientCount: ClosedRange<Int>?
        /// Where the look stands in the file, from 1.
        public var line: Int

        /// A look at one server.
        public init(
            at: Instant, server: String, state: ServerState? = nil, attempt: Int? = nil, toolCount: Int? = nil,
            timerCount: Int? = nil, clientCount: ClosedRange<Int>? = nil, line: Int
        ) {
            self.at = at
            self.server = server
            self.state = state
            self.attempt = attempt
            self.toolCount = toolCount
            self.timerCount = timerCount
            self.clientCount = clientCount
            self.line = line
        }
    }

    /// How many of a route fall into one stretch of time, over all clients.
    public struct Peak: Sendable, Equatable {
        /// The server to which clients send.
        public var server: String
        /// `connect`, `close`, or a method.
        public var route: String
        /// How long a stretch is; the first begins at t = 0.
        public var bucket: Duration
        /// The fullest bucket holds so many.
        public var atMost: Int
        /// Where the peak stands in the file, from 1.
        public var line: Int
    }
}

/// Something that must not be observed in a stretch of time.
public struct Prohibition: Sendable, Equatable {
    /// Where; of `wire` and `effects` an empty detail is any.
    public var channel: Channel
    /// For `states`: that state; nil is any observation of the channel.
    public var state: ServerState?
    /// The first instant at which it is forbidden.
    public var from: Instant
    /// The last instant at which it is forbidden.
    public var until: Instant
    /// Where the prohibition stands in the file, from 1.
    public var line: Int
}
