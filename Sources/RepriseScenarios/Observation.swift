import MCPCore
import MCPWire
import RepriseSimulation

/// The kinds of channels; within each, observations have to be expected one by one, unless it is relaxed.
public enum ChannelKind: String, Sendable, CaseIterable, Hashable {
    /// The states of a server.
    case states
    /// What clients sent to a server, by route.
    case wire
    /// The tools of a server, as the registry has them.
    case tools
    /// What became of a call or another step with an id.
    case results
    /// What a caller heard of how far its call has come.
    case progress
    /// What a server's tools did.
    case effects
    /// Notifications of a server that subscribers heard of.
    case notifications
    /// What users were told of a server.
    case notices
    /// The statuses of responses over HTTP, by route; looked at only where a scenario mentions them.
    case statuses
    /// What a server sent, by the name of the message; looked at only where a scenario mentions it.
    case pushed
}

/// Where something is observed. Order matters within a channel; across channels only where `after` says so.
public struct Channel: Sendable, Hashable, CustomStringConvertible {
    /// What kind of thing is observed there.
    public var kind: ChannelKind
    /// The server; for results and progress the id of the step.
    public var name: String
    /// The route of `wire` and `statuses` (`connect`, `close`, a method, …), the tool of `effects`, the message of
    /// `pushed`; empty otherwise.
    public var detail: String

    /// A channel.
    public init(_ kind: ChannelKind, _ name: String, _ detail: String = "") {
        self.kind = kind
        self.name = name
        self.detail = detail
    }

    /// `wire files connect`.
    public var description: String { "\(kind.rawValue) \(name)" + (detail.isEmpty ? "" : " \(detail)") }
}

/// One thing that was observed while a scenario ran.
public struct Observation: Sendable, Equatable {
    /// What it was.
    public enum Fact: Sendable, Equatable {
        /// A server took a state; `attempt` is that of a pending one.
        case state(ServerStatus, revision: Int)
        /// A route was used: a connect, a close by the client, or a message from the client.
        case wire
        /// A request over HTTP was sent.
        case request(ExchangeDetail)
        /// The registry has so many tools of the server.
        case tools(count: Int)
        /// A step ended: with a result, or with the word for its error.
        case result(Outcome)
        /// A caller heard how far its call has come.
        case progress(Double)
        /// A tool's side effect happened.
        case effect
        /// Subscribers heard of a notification.
        case notification(method: String, params: JSONValue)
        /// A user was told something.
        case notice(ServerNotice.Kind)
        /// The head of a response reached the client.
        case response(status: Int)
        /// A server sent a message.
        case pushed
    }

    /// Since the scenario's start.
    public var at: Instant
    /// The client's number, from 0.
    public var client: Int
    /// Where it was observed.
    public var channel: Channel
    /// What it was.
    public var fact: Fact

    /// Something that a client, or a server because of it, did at an instant.
    public init(at: Instant, client: Int, channel: Channel, fact: Fact) {
        self.at = at
        self.client = client
        self.channel = channel
        self.fact = fact
    }
}

/// How a step with an id ended.
public enum Outcome: Sendable, Equatable {
    case result(JSONValue)
    /// `not-connected`, `outcome-unknown`, `needs-auth`, `disabled`, `timed-out`, `refused`, …
    case error(String)
    /// What `settle` found: states by server, in the order of the configuration.
    case settled([Settled])

    /// One server as `settle` found it.
    public struct Settled: Sendable, Equatable {
        /// Its name.
        public var server: String
        /// The state in which it was.
        public var state: ServerState

        /// A server with its state.
        public init(server: String, state: ServerState) {
            self.server = server
            self.state = state
        }
    }
}
