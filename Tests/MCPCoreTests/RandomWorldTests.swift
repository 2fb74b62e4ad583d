import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// The manager in worlds that are drawn by lot: whatever happens, some things always hold.
@Suite struct RandomWorldTests {
    private static let names = ["a", "b", "c"]

    /// What becomes of a connect: refusals, delays, hangs, and peers that answer late, badly, or not at all.
    private static func answer(_ random: inout SplitMix64) -> ScriptedNetwork.Answer {
        func time(_ random: inout SplitMix64) -> Duration { .milliseconds(random.below(4) * random.below(2000)) }
        let failures: [TransportFailure] = [
            .refused, .reset, .exited(code: 1), .unavailable(status: 503, retryAfter: "7"), .unauthorized(status: 401),
        ]
        switch random.below(8) {
        case 0, 1: return .refuse(failures[random.below(failures.count)], after: time(&random))
        case 2: return .hang
        default:
            var peer = ScriptedNetwork.Peer()
            peer.tools = (0..<random.below(5)).map { tool("t\($0)", isIdempotent: $0 % 2 == 0) }
            peer.pageSize = 2
            for method in ["initialize", "tools/list", "tools/call"] { peer.latency[method] = time(&random) }
            if random.below(2) == 0 { peer.loss = (time(&random), failures[random.below(failures.count)]) }
            if random.below(8) == 0 { peer.revision = "1999-01-01" }
            peer.handle = trouble(&random)
            return .accept(peer, after: time(&random))
        }
    }

    /// What a peer does instead of answering, or beside it: noise, failures of single requests, requests of its own.
    private static func trouble(
        _ random: inout SplitMix64
    ) -> (@Sendable (ScriptedStream, String, JSONValue) -> Bool)? {
        let failures: [RequestFailure] = [
            .notSent(.sessionExpired), .notSent(.refused), .lost(.reset), .refused(status: 400, text: "no"),
            .unauthorized(status: 401),
        ]
        let failure = failures[random.below(failures.count)]
        let delay = Duration.milliseconds(random.below(3) * 700)
        let noise = random.bytes(random.below(40))
        switch random.below(8) {
        case 0:
            return { stream, method, _ in
                stream.emit(.message(noise))
                return method == "tools/call"
            }
        case 1, 2:
            let failing = ["initialize", "tools/list", "tools/call"][random.below(3)]
            return { stream, method, message in
                guard method == failing, let id = message["id"]?.integer else { return false }
                if failure == .notSent(.sessionExpired) {
                    stream.expire(id)
                } else {
                    stream.fail(id, failure, after: delay)
                }
                return true
            }
        case 3, 4:
            return { stream, method, message in
                let token = message["params"]?["_meta"]?["progressToken"] ?? 7
                for (method, params) in [
                    ("notifications/progress", ["progressToken": token, "progress": 1]),
                    ("notifications/cancelled", ["requestId": 1]), ("notifications/tools/list_changed", [:]),
                ] as [(String, JSONValue)] where stream.sent.count < 10 {
                    stream.deliver(["jsonrpc": "2.0", "method": .string(method), "params": params], after: delay)
                }
                stream.deliver(["jsonrpc": "2.0", "id": .int(stream.sent.count % 3), "method": "roots/list"])
                return false
            }
        default: return nil
        }
    }

    /// Answers after a while, refuses, or fails.
    private struct Handler: ServerRequestHandler {
        let clock: SimulationClock
        let capabilities = ClientCapabilities(roots: [:])

        func answer(_ request: ServerRequest) async throws -> JSONValue {
            try await clock.sleep(for: .milliseconds(300))
            if request.id.description == "2" { throw ServerRequestRefusal(code: -1, message: "no") }
            return ["roots": []]
        }
    }

    /// Uses the manager for a while in one of the ways that there are; whatever it throws is an end.
    private static func use(_ manager: ConnectionManager, _ random: SplitMix64, _ clock: SimulationClock) async {
        var random = random
        for _ in 0..<12 {
            let name = names[random.below(3)]
            try? await clock.sleep(for: .milliseconds(random.below(3) * random.below(3000)))
            let timeout: Duration? = random.below(2) == 0 ? .milliseconds(random.below(5000)) : nil
            _ = await failure {
                switch random.below(12) {
                case 5: _ = try await manager.refresh(name)
                case 6: try await manager.notify("notifications/x", on: name)
                case 7: _ = try await manager.request("ping", on: name, timeout: timeout) { _ in }
                case 8:
                    _ = try await manager.callTool("t1", on: name, arguments: [:], timeout: timeout) { _ in }
                case 0: try await manager.toggle(name, false)
                case 1: try await manager.toggle(name, true)
                case 2: try await manager.reconnect(name)
                case 3: try await manager.completeSignIn(name, succeeded: random.below(2) == 0)
                case 4: _ = try await manager.allSettled(timeout: timeout ?? .seconds(1))
                default:
                    _ = try await manager.callTool(
                        "t\(random.below(5))", on: name, arguments: [:], timeout: timeout)
                }
            }
        }
    }

    private struct Outcome: Equatable {
        var events: [ManagerEvent]
        var connects: [String]
        var steps: Int
    }

    private static func run(seed: UInt64) throws -> Outcome {
        let simulation = Simulation(seed: seed)
        return try simulation.run { simulation in
            var random = simulation.generator("world")
            var answers = random
            let servers = names.map { name in
                ServerConfiguration(
                    name: name, transport: random.below(2) == 0 ? .http : .stdio,
                    connect: random.below(4) == 0 ? .onFirstUse : .atOnce)
            }
            let policy = ConnectionPolicy(random.below(2) == 0 ? .chapter : .current)
            let rehearsal = Rehearsal(
                simulation, servers, policy: policy, handler: Handler(clock: simulation.clock)
            ) { _, _ in answer(&answers) }
            await rehearsal.observe()
            async let running: Void = rehearsal.manager.run()
            await rehearsal.manager.started()
            let users = (0..<6).map { simulation.generator("user \($0)") }
            await withDiscardingTaskGroup { group in
                for user in users { group.addTask { await use(rehearsal.manager, user, simulation.clock) } }
                try? await simulation.sleep(until: Instant(nanoseconds: 40_000_000_000), phase: .observation)
                // A call without a time of its own to a server that never answers ends no sooner.
                await rehearsal.manager.stop()
            }
            await running
            check(rehearsal)
            return Outcome(
                events: rehearsal.events, connects: rehearsal.network.connectTimes(), steps: simulation.stepCount)
        }
    }

    private static func check(_ rehearsal: Rehearsal) {
        #expect(rehearsal.network.streams.allSatisfy { $0.closeCount == 1 })
        #expect(rehearsal.network.streams.allSatisfy { $0.nextCount <= $0.deliveredCount + 2 })
        #expect(rehearsal.simulation.sleeperCount == 0)
        for name in names {
            var track = StatusTrack()
            var toolCount = 0
            for event in rehearsal.events {
                switch event {
                case .state(let change) where change.server == name:
                    #expect(change.from == track.status?.state)
                    #expect(throws: Never.self) { try track.take(change.status) }
                    if change.status.state != .connected { #expect(toolCount == 0) }
                case .tools(let change) where change.server == name:
                    toolCount = change.tools.count
                    // Tools come only on the connection that listed them.
                    if toolCount > 0 { #expect(track.status == .connected(generation: change.generation)) }
                default: break
                }
            }
        }
    }

    @Test(
        "S-019, S-025, S-026, S-037: in any world calls end, streams are closed once, and states keep to the table",
        arguments: UInt64(0)..<150)
    func anyWorld(seed: UInt64) throws {
        let outcome = try Self.run(seed: seed)
        #expect(!outcome.events.isEmpty)
        #expect(try Self.run(seed: seed) == outcome)
    }
}
