import HTTPTypes
import MCPCore
import MCPWire
import RepriseRecording

/// Servers that speak HTTP, the links to them and the faults, as a value: a simulation and real sockets run the same.
///
/// Each exchange travels as if on a connection of its own that stands already: a request takes the latency of the link
/// once, and the response once. A stream of events arrives piece by piece; any other response arrives whole, head and
/// body at once, and is to faults the one message `response to ROUTE`. Among what is due at one instant the seed
/// chooses, but an exchange keeps its order.
///
/// Faults that make no sense for an exchange do nothing: a request or a whole response is never duplicated, and nothing
/// survives the end of its exchange.
public struct HTTPWorld: Sendable {
    /// What a shell has to do, in order.
    ///
    /// Of each exchange comes `refuse`, or `head`, any number of `body`, and `end`; or `reset` in place of what is
    /// still to come.
    public enum Action: Sendable, Equatable {
        /// There is no connection, and the server has seen nothing.
        case refuse(exchange: Int, TransportFailure)
        /// The response begins.
        case head(exchange: Int, HTTPResponse)
        /// A piece of its body.
        case body(exchange: Int, [UInt8])
        /// The response is complete.
        case end(exchange: Int)
        /// The connection is cut off, with that failure seen by the client; the request may have arrived.
        case reset(exchange: Int, TransportFailure)
        /// Something for observers; `connection` is the how many-th exchange of that client with that server, from 1.
        case observe(server: String, client: Int, connection: Int, WireEvent.What)
    }

    struct Server {
        let name: String
        var service: any HTTPService
        let link: Link
        var random: SplitMix64
        /// By client, the number of exchanges so far.
        var exchangeCounts: [Int: Int] = [:]
        /// By client, what its requests and those of the server are called.
        var names: [Int: MessageNames] = [:]
    }

    struct Held {
        var exchange: Int
        var direction: Direction
        var number: Int
    }

    let seed: UInt64
    var plan: FaultPlan
    var servers: [Server] = []
    private var serverByName: [String: Int] = [:]
    /// By number; those that are over for the client or the server leave.
    var exchanges: [Int: HTTPExchange] = [:]
    var queue: DeliveryQueue
    /// Chooses among what is due at one instant.
    var choices: SplitMix64
    /// By fault.
    var heldParcels: [Int: [Held]] = [:]
    var heldNews: [Int: [(exchange: Int, failure: TransportFailure)]] = [:]
    var actions: [Action] = []

    /// A world without servers; `faults` are inert until ``activate(origin:)``.
    public init(faults: [Fault] = [], seed: UInt64) {
        self.seed = seed
        plan = FaultPlan(faults, random: SplitMix64(seed: seed, stream: "http faults"))
        queue = DeliveryQueue(random: SplitMix64(seed: seed, stream: "http order"))
        choices = SplitMix64(seed: seed, stream: "http choices")
    }

    /// Puts a server under a name, which can be used once.
    public mutating func add(_ service: any HTTPService, named name: String, link: Link = Link()) {
        precondition(serverByName[name] == nil, "two servers are named \(name)")
        serverByName[name] = servers.count
        let random = SplitMix64(seed: seed, stream: "http link of \(name)")
        servers.append(Server(name: name, service: service, link: link, random: random))
    }

    /// The names of the servers, in the order in which they were added.
    public var serverNames: [String] { servers.map(\.name) }

    /// Faults apply from now on, and what descriptions say of instants holds; all of them count from `origin`.
    public mutating func activate(origin: Instant) {
        plan.activate(origin: origin)
        for index in servers.indices { servers[index].service.activate(origin: origin) }
    }

    /// A client begins an exchange, whose number is used once, with a server of this world.
    ///
    /// `body` is whole. What becomes of it comes from ``advance(to:)``, which may have something to do at once.
    public mutating func open(
        exchange: Int, client: Int, server: String, head: HTTPRequest, body: [UInt8], at now: Instant
    ) -> [Action] {
        guard let index = serverByName[server] else { preconditionFailure("no server is named \(server)") }
        precondition(exchanges[exchange] == nil, "exchange \(exchange) is open already")
        let request = ServiceRequest(exchange: exchange, client: client, head: head, body: body)
        begin(request, with: index, at: now)
        return takeActions()
    }

    /// The client goes away from an exchange; what it has sent still arrives. Does nothing when it is over.
    public mutating func abandon(exchange: Int, at now: Instant) -> [Action] {
        leave(exchange, at: now)
        return takeActions()
    }

    /// When ``advance(to:)`` has something to do, in the past if it is late; nil is never.
    public var nextDeadline: Instant? {
        switch (plan.nextDeadline, nextDelivery) {
        case (let one?, let other?): min(one, other)
        case (let one, let other): one ?? other
        }
    }

    /// What the time that has come brings: at each instant first faults, then arrivals and what services do.
    public mutating func advance(to now: Instant) -> [Action] {
        while let next = nextDeadline, next <= now {
            strike(at: next)
            while let delivery = nextDelivery, delivery <= next { deliverOne(at: next) }
        }
        return takeActions()
    }

    // MARK: For a shell with phases

    /// When faults do something by themselves; nil is never.
    var nextFault: Instant? { plan.nextDeadline }

    /// When something arrives, or a service does something; nil is never.
    var nextDelivery: Instant? {
        var earliest = queue.first?.at
        for server in servers {
            guard let deadline = server.service.nextDeadline else { continue }
            earliest = earliest.map { min($0, deadline) } ?? deadline
        }
        return earliest
    }

    /// What faults do by themselves up to now.
    mutating func advanceFaults(to now: Instant) -> [Action] {
        strike(at: now)
        return takeActions()
    }

    /// One of the things that are due now.
    mutating func advanceOnce(at now: Instant) -> [Action] {
        deliverOne(at: now)
        return takeActions()
    }

    private mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    mutating func emit(_ what: WireEvent.What, _ place: FaultPlan.Place) {
        actions.append(.observe(server: place.server, client: place.client, connection: place.connection, what))
    }
}
