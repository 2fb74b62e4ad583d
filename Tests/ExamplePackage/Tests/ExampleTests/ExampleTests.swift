import Foundation
import MCPCore
import RepriseSimulation
import RepriseTesting
import Testing

/// What a package does with Reprise in its tests: scenarios, a closure in virtual time, a recording as the server.
@Suite struct ExampleTests {
    @Test(arguments: ScenarioCase.all(in: "scenarios"))
    func scenariosHold(_ scenario: ScenarioCase) {
        scenario.check()
    }

    @Test func aServerThatIsGoneForAMinuteIsConnectedAgain() {
        Simulation.check(seeds: 1...10) { simulation in
            let network = Network(simulation, faults: [Fault(.refuse(.refused), .init(count: 2))])
            network.add(ServerDouble(tools: [ToolDescription(name: "add")]), named: "sums")
            network.activateFaults()
            try await withConnectionManager(
                servers: [ServerConfiguration(name: "sums")], connector: network.connector(client: 0),
                time: simulation.clock, seed: simulation.seed
            ) { manager in
                try await manager.ready("sums")
                #expect(simulation.now == Instant(nanoseconds: 3_000_000_000))
                #expect(try await manager.tools(of: "sums").map(\.name) == ["add"])
            }
        }
    }

    /// What the recording was made from; `REPRISE_RECORD=all swift test` makes it anew.
    static let sums = RecordingSource.double(
        ServerDescription(tools: [ToolDescription(name: "add", result: ["sum": 5])]))

    @Test(.recording("recordings/sums.stdio.jsonl", from: sums))
    func aSumIsAsRecorded() async throws {
        let server = try TestServer.current
        try await withConnectionManager(
            servers: [server.configuration], connector: server.connector, time: server.time, seed: server.seed
        ) { manager in
            try await manager.ready(server.configuration.name)
            let result = try await manager.callTool(
                "add", on: server.configuration.name, arguments: ["a": 2, "b": 3])
            #expect(result["sum"] == 5)
        }
    }
}

/// Tests that fail, so that what is shown of a failure can be looked at: `EXAMPLE_FAILS=1 swift test`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["EXAMPLE_FAILS"] != nil)) struct FailingTests {
    @Test func theClockHasStopped() {
        Simulation.check(seeds: 3...5) { simulation in
            try await simulation.clock.sleep(until: Instant(nanoseconds: 1))
            #expect(simulation.seed != 4)
        }
    }

    @Test(.recording("recordings/sums.stdio.jsonl"))
    func nothingIsAsked() async throws {
        let stream = try await TestServer.current.connect()
        await stream.close()
    }
}
