import HTTPTypes
import MCPWire

/// Connects to MCP servers by Streamable HTTP, revisions 2025-03-26 to 2025-11-25 (specification, basic/transports).
///
/// A connection is one session of the protocol. Its exchanges, timers and token requests run in ``run()``, in as many
/// tasks; nothing happens before that has begun, and connections are gone when it ends.
public final class StreamableHTTPConnector: MessageConnector {
    private let sender: any HTTPSender
    private let time: any TimeSource
    private let policy: ConnectionPolicy
    private let authorizers: [String: any RequestAuthorizer]
    private let limits: StreamableHTTPLimits
    private let seed: UInt64
    private let tasks = ConnectorTasks()

    /// A connector that sends by `sender`; `authorizers` give tokens for servers, by name, one for each.
    ///
    /// Delays, retries and the stability window of broken streams are those of `policy`; `seed` is where their jitter
    /// comes from.
    public init(
        sender: any HTTPSender, time: any TimeSource, policy: ConnectionPolicy = .init(),
        authorizers: [String: any RequestAuthorizer] = [:], limits: StreamableHTTPLimits = .init(), seed: UInt64
    ) {
        self.sender = sender
        self.time = time
        self.policy = policy
        self.authorizers = authorizers
        self.limits = limits
        self.seed = seed
    }

    /// Carries out what all connections have to do, and runs the authorizers; returns when the task is cancelled.
    ///
    /// A connector runs once: a second call returns at once.
    public func run() async {
        await withTaskCancellationHandler {
            guard tasks.begin() else { return }
            await withDiscardingTaskGroup { group in
                for (_, authorizer) in authorizers.sorted(by: { $0.key < $1.key }) {
                    group.addTask { await authorizer.run() }
                }
                while let work = await tasks.next() {
                    for item in work {
                        if #available(macOS 26, *) {
                            // Runs at once, until it first has to wait: what is sent first goes out first.
                            group.addImmediateTask { await item() }
                        } else {
                            group.addTask { await item() }
                        }
                    }
                }
                group.cancelAll()
            }
        } onCancel: {
            tasks.end()
        }
    }

    /// Makes a connection, without sending anything yet.
    ///
    /// The configuration's `target` is `{"url": "http://…", "headers": {"NAME": "VALUE", …}}`. The headers go with every
    /// request, except where the transport sets one of that name itself. Throws `misconfigured` for anything else, and
    /// `closed` after ``run()``.
    public func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream {
        guard let url = server.target["url"]?.text else { throw .misconfigured("there is no \"url\"") }
        // The URL may hold a secret, and so is not told.
        guard let endpoint = HTTPURL(url) else {
            throw .misconfigured("the \"url\" is no http or https URL without user information and fragment")
        }
        let authorizer = authorizers[server.name]
        guard authorizer?.serves(endpoint) ?? true else {
            throw .misconfigured("the tokens for \(server.name) are those of another origin than its \"url\"")
        }
        let number = tasks.nextNumber()
        var seeds = SplitMix64(seed: seed, stream: "\(server.name) \(number)")
        let machine = StreamableHTTPMachine(
            endpoint: endpoint, headers: try Self.headers(server.target["headers"]), policy: policy,
            limits: limits, seed: seeds.next())
        let stream = StreamableHTTPStream(
            number: number, machine: machine, sender: sender, time: time, authorizer: authorizer,
            limits: limits, tasks: tasks)
        guard tasks.keep(stream) else { throw .closed }
        return stream
    }

    private static func headers(_ value: JSONValue?) throws(TransportFailure) -> HTTPFields {
        guard let value, value != .null else { return [:] }
        guard let members = value.members else { throw .misconfigured("\"headers\" is no object") }
        var fields: HTTPFields = [:]
        for member in members {
            guard let name = HTTPField.Name(member.key) else {
                throw .misconfigured("\"\(member.key.prefix(100))\" is no name of a header")
            }
            guard let text = member.value.text, HTTPField.isValidValue(text) else {
                throw .misconfigured("the value of the header \"\(member.key.prefix(100))\" is none that can be sent")
            }
            fields.append(HTTPField(name: name, value: text))
        }
        return fields
    }
}
