import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// The beginning and the end of a manager, of its connector and of its streams.
@Suite struct ManagerLifeTests {
    /// Runs a manager with a server whose streams take so long to close, stops it at 1 s; returns when it was over.
    private static func stop(closing: Duration) throws -> (end: Instant, network: ScriptedNetwork, sleepers: Int) {
        let simulation = Simulation(seed: 1)
        return try simulation.run { simulation in
            let rehearsal = Rehearsal(simulation, [.init(name: "a"), .init(name: "b")], policy: .init()) { _, _ in
                .accept(.init(closing: closing))
            }
            async let running: Void = rehearsal.manager.run()
            try await rehearsal.advance(to: 1)
            await rehearsal.manager.stop()
            await running
            return (simulation.now, rehearsal.network, simulation.sleeperCount)
        }
    }

    @Test("the connector runs from before the first connect until every stream is closed")
    func connectorLife() throws {
        let (end, network, _) = try Self.stop(closing: .seconds(2))
        #expect(network.life == ["begins with 0 connects", "ends with 2 of 2 streams closed"])
        #expect(end.description == "3")
    }

    @Test("S-026: streams have five seconds to close, and the manager does not wait any longer")
    func closingIsBounded() throws {
        let (end, network, sleepers) = try Self.stop(closing: .seconds(600))
        #expect(end.description == "6")
        #expect(network.streams.map(\.closeCount) == [1, 1])
        #expect(sleepers == 0)
    }

    @Test("a server that takes an answer only while the client reads gets it, and is heard")
    func aServerThatDoesOneThingAtATime() throws {
        try Rehearsal.run { _, _ in
            .accept(.init(tools: [tool("t")], takesAnswersWhenRead: true))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            for id in 1...3 {
                rehearsal.network.streams[0].deliver(["jsonrpc": "2.0", "id": .int(id), "method": "ping"])
            }
            try await rehearsal.advance(to: 1)
            #expect(rehearsal.network.sent(to: "a").count { $0 == "answer" } == 3)
            _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:])
        }
    }

    @Test("a server that asks and asks and takes no answer is left when too many answers wait")
    func aServerThatAsksAndTakesNothing() throws {
        var policy = ConnectionPolicy()
        policy.unsentMax = 10
        try Rehearsal.run(policy: policy) { _, number in
            .accept(.init(tools: [tool("t")], takesNoAnswers: number == 1))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            // The first answer is on its way and is not taken; ten more may wait.
            for id in 1...11 {
                let ping: JSONValue = ["jsonrpc": "2.0", "id": .int(id), "method": "ping"]
                rehearsal.network.streams[0].deliver(ping, after: .milliseconds(id == 1 ? 0 : 100))
            }
            try await rehearsal.advance(to: 0.5)
            #expect(rehearsal.trace() == "P,C")
            rehearsal.network.streams[0].deliver(["jsonrpc": "2.0", "id": 12, "method": "ping"])
            try await rehearsal.advance(to: 2)
            #expect(rehearsal.trace() == "P,C,F,P,C")
            let reason = "more than 10 messages wait for the server to read them"
            #expect(try await rehearsal.manager.lastFailure(of: "a") == .protocolBroken(reason))
            #expect(rehearsal.network.streams[0].closeCount == 1)
        }
    }

    @Test("S-026: a stream that closes at once leaves nothing to wait for")
    func closingAtOnce() throws {
        let (end, _, sleepers) = try Self.stop(closing: .zero)
        #expect(end.description == "1")
        #expect(sleepers == 0)
    }
}
