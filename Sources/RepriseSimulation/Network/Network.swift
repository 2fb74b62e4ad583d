import MCPCore
import RepriseRecording

/// Servers, the clients that connect to them, and what lies between: links with their faults, in virtual time.
///
/// Deliveries happen in the phase of deliveries, what time does to connections in the phase of the world. Everything
/// is to be called on the simulation's thread; faults and connections only while it runs.
public final class Network: @unchecked Sendable {
    /// Hears of everything that crosses the network, at once and in order.
    public var observe: ((WireEvent) -> Void)?
    /// How many messages are on their way, or are held.
    public internal(set) var underWayCount = 0

    let simulation: Simulation
    var plan: FaultPlan
    /// What goes over HTTP.
    private(set) lazy var http = HTTPTraffic(self, faults: faults)
    private let faults: [Fault]
    private var entries: [ServerEntry] = []
    private var entryByName: [String: Int] = [:]
    private var clients: [Int: ClientRoutes] = [:]
    /// All routes, in the order of their first use.
    private var routes: [Route] = []
    private var heldMessages: [Int: [HeldMessage]] = [:]
    private var heldNews: [Int: [(connection: SimulatedConnection, failure: TransportFailure)]] = [:]
    private var deadlineCallback: UInt64?

    private struct HeldMessage {
        var connection: SimulatedConnection
        var direction: Direction
        var number: Int
    }

    /// A network without servers; `faults` are inert until ``activateFaults(origin:)``.
    public init(_ simulation: Simulation, faults: [Fault] = []) {
        self.simulation = simulation
        self.faults = faults
        plan = FaultPlan(faults, random: SplitMix64(seed: simulation.seed, stream: "network faults"))
        // Connections, sessions and network refer to each other.
        simulation.atEnd { [weak self] in self?.tearDown() }
    }

    /// Puts a server under the name of its configuration; a name can be used once.
    public func add(_ server: any SimulatedServer, named name: String, link: Link = Link()) {
        precondition(
            entryByName[name] == nil && !http.world.serverNames.contains(name), "two servers are named \(name)")
        entryByName[name] = entries.count
        let random = SplitMix64(seed: simulation.seed, stream: "link of \(name)")
        entries.append(ServerEntry(name: name, server: server, link: link, random: random))
    }

    /// What the client of that number, from 0, connects by; it finds servers by the name of their configuration.
    public func connector(client: Int) -> any MessageConnector {
        if let routes = clients[client] { return NetworkConnector(self, client: client, routes) }
        let routes = ClientRoutes()
        clients[client] = routes
        return NetworkConnector(self, client: client, routes)
    }

    /// How often a client asked for the next event on a connection, numbered from 1; 0 if there was none such.
    public func readCount(client: Int, server: String, connection: Int) -> Int {
        guard let index = entryByName[server] else { return 0 }
        return clients[client]?.existing(to: entries[index])?.readCount(of: connection) ?? 0
    }

    // MARK: Faults

    /// Faults apply from now on; their instants count from `origin`, which is the present if it is not given.
    public func activateFaults(origin: Instant? = nil) {
        plan.activate(origin: origin ?? simulation.now)
        http.activate(origin: origin ?? simulation.now)
        scheduleDeadline()
    }

    private func scheduleDeadline() {
        if let deadlineCallback { simulation.cancel(deadlineCallback) }
        deadlineCallback = plan.nextDeadline.map { deadline in
            simulation.schedule(at: deadline, .world) {
                for consequence in self.plan.advance(to: self.simulation.now) { self.carryOut(consequence) }
                self.scheduleDeadline()
            }
        }
    }

    func carryOut(_ consequence: FaultPlan.Consequence) {
        switch consequence {
        case .strike(let fault): strike(fault)
        case .release(let fault): release(fault)
        case .end: preconditionFailure("\(consequence) is carried out by its connection")
        }
    }

    private func strike(_ fault: Int) {
        let now = simulation.now
        for route in routes {
            for connection in route.connections where connection.clientState == .open {
                guard let effect = plan.strikes(fault, connection.place, at: now) else { continue }
                connection.suffer(effect)
            }
        }
    }

    /// Lets go what a fault has held: messages in the order in which they were sent, then news.
    private func release(_ fault: Int) {
        if let messages = heldMessages.removeValue(forKey: fault) {
            simulation.schedule(at: simulation.now, .delivery) {
                for held in messages { held.connection.arriveApart(held.number, held.direction) }
            }
        }
        if let news = heldNews.removeValue(forKey: fault) {
            for held in news { held.connection.releaseNews(held.failure) }
        }
    }

    func holdMessage(of connection: SimulatedConnection, _ direction: Direction, _ number: Int, by fault: Int) {
        heldMessages[fault, default: []].append(
            HeldMessage(connection: connection, direction: direction, number: number))
    }

    func holdNews(of connection: SimulatedConnection, _ failure: TransportFailure, by fault: Int) {
        heldNews[fault, default: []].append((connection, failure))
    }

    // MARK: Inside

    func entry(named name: String) -> ServerEntry? { entryByName[name].map { entries[$0] } }

    func add(_ route: Route) { routes.append(route) }

    private func tearDown() {
        for route in routes { route.removeAll() }
        for entry in entries { entry.server = nil }
        http.tearDown()
        (heldMessages, heldNews, observe) = ([:], [:], nil)
    }

    func emit(_ what: @autoclosure () -> WireEvent.What, _ place: FaultPlan.Place) {
        guard let observe else { return }
        observe(
            WireEvent(
                at: simulation.now, client: place.client, server: place.server, connection: place.connection,
                what: what()))
    }
}

/// A server with its link.
final class ServerEntry {
    let name: String
    /// Nil once the simulation has ended.
    var server: (any SimulatedServer)?
    let link: Link
    var random: SplitMix64

    init(name: String, server: any SimulatedServer, link: Link, random: SplitMix64) {
        self.name = name
        self.server = server
        self.link = link
        self.random = random
    }
}
