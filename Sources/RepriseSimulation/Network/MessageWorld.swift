import MCPCore
import MCPWire
import RepriseRecording

/// Servers that speak in messages, the links to them and the faults, as a value that real pipes can run.
///
/// It decides as ``Network`` does in a simulation, for the doubles of a description and one client. What comes over a
/// connection that is lost is lost with it.
public struct MessageWorld: Sendable {
    /// What a shell has to do, in order.
    public enum Action: Sendable, Equatable {
        /// The connection will not stand.
        case refuse(connection: Int, TransportFailure)
        /// A message for the client; of one that is not whole the first bytes.
        case send(connection: Int, [UInt8], isWhole: Bool)
        /// The connection is over for the client, with that failure seen by it.
        case close(connection: Int, TransportFailure)
        /// Something for observers.
        case observe(server: String, connection: Int, WireEvent.What)
    }

    struct Server: Sendable {
        let name: String
        let description: ServerDescription
        let link: Link
        var random: SplitMix64
        var connectionCount = 0
    }

    /// One connection; the client may send before it stands.
    struct Connection: Sendable {
        let server: Int
        let place: FaultPlan.Place
        var machine: ServerDoubleMachine
        var open = OpenRequests()
        var toServer = Line()
        var toClient = Line()
        /// When it stands; nil is never.
        var stands: Instant?
        var isOver = false
        /// The server says nothing more.
        var isEnding = false
    }

    struct Held: Sendable {
        var connection: Int
        var direction: Direction
        var parcel: Parcel
        /// It goes on after the next message too.
        var waitsForNext: Bool
    }

    enum Event: Sendable {
        case refuse(connection: Int, TransportFailure)
        case arrive(connection: Int, Direction, Parcel)
        case end(connection: Int, TransportFailure)
    }

    var plan: FaultPlan
    private let seed: UInt64
    var servers: [Server] = []
    /// By number, which only rises.
    var connections: [Int: Connection] = [:]
    /// By time, then in the order of entry.
    var queue: [(at: Instant, event: Event)] = []
    var held: [(fault: Int, Held)] = []
    var actions: [Action] = []

    /// A world without servers; `faults` are inert until ``activate(origin:)``.
    public init(faults: [Fault] = [], seed: UInt64) {
        self.seed = seed
        plan = FaultPlan(faults, random: SplitMix64(seed: seed, stream: "network faults"))
    }

    /// Puts the double of a server under a name, which can be used once.
    public mutating func add(_ description: ServerDescription, named name: String, link: Link = Link()) {
        precondition(!servers.contains { $0.name == name }, "two servers are named \(name)")
        let random = SplitMix64(seed: seed, stream: "link of \(name)")
        servers.append(Server(name: name, description: description, link: link, random: random))
    }

    /// Faults apply from now on; their instants count from `origin`.
    public mutating func activate(origin: Instant) { plan.activate(origin: origin) }

    /// The client connects to a server of this world; `connection` is a number that is used once.
    public mutating func connect(_ connection: Int, to server: String, at now: Instant) -> [Action] {
        guard let index = servers.firstIndex(where: { $0.name == server }) else {
            preconditionFailure("no server is named \(server)")
        }
        servers[index].connectionCount += 1
        let number = servers[index].connectionCount
        let place = FaultPlan.Place(server: server, client: 0, connection: number)
        let machine = ServerDoubleMachine(servers[index].description, connection: number)
        var opened = Connection(server: index, place: place, machine: machine)
        emit(.connect, place)
        let standing = now.advanced(by: servers[index].link.latency * 2)
        switch plan.connect(place, at: now) {
        case .proceed: opened.stands = standing
        case .delay(let duration): opened.stands = standing.advanced(by: duration)
        case .wait(let until): opened.stands = max(standing, until)
        case .hang: break
        case .refuse(let failure): insert(.refuse(connection: connection, failure), at: standing)
        }
        connections[connection] = opened
        return takeActions()
    }

    /// The client has sent a message, as its bytes stood in the line; does nothing once the connection is over.
    public mutating func receive(_ bytes: [UInt8], on connection: Int, at now: Instant) -> [Action] {
        send(bytes, on: connection, .clientToServer, at: now)
        return takeActions()
    }

    /// The client has closed the connection; does nothing when it is over.
    public mutating func disconnect(_ connection: Int, at now: Instant) -> [Action] {
        guard let place = connections[connection]?.place, connections[connection]?.isOver == false else { return [] }
        emit(.clientClosed, place)
        finish(connection)
        return takeActions()
    }

    /// When ``advance(to:)`` has something to do, in the past if it is late; nil is never.
    public var nextDeadline: Instant? {
        let machines = connections.values.compactMap(\.machine.nextDeadline).min()
        return [plan.nextDeadline, queue.first?.at, machines].compactMap(\.self).min()
    }

    /// What the time that has come brings: at each instant first faults, then arrivals, then what servers do.
    public mutating func advance(to now: Instant) -> [Action] {
        while let next = nextDeadline, next <= now {
            for consequence in plan.advance(to: next) { carryOut(consequence, at: next) }
            while let first = queue.first, first.at <= next {
                queue.removeFirst()
                happen(first.event, at: next)
            }
            for number in connections.keys.sorted() {
                guard let due = connections[number]?.machine.nextDeadline, due <= next else { continue }
                perform(connections[number]?.machine.advance(to: next) ?? [], of: number, at: next)
            }
        }
        connections = connections.filter { !$0.value.isOver || $0.value.machine.nextDeadline != nil }
        return takeActions()
    }

    private mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    mutating func emit(_ what: WireEvent.What, _ place: FaultPlan.Place) {
        actions.append(.observe(server: place.server, connection: place.connection, what))
    }

    mutating func insert(_ event: Event, at instant: Instant) {
        let index = queue.lastIndex { $0.at <= instant }.map { $0 + 1 } ?? 0
        queue.insert((instant, event), at: index)
    }
}
