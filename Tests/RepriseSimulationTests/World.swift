import MCPCore
import MCPWire
import RepriseRecording
import RepriseSimulation

/// A network with one server `files`, a client that is driven by hand, and everything that was seen on the wire.
final class World: @unchecked Sendable {
    let simulation: Simulation
    let network: Network
    let double: ServerDouble
    private(set) var events: [WireEvent] = []
    /// What the client's streams reported, each with its instant.
    private(set) var reports: [String] = []

    init(
        _ simulation: Simulation, _ description: ServerDescription = .sample, link: Link = Link(), faults: [Fault] = []
    ) {
        self.simulation = simulation
        network = Network(simulation, faults: faults)
        double = ServerDouble(description)
        network.add(double, named: "files", link: link)
        network.observe = { self.events.append($0) }
        network.activateFaults()
    }

    /// Runs a body in a world of that seed, and returns the world.
    @discardableResult
    static func run(
        seed: UInt64 = 1, _ description: ServerDescription = .sample, link: Link = Link(), faults: [Fault] = [],
        _ body: @escaping @Sendable (World) async throws -> Void
    ) throws -> World {
        // Nothing here escapes, so that a deadlock need not wait for what did.
        try Simulation(seed: seed, limits: .init(grace: .zero)).run { simulation in
            let world = World(simulation, description, link: link, faults: faults)
            try await body(world)
            return world
        }
    }

    func connect(client: Int = 0) async throws(TransportFailure) -> any MessageStream {
        try await network.connector(client: client).connect(to: ServerConfiguration(name: "files"))
    }

    func sleep(until seconds: Double) async throws {
        try await simulation.sleep(until: .at(seconds))
    }

    /// Reads a stream to its end and notes what it reports.
    func readAll(_ stream: any MessageStream, _ name: String = "") async {
        while let event = await stream.next() {
            switch event {
            case .message(let bytes):
                reports.append("\(simulation.now) \(name)\(String(decoding: bytes, as: UTF8.self))")
            case .closed(let failure): reports.append("\(simulation.now) \(name)\(failure)")
            default: reports.append("\(simulation.now) \(name)\(event)")
            }
        }
        reports.append("\(simulation.now) \(name)end")
    }

    /// What was seen, one line an event: instant, client and connection, and what it was.
    var lines: [String] {
        events.map { event in
            "\(event.at) \(event.client)/\(event.connection) " + Self.text(of: event.what)
        }
    }

    static func text(of what: WireEvent.What) -> String {
        switch what {
        case .connect: "connect"
        case .accepted: "accepted"
        case .clientClosed: "client closed"
        case .lost(let why): "lost: \(why)"
        case .sent(let direction, let name, _): "\(direction.rawValue) sent \(name)"
        case .arrived(let direction, let name): "\(direction.rawValue) arrived \(name)"
        case .vanished(let direction, let name, let why): "\(direction.rawValue) vanished \(name): \(why)"
        case .effect(let tool): "effect \(tool)"
        case .request(let detail): "request \(detail)"
        case .response(let route, let status): "response \(status) to \(route)"
        case .readPastEnd: "read past the end"
        }
    }
}

extension ServerDescription {
    /// One tool, `touch`.
    static let sample = ServerDescription(tools: [ToolDescription(name: "touch")])
}

extension Instant {
    static func at(_ seconds: Double) -> Instant { Instant.zero.advanced(by: .nanoseconds(Int64(seconds * 1e9))) }
}

/// A request with an integer id.
func request(_ id: Int, _ method: String, _ params: JSONValue = .object([])) -> [UInt8] {
    let message: JSONValue = ["jsonrpc": "2.0", "id": .int(id), "method": .string(method), "params": params]
    return message.encoded
}

/// A notification `n/NUMBER`.
func notification(_ number: Int) -> [UInt8] {
    Array(#"{"jsonrpc":"2.0","method":"n/\#(number)"}"#.utf8)
}

func call(_ id: Int, tool: String) -> [UInt8] { request(id, "tools/call", ["name": .string(tool)]) }
