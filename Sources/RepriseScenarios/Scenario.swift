import MCPCore
import MCPWire
import RepriseSimulation

/// A declared world, what happens in it, and what must hold: one YAML file (docs/SCENARIOS.md).
///
/// All instants count from the scenario's start, its t = 0. With ``Begin/connected`` the clients have connected before.
public struct Scenario: Sendable, Equatable {
    /// What its file calls it; unique in a folder.
    public var name: String
    /// One sentence: given, when, then.
    public var title: String
    /// The ids that it proves, such as `RS-01`.
    public var proves: [String]
    /// Where it was read; as given to ``init(yaml:path:)``.
    public var path: String
    /// The seeds that it is run with, in order.
    public var seeds: [UInt64]
    /// How its clients connect and reconnect: a profile with the numbers that the scenario changes.
    public var policy: ConnectionPolicy
    /// The revision that the clients ask for: one of ``revisions``.
    public var revision: String
    /// The revisions that it is run with, each with every seed; one unless the file names several.
    public var revisions: [String]
    /// Whether deliveries or timers come first at one instant.
    public var order: Simulation.Order
    /// How the clients stand at t = 0.
    public var begin: Begin
    /// The world is stopped at this instant.
    public var end: Instant
    /// How many clients there are, all alike; each does all steps.
    public var clientCount: Int
    /// In the order of the file.
    public var servers: [Server]
    /// In the order of the file.
    public var faults: [Fault]
    /// What the clients are like, beside what connects them.
    public var client: Client
    /// What every client does, and when.
    public var steps: [Step]
    /// What must be observed.
    public var expectations: Expectations
    /// What must never be observed.
    public var prohibitions: [Prohibition]
    /// Channels in which observations that nothing expects are fine.
    public var relaxed: Set<ChannelKind>

    /// How the clients stand at t = 0.
    public enum Begin: String, Sendable, CaseIterable {
        /// The clients start at t = 0.
        case cold
        /// The clients are connected and have listed the tools; nothing of that is observed.
        case connected
    }

    /// One server of the world.
    public struct Server: Sendable, Equatable {
        /// What the clients know of it.
        public var configuration: ServerConfiguration
        /// What it says.
        public var behaviour: Behaviour
        /// What lies between it and the clients.
        public var link: Link
        /// Headers that the clients are configured to send to it, in the order of the file; over HTTP alone.
        public var headers: [Header] = []
        /// What every client has on file for it; over HTTP alone.
        public var credential: Credential?
    }

    /// What a server says.
    public enum Behaviour: Sendable, Equatable {
        case declared(ServerDescription)
        /// It says what a recording says; the path is relative to the scenario's folder.
        case recording(path: String)
        /// It is no MCP server, but an authorization server, to which no client connects by itself.
        case authorization(AuthorizationServerDescription)
    }

    /// Something that every client does.
    public struct Step: Sendable, Equatable {
        /// When.
        public var at: Instant
        /// What.
        public var action: Action
        /// Where it stands in the file, from 1.
        public var line: Int
    }

    /// What a client can do.
    public enum Action: Sendable, Equatable {
        case enable(server: String)
        case disable(server: String)
        /// The user reconnects; the outcome is a result under `id`, if it has one.
        case reconnect(server: String, id: String?)
        case beginSignIn(server: String)
        case completeSignIn(server: String, succeeded: Bool)
        /// Signs in with the server's authorization server, as a user who agrees, and then completes the sign-in.
        case signIn(server: String)
        case call(Call)
        /// Waits until all servers are ready or have failed, or the time is up.
        case settle(id: String, timeout: Duration)
        /// Waits until a server is connected and its tools are listed.
        case ready(server: String, id: String)
    }

    /// One call of a tool, or so many at once.
    public struct Call: Sendable, Equatable {
        /// The channel of its results.
        public var id: String
        /// The server that has the tool.
        public var server: String
        /// The tool's name on the wire.
        public var tool: String
        /// An object.
        public var arguments: JSONValue
        /// So many calls begin at the same instant; their results are all in the channel of `id`.
        public var count: Int
        /// How long the caller waits; nil is as long as it takes.
        public var timeout: Duration?
        /// Each call that fails has its client reconnect the server.
        public var reconnectsOnFailure: Bool
        /// Whether it asks for progress, and says what it hears.
        public var asksForProgress = false
    }
}
