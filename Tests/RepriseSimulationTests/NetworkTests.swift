import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// Connecting, messages in both directions, and ends, without faults.
@Suite struct NetworkTests {
    @Test(arguments: UInt64(0)..<20)
    func aCallGoesThereAndBackAtOnceWhereTheLinkTakesNoTime(seed: UInt64) throws {
        let world = try World.run(seed: seed) { world in
            let stream = try await world.connect()
            try await stream.send(call(1, tool: "touch"))
            let answer = await stream.next()
            let text = #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"touch"}]}}"#
            #expect(answer == .message(Array(text.utf8)))
            await stream.close()
            #expect(await stream.next() == nil)
        }
        #expect(
            world.lines == [
                "0 0/1 connect", "0 0/1 accepted", "0 0/1 c2s sent tools/call", "0 0/1 c2s arrived tools/call",
                "0 0/1 effect touch", "0 0/1 s2c sent response to tools/call",
                "0 0/1 s2c arrived response to tools/call", "0 0/1 client closed",
            ])
        #expect(world.double.effectCount(of: "touch") == 1)
    }

    @Test func latencyBandwidthAndConnectingTakeTheirTime() throws {
        let link = Link(latency: .milliseconds(100), bandwidth: 100)
        let message = notification(1)
        #expect(message.count == 32)
        let world = try World.run(link: link) { world in
            let stream = try await world.connect()
            #expect(world.simulation.now == .at(0.2))
            for _ in 0..<3 { try await stream.send(message) }
            try await world.sleep(until: 5)
        }
        let arrivals = world.events.filter { $0.what == .arrived(.clientToServer, name: "n/1") }.map(\.at)
        #expect(arrivals == [.at(0.62), .at(0.94), .at(1.26)])
    }

    @Test(arguments: UInt64(0)..<20)
    func jitterKeepsTheOrderOfADirection(seed: UInt64) throws {
        let world = try World.run(seed: seed, link: Link(latency: .milliseconds(1), jitter: .milliseconds(50))) {
            world in
            let stream = try await world.connect()
            for number in 0..<100 {
                try await stream.send(notification(number))
                try await world.sleep(until: 0.002 + Double(number) * 0.001)
            }
            try await world.sleep(until: 1)
        }
        let names = world.lines.filter { $0.contains("arrived") }.map { $0.split(separator: " ").last ?? "" }
        #expect(names == (0..<100).map { "n/\($0)" })
        let instants = world.events.filter { World.text(of: $0.what).contains("arrived") }.map(\.at)
        #expect(Set(instants).count > 10)
        #expect(instants.allSatisfy { $0 <= .at(0.2) })
    }
}
