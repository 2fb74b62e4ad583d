import MCPCore
import RepriseRecording
import RepriseSimulation

/// The world of one run: the network, the servers, and the clients that do their steps. Lives on the simulation's thread.
final class ScenarioWorld: @unchecked Sendable {
    /// What happened since the scenario's start, in order.
    private(set) var events: [ScenarioEvent] = []
    /// What the clients showed when they were looked at.
    private(set) var looks: [LookResult] = []
    /// What went wrong in the world itself.
    var complaints: [ScenarioMismatch] = []

    let scenario: Scenario
    let recordings: [String: Recording]
    let simulation: Simulation
    private var origin = Instant.zero
    private(set) var isObserving = false

    init(_ scenario: Scenario, recordings: [String: Recording], in simulation: Simulation) {
        self.scenario = scenario
        self.recordings = recordings
        self.simulation = simulation
    }

    /// The present, since the scenario's start.
    var present: Instant { Instant(nanoseconds: simulation.now.nanoseconds - origin.nanoseconds) }

    func run() async throws {
        let network = Network(simulation, faults: scenario.faults)
        let credentials = try addServers(to: network)
        network.observe = { [unowned self] event in note(event.client, .wire(event)) }
        let clients = try await makeClients(network, credentials)
        let managers = clients.map(\.manager)
        try await withThrowingDiscardingTaskGroup { group in
            switch scenario.begin {
            case .connected:
                Self.start(managers, in: &group)
                try await connectAll(managers)
                begin(network)
            case .cold:
                begin(network)
                Self.start(managers, in: &group)
            }
            for client in clients {
                for step in scenario.steps { group.addTask { [self] in try await perform(step, client) } }
            }
            for index in scenario.expectations.looks.indices {
                group.addTask { [self] in try await look(index, at: managers) }
            }
            // After the observations of the last instant.
            try await simulation.sleep(until: absolute(scenario.end).advanced(by: .nanoseconds(1)))
            isObserving = false
            group.cancelAll()
        }
    }

    /// Has every manager run in a child task, by the hundred: to remove a child, a group goes through all of its children.
    private static func start(_ managers: [ConnectionManager], in group: inout ThrowingDiscardingTaskGroup<any Error>) {
        for first in stride(from: 0, to: managers.count, by: 100) {
            group.addTask {
                await withDiscardingTaskGroup { group in
                    for manager in managers[first..<min(first + 100, managers.count)] {
                        group.addTask { await manager.run() }
                    }
                }
            }
        }
    }

    private func begin(_ network: Network) {
        origin = simulation.now
        isObserving = true
        network.activateFaults(origin: origin)
    }

    /// An instant of the scenario on the simulation's clock.
    func absolute(_ instant: Instant) -> Instant {
        origin.advanced(by: .nanoseconds(instant.nanoseconds))
    }

    func note(_ client: Int, _ what: ScenarioEvent.What) {
        if isObserving { events.append(ScenarioEvent(at: present, client: client, what: what)) }
    }

    /// Waits until every client has connected every server that connects by itself.
    private func connectAll(_ managers: [ConnectionManager]) async throws {
        let servers = scenario.mcpServers.map(\.configuration).filter { $0.load == .enabled && $0.connect == .atOnce }
        for manager in managers {
            await manager.started()
            for server in servers {
                try await simulation.waiting(for: "\(server.name) to connect before t = 0") {
                    try await manager.ready(server.name)
                }
            }
        }
        try await simulation.sleep(until: simulation.now, phase: .observation)
    }

    // MARK: Looking

    private func look(_ index: Int, at managers: [ConnectionManager]) async throws {
        let look = scenario.expectations.looks[index]
        try await simulation.sleep(until: absolute(look.at), phase: .observation)
        let timerCount = simulation.sleeperCount
        for (client, manager) in managers.enumerated() {
            let status = try? await manager.status(of: look.server)
            let attempt = try? await manager.attempt(of: look.server)
            let toolCount = try? await manager.tools(of: look.server).count
            looks.append(
                LookResult(
                    look: index, client: client, state: status?.state, attempt: attempt ?? 0, toolCount: toolCount ?? 0,
                    timerCount: timerCount))
        }
    }
}
