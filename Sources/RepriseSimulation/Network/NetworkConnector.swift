import MCPCore

/// Connects one client to the servers of a network.
struct NetworkConnector: MessageConnector, @unchecked Sendable {
    private let network: Network
    private let client: Int
    private let routes: ClientRoutes

    init(_ network: Network, client: Int, _ routes: ClientRoutes) {
        self.network = network
        self.client = client
        self.routes = routes
    }

    /// Takes one latency each way; what a fault does to it is decided when it begins.
    func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream {
        guard let entry = network.entry(named: server.name) else {
            throw .misconfigured("no server of this network is named \(server.name)")
        }
        let route = routes.route(to: entry, in: network)
        let place = FaultPlan.Place(server: entry.name, client: client, connection: route.nextNumber())
        network.emit(.connect, place)
        let roundTrip = entry.link.latency * 2
        switch network.plan.connect(place, at: network.simulation.now) {
        case .proceed: try await wait(roundTrip)
        case .refuse(let failure):
            try await wait(roundTrip)
            throw failure
        case .delay(let duration): await waitRegardless(duration + roundTrip)
        case .wait(let until):
            try await wait(network.simulation.now.duration(to: until) + roundTrip)
        case .hang: try await hang(place)
        }
        let connection = SimulatedConnection(network, place, route: route)
        route.add(connection)
        connection.begin()
        return connection
    }

    private func wait(_ duration: Duration) async throws(TransportFailure) {
        guard duration > .zero else { return }
        do {
            let simulation = network.simulation
            try await simulation.sleep(until: simulation.now.advanced(by: duration), phase: .delivery)
        } catch { throw .closed }
    }

    private func waitRegardless(_ duration: Duration) async {
        await withUnsafeContinuation { continuation in
            let simulation = network.simulation
            simulation.schedule(at: simulation.now.advanced(by: duration), .delivery) { continuation.resume() }
        }
    }

    /// Returns by throwing, once the task is cancelled.
    private func hang(_ place: FaultPlan.Place) async throws(TransportFailure) {
        let simulation = network.simulation
        let what = "a connection to \(place.server) (attempt \(place.connection) of client \(place.client))"
        let wait = simulation.beginWait(what)
        defer { simulation.endWait(wait) }
        let hung = HungConnect()
        await withTaskCancellationHandler {
            await withUnsafeContinuation { hung.begin($0) }
        } onCancel: {
            // From another thread it is an escape, which the simulation finds out by itself.
            if simulation.isOnOwnThread { hung.end() }
        }
        throw .closed
    }
}

/// An attempt to connect that only cancelling ends.
private final class HungConnect: @unchecked Sendable {
    private var continuation: UnsafeContinuation<Void, Never>?

    func begin(_ continuation: UnsafeContinuation<Void, Never>) {
        if Task.isCancelled { continuation.resume() } else { self.continuation = continuation }
    }

    func end() {
        continuation?.resume()
        continuation = nil
    }
}
