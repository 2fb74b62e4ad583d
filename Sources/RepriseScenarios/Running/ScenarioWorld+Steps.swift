import MCPCore
import RepriseSimulation

/// What clients do, and what comes of it.
extension ScenarioWorld {
    func perform(_ step: Scenario.Step, _ client: ScenarioClient) async throws {
        try await simulation.sleep(until: absolute(step.at))
        let (manager, number) = (client.manager, client.number)
        note(number, .step(step.action.text))
        switch step.action {
        case .enable(let server): await attempt(nil, number) { try await manager.toggle(server, true) }
        case .disable(let server): await attempt(nil, number) { try await manager.toggle(server, false) }
        case .reconnect(let server, let id): await attempt(id, number) { _ = try await manager.reconnect(server) }
        case .beginSignIn(let server): await attempt(nil, number) { try await manager.beginSignIn(server) }
        case .completeSignIn(let server, let succeeded):
            await attempt(nil, number) { try await manager.completeSignIn(server, succeeded: succeeded) }
        case .signIn(let server):
            await attempt(nil, number) {
                guard let problem = try await client.signIn(to: server) else { return }
                note(number, .step("fails to sign in to \(server): \(problem)"))
            }
        case .ready(let server, let id): await attempt(id, number) { try await manager.ready(server) }
        case .settle(let id, let timeout): try await settle(id, timeout, manager, number)
        case .call(let call):
            await withDiscardingTaskGroup { group in
                for _ in 0..<call.count {
                    group.addTask { [self] in await perform(call, manager, number) }
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
        var observer: ConnectionManager.ProgressObserver?
        if call.asksForProgress {
            observer = { [unowned self] progress in note(client, .progress(id: call.id, progress)) }
        }
        do throws(ConnectionError) {
            let result = try await manager.callTool(
                call.tool, on: call.server, arguments: call.arguments, timeout: call.timeout,
                progress: observer)
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
