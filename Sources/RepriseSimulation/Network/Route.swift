/// One client's way to one server, with the connections on it.
final class Route {
    let entry: ServerEntry
    /// Those that are not over for both sides, in the order in which they were accepted.
    private(set) var connections: [SimulatedConnection] = []
    private var attemptCount = 0
    /// By number of connection.
    private var readCounts: [Int] = []

    init(_ entry: ServerEntry) {
        self.entry = entry
    }

    /// The number of a further attempt to connect, from 1.
    func nextNumber() -> Int {
        attemptCount += 1
        return attemptCount
    }

    func add(_ connection: SimulatedConnection) { connections.append(connection) }

    func remove(_ connection: SimulatedConnection) { connections.removeAll { $0 === connection } }

    /// The simulation has ended.
    func removeAll() {
        for connection in connections { connection.tearDown() }
        connections = []
    }

    func countRead(of connection: Int) {
        while readCounts.count < connection { readCounts.append(0) }
        readCounts[connection - 1] += 1
    }

    func readCount(of connection: Int) -> Int {
        readCounts.indices.contains(connection - 1) ? readCounts[connection - 1] : 0
    }
}

/// The ways of one client.
final class ClientRoutes {
    private var routes: [Route] = []

    /// The way to a server, if it was ever used.
    func existing(to entry: ServerEntry) -> Route? { routes.first { $0.entry === entry } }

    /// The way to a server; one that is new is given to `network` too.
    func route(to entry: ServerEntry, in network: Network) -> Route {
        if let route = existing(to: entry) { return route }
        let route = Route(entry)
        routes.append(route)
        network.add(route)
        return route
    }
}
