import HTTPTypes
import MCPCore

/// Runs the HTTP of a network in virtual time: faults in the phase of the world, all else in that of deliveries.
final class HTTPTraffic: @unchecked Sendable {
    static let scheme = "http"

    static func authority(of name: String) -> String { name.lowercased() + ".sim" }

    /// Nil once the simulation has ended; until then they refer to each other.
    private var network: Network?
    let simulation: Simulation
    var world: HTTPWorld
    private var exchanges: [Int: SimulatedExchange] = [:]
    private var lastExchange = 0
    private var faultCallback: (id: UInt64, at: Instant)?
    private var deliveryCallback: (id: UInt64, at: Instant)?
    /// Says how much of what is due at one instant comes before anybody hears of it.
    private var pace: SplitMix64

    init(_ network: Network, faults: [Fault]) {
        self.network = network
        simulation = network.simulation
        world = HTTPWorld(faults: faults, seed: simulation.seed)
        pace = SplitMix64(seed: simulation.seed, stream: "http pace")
    }

    func activate(origin: Instant) {
        world.activate(origin: origin)
        schedule()
    }

    /// Begins an exchange; nil when no server has that origin.
    func open(_ request: HTTPRequest, body: [UInt8], client: Int) -> SimulatedExchange? {
        guard request.scheme?.lowercased() == Self.scheme, let authority = request.authority?.lowercased(),
            let name = world.serverNames.first(where: { Self.authority(of: $0) == authority })
        else { return nil }
        lastExchange += 1
        let exchange = SimulatedExchange(self, number: lastExchange, name: "\(request.method) \(name)", client: client)
        exchanges[lastExchange] = exchange
        perform(
            world.open(
                exchange: lastExchange, client: client, server: name, head: request, body: body, at: simulation.now))
        return exchange
    }

    /// The client goes away.
    func abandon(_ number: Int) {
        guard exchanges.removeValue(forKey: number) != nil else { return }
        perform(world.abandon(exchange: number, at: simulation.now))
    }

    /// The simulation has ended.
    func tearDown() {
        for number in exchanges.keys.sorted() { exchanges[number]?.tearDown() }
        exchanges = [:]
        world = HTTPWorld(seed: simulation.seed)
        network = nil
    }

    private func perform(_ actions: [HTTPWorld.Action]) {
        for action in actions {
            switch action {
            case .observe(let server, let client, let connection, let what):
                network?.observe?(
                    WireEvent(at: simulation.now, client: client, server: server, connection: connection, what: what))
            case .refuse(let number, let failure):
                exchanges.removeValue(forKey: number)?.fail(failure, mayHaveArrived: false)
            case .head(let number, let head): exchanges[number]?.begin(head)
            case .body(let number, let bytes): exchanges[number]?.receive(bytes)
            case .end(let number): exchanges.removeValue(forKey: number)?.end()
            case .reset(let number, let failure):
                exchanges.removeValue(forKey: number)?.fail(failure, mayHaveArrived: true)
            }
        }
        schedule()
    }

    private func schedule() {
        if faultCallback?.at != world.nextFault {
            if let faultCallback { simulation.cancel(faultCallback.id) }
            faultCallback = world.nextFault.map { at in
                let id = simulation.schedule(at: at, .world) {
                    self.faultCallback = nil
                    self.perform(self.world.advanceFaults(to: self.simulation.now))
                }
                return (id, at)
            }
        }
        guard deliveryCallback?.at != world.nextDelivery else { return }
        if let deliveryCallback { simulation.cancel(deliveryCallback.id) }
        deliveryCallback = world.nextDelivery.map { at in
            (simulation.schedule(at: at, .delivery) { self.deliver() }, at)
        }
    }

    private func deliver() {
        deliveryCallback = nil
        let now = simulation.now
        repeat {
            perform(world.advanceOnce(at: now))
        } while world.nextDelivery.map { $0 <= now } == true && pace.below(2) == 0
    }
}
