import MCPCore
import MCPWire
import RepriseSimulation

/// A manager over scripted servers, in virtual time, and what was seen of it.
final class Rehearsal: @unchecked Sendable {
    let simulation: Simulation
    let network: ScriptedNetwork
    let manager: ConnectionManager
    private(set) var events: [ManagerEvent] = []

    init(
        _ simulation: Simulation, _ servers: [ServerConfiguration], policy: ConnectionPolicy,
        handler: (any ServerRequestHandler)? = nil,
        script: @escaping (_ server: String, _ number: Int) -> ScriptedNetwork.Answer
    ) {
        self.simulation = simulation
        network = ScriptedNetwork(simulation, script: script)
        manager = ConnectionManager(
            servers: servers, connector: network, time: simulation.clock, policy: policy, seed: simulation.seed,
            handler: handler)
    }

    /// Runs `body` with a manager that has begun, and stops it; every stream must have been closed once then.
    @discardableResult
    static func run<T: Sendable>(
        _ servers: [ServerConfiguration] = [ServerConfiguration(name: "a")], policy: ConnectionPolicy = .init(),
        seed: UInt64 = 1, handler: (any ServerRequestHandler)? = nil,
        script: @escaping @Sendable (_ server: String, _ number: Int) -> ScriptedNetwork.Answer,
        body: @escaping @Sendable (Rehearsal) async throws -> T
    ) throws -> T {
        try Simulation(seed: seed).run { simulation in
            let rehearsal = Rehearsal(simulation, servers, policy: policy, handler: handler, script: script)
            await rehearsal.observe()
            async let running: Void = rehearsal.manager.run()
            await rehearsal.manager.started()
            do {
                let result = try await body(rehearsal)
                await rehearsal.manager.stop()
                await running
                return result
            } catch {
                await rehearsal.manager.stop()
                await running
                throw error
            }
        }
    }

    /// Begins to keep what happens.
    func observe() async {
        await manager.subscribe { self.events.append($0) }
    }

    /// Waits until so many seconds after the start, and for all that happens at that instant.
    func advance(to seconds: Double) async throws {
        let instant = Instant.zero.advanced(by: .nanoseconds(Int64(seconds * 1_000_000_000)))
        try await simulation.sleep(until: instant, phase: .observation)
    }

    /// `P,F,P…`, or with times `P@0`, of one server.
    func trace(_ server: String = "a", withTimes: Bool = false) -> String {
        changes(server).map {
            let letter = $0.status.state == .needsAuth ? "N" : $0.status.state.rawValue.prefix(1).uppercased()
            return withTimes ? "\(letter)@\($0.at)" : letter
        }
        .joined(separator: ",")
    }

    func changes(_ server: String = "a") -> [StateChange] {
        events.compactMap { if case .state(let change) = $0, change.server == server { change } else { nil } }
    }

    /// How many tools there were after each change of the registry.
    func toolCounts(_ server: String = "a") -> [Int] {
        events.compactMap {
            if case .tools(let change) = $0, change.server == server { change.tools.count } else { nil }
        }
    }
}

/// What an operation throws; nil if it returns.
func failure(_ body: () async throws -> Void) async -> ConnectionError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? ConnectionError
    }
}
