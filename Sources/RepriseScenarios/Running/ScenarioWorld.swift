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
    private(set) var complaints: [ScenarioMismatch] = []

    private let scenario: Scenario
    private let recordings: [String: Recording]
    private let simulation: Simulation
    private var origin = Instant.zero
    private var isObserving = false

    private struct MissingRecording: Error, CustomStringConvertible {
        var path: String
        var description: String { "the recording \(path) was not given to the runner" }
    }

    private struct UnsupportedServer: Error, CustomStringConvertible {
        var name: String
        var description: String { "the server \(name) is reached by HTTP, which the simulation does not have yet" }
    }

    init(_ scenario: Scenario, recordings: [String: Recording], in simulation: Simulation) {
        self.scenario = scenario
        self.recordings = recordings
        self.simulation = simulation
    }

    /// The present, since the scenario's start.
    var present: Instant { Instant(nanoseconds: simulation.now.nanoseconds - origin.nanoseconds) }

    func run() async throws {
        let network = Network(simulation, faults: scenario.faults)
        for server in scenario.servers { try add(server, to: network) }
        network.observe = { [unowned self] event in note(event.client, .wire(event)) }
        let managers = await makeManagers(network)
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
            for (client, manager) in managers.enumerated() {
                for step in scenario.steps {
                    group.addTask { [self] in try await perform(step, manager, client) }
                }
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
    private func absolute(_ instant: Instant) -> Instant {
        origin.advanced(by: .nanoseconds(instant.nanoseconds))
    }

    private func note(_ client: Int, _ what: ScenarioEvent.What) {
        if isObserving { events.append(ScenarioEvent(at: present, client: client, what: what)) }
    }

    // MARK: Setting up

    private func add(_ server: Scenario.Server, to network: Network) throws {
        let name = server.configuration.name
        switch server.behaviour {
        case .declared(let description) where description.http != nil: throw UnsupportedServer(name: name)
        case .declared(let description): network.add(ServerDouble(description), named: name, link: server.link)
        case .recording(let path):
            guard let recording = recordings[path] else {
                throw MissingRecording(path: path)
            }
            network.add(try RecordedServer(recording), named: name, link: server.link)
        case .authorization: throw UnsupportedServer(name: name)
        }
    }

    private func makeManagers(_ network: Network) async -> [ConnectionManager] {
        var seeds = simulation.generator("clients")
        var managers: [ConnectionManager] = []
        for client in 0..<scenario.clientCount {
            let manager = ConnectionManager(
                servers: scenario.mcpServers.map(\.configuration), connector: network.connector(client: client),
                time: simulation.clock, policy: scenario.policy, revision: scenario.revision, seed: seeds.next())
            await manager.subscribe { [unowned self] event in note(client, .manager(event)) }
            managers.append(manager)
        }
        return managers
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

    // MARK: Steps

    private func perform(_ step: Scenario.Step, _ manager: ConnectionManager, _ client: Int) async throws {
        try await simulation.sleep(until: absolute(step.at))
        note(client, .step(step.action.text))
        switch step.action {
        case .enable(let server): await attempt(nil, client) { try await manager.toggle(server, true) }
        case .disable(let server): await attempt(nil, client) { try await manager.toggle(server, false) }
        case .reconnect(let server, let id): await attempt(id, client) { _ = try await manager.reconnect(server) }
        case .beginSignIn(let server): await attempt(nil, client) { try await manager.beginSignIn(server) }
        case .completeSignIn(let server, let succeeded):
            await attempt(nil, client) { try await manager.completeSignIn(server, succeeded: succeeded) }
        case .signIn(let server): await attempt(nil, client) { throw UnsupportedServer(name: server) }
        case .ready(let server, let id): await attempt(id, client) { try await manager.ready(server) }
        case .settle(let id, let timeout): try await settle(id, timeout, manager, client)
        case .call(let call):
            await withDiscardingTaskGroup { group in
                for _ in 0..<call.count {
                    group.addTask { [self] in await perform(call, manager, client) }
                }
            }
        }
    }

    /// Does something whose outcome is an empty result or an error; without an id an error is a complaint.
    private func attempt(_ id: String?, _ client: Int, _ body: () async throws -> Void) async {
        do {
            try await body()
            if let id { note(client, .ended(id: id, .result(.object([])))) }
        } catch {
            if let id, let error = error as? ConnectionError {
                note(client, .ended(id: id, .error(Outcome.word(for: error))))
            } else if isObserving {
                complaints.append(ScenarioMismatch(line: nil, at: present, text: "a step failed: \(error)"))
            }
        }
    }

    private func settle(_ id: String, _ timeout: Duration, _ manager: ConnectionManager, _ client: Int) async throws {
        let servers = try await manager.allSettled(timeout: timeout)
        note(client, .ended(id: id, .settled(servers.map { .init(server: $0.server, state: $0.status.state) })))
    }

    private func perform(_ call: Scenario.Call, _ manager: ConnectionManager, _ client: Int) async {
        do throws(ConnectionError) {
            let result = try await manager.callTool(
                call.tool, on: call.server, arguments: call.arguments, timeout: call.timeout)
            note(client, .ended(id: call.id, .result(result)))
        } catch {
            note(client, .ended(id: call.id, .error(Outcome.word(for: error))))
            // What comes of the reconnect shows in the states.
            if call.reconnectsOnFailure { _ = try? await manager.reconnect(call.server) }
        }
    }
}

extension Scenario.Action {
    /// The action for the transcript.
    var text: String {
        switch self {
        case .enable(let server): "enable \(server)"
        case .disable(let server): "disable \(server)"
        case .reconnect(let server, _): "reconnect \(server)"
        case .beginSignIn(let server): "begin to sign in to \(server)"
        case .completeSignIn(let server, let succeeded): "sign in to \(server)\(succeeded ? "" : ", and fail")"
        case .signIn(let server): "sign in to \(server) with its authorization server"
        case .call(let call): "call \(call.tool) of \(call.server)" + (call.count > 1 ? " \(call.count) times" : "")
        case .settle(_, let timeout): "wait until all is settled, for \(timeout.secondsText) s"
        case .ready(let server, _): "wait until \(server) is ready"
        }
    }
}
