import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// The transport against the double of a server, over a network with faults.
@Suite struct StreamableHTTPWorldTests {
    /// What a client has seen.
    private final class Seen: @unchecked Sendable {
        var pushed: [Int] = []
        var notices: [ServerNotice.Kind] = []
        var states: [ServerState] = []
        var gets: [String] = []
        var finished = 0

        func take(_ event: ManagerEvent) {
            switch event {
            case .notification(let notification):
                pushed.append(notification.params["data"]?.integer ?? -1)
            case .notice(let notice): notices.append(notice.kind)
            case .state(let change): states.append(change.status.state)
            case .tools: break
            }
        }
    }

    /// Sixty pushes and twelve calls of three seconds, over a network with these faults.
    private static func run(
        seed: UInt64, revision: ProtocolRevision, faults: [Fault]
    ) throws -> Seen {
        let seen = Seen()
        try Simulation(seed: seed).run { simulation in
            var behaviour = HTTPBehaviour()
            behaviour.pushes = (1...60).map { .init(at: Instant(nanoseconds: $0 * 1_000_000_000)) }
            let tools = [ToolDescription(name: "slow", answersAfter: .seconds(3))]
            let network = Network(simulation, faults: faults)
            network.observe = { event in
                if case .request(let detail) = event.what, detail.route == "GET" { seen.gets.append("\(event.at)") }
            }
            network.add(
                MCPService(ServerDescription(tools: tools, http: behaviour), name: "a", seed: seed), named: "a",
                link: Link(latency: .milliseconds(20)))
            network.activateFaults()
            let connector = StreamableHTTPConnector(
                sender: network.httpSender(client: 0), time: simulation.clock, seed: seed)
            let server = ServerConfiguration(name: "a", target: ["url": .string(network.origin(of: "a") + "/mcp")])
            try await withConnectionManager(
                servers: [server], connector: connector, time: simulation.clock, revision: revision.rawValue,
                seed: seed, observer: { seen.take($0) }
            ) { manager in
                try await manager.ready("a")
                for number in 1...12 as ClosedRange<Int64> {
                    _ = try await manager.callTool("slow", on: "a", arguments: [:])
                    seen.finished += 1
                    try await simulation.sleep(until: Instant(nanoseconds: number * 5_000_000_000))
                }
                try await simulation.sleep(until: Instant(nanoseconds: 100_000_000_000))
            }
        }
        return seen
    }

    @Test(
        "SR-01: whatever a network cuts off, each message comes once and in order",
        arguments: 1...30 as ClosedRange<UInt64>)
    func nothingIsLostOrDoubled(_ seed: UInt64) throws {
        var generator = SplitMix64(seed: seed, stream: "faults")
        let faults = (0..<6).map { number in
            let from = Instant(nanoseconds: Int64(number * 10_000 + 200 + generator.below(9_000)) * 1_000_000)
            return generator.below(2) == 0
                ? Fault(.reset(.reset), .init(from: from))
                : Fault(.cut(generator.below(60)), .init(direction: .serverToClient, from: from, count: 1))
        }
        let seen = try Self.run(seed: seed, revision: .november2025, faults: faults)
        #expect(seen.pushed == Array(1...60))
        #expect(seen.finished == 12)
        #expect(seen.states == [.pending, .connected])
        #expect(seen.notices.isEmpty)
    }

    @Test(
        "100 seconds without trouble take one GET", arguments: [ProtocolRevision.march2025, .june2025, .november2025])
    func oneGETIsEnough(_ revision: ProtocolRevision) throws {
        let seen = try Self.run(seed: 1, revision: revision, faults: [])
        #expect(seen.gets.count == 1)
        #expect(seen.pushed == Array(1...60))
        #expect(seen.finished == 12)
    }
}
