import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// The client's end of a connection, as a reader sees it.
@Suite struct MessageStreamTests {
    @Test(arguments: UInt64(0)..<20)
    func aReaderThatIsCancelledGetsNothingAndLosesNothing(seed: UInt64) throws {
        try World.run(seed: seed) { world in
            let stream = try await world.connect()
            await withTaskGroup { group in
                group.addTask {
                    #expect(await stream.next() == nil)
                    #expect(world.simulation.now == .at(1))
                }
                try? await world.sleep(until: 1)
                group.cancelAll()
            }
            world.double.notify("n/1")
            #expect(await stream.next() == .message(notification(1)))
        }
    }

    @Test func aReaderThatGoesOnAfterTheEndIsNoticedAndItsReadsAreCounted() throws {
        let world = try World.run(ServerDescription(exitsAtStart: 3)) { world in
            let stream = try await world.connect()
            try await stream.send(request(1, "initialize"))
            #expect(await stream.next() == .closed(.exited(code: 3)))
            for _ in 0..<3 { #expect(await stream.next() == nil) }
        }
        #expect(
            world.lines.suffix(3) == [
                "0 0/1 lost: exited with code 3", "0 0/1 read past the end", "0 0/1 read past the end",
            ])
        #expect(world.network.readCount(client: 0, server: "files", connection: 1) == 4)
        #expect(world.network.readCount(client: 0, server: "files", connection: 2) == 0)
        #expect(world.network.readCount(client: 1, server: "files", connection: 1) == 0)
        #expect(world.network.readCount(client: 0, server: "tools", connection: 1) == 0)
    }

    @Test(arguments: UInt64(0)..<20)
    func whatTheClientSentBeforeItClosedArrives(seed: UInt64) throws {
        let world = try World.run(seed: seed, link: Link(latency: .milliseconds(100))) { world in
            let stream = try await world.connect()
            try await stream.send(call(1, tool: "touch"))
            await stream.close()
            await #expect(throws: TransportFailure.closed) { try await stream.send(notification(1)) }
            #expect(await stream.next() == nil)
            try await world.sleep(until: 5)
        }
        #expect(
            world.lines.dropFirst(2) == [
                "0.2 0/1 c2s sent tools/call", "0.2 0/1 client closed", "0.3 0/1 c2s arrived tools/call",
                "0.3 0/1 effect touch", "0.3 0/1 s2c sent response to tools/call",
                "0.3 0/1 s2c vanished response to tools/call: the client has closed the connection",
            ])
    }

    @Test(arguments: UInt64(0)..<20)
    func whatTheServerSentBeforeItClosedArrives(seed: UInt64) throws {
        let world = try World.run(
            seed: seed, ServerDescription(closesAfter: .zero), link: Link(latency: .milliseconds(100))
        ) { world in
            let stream = try await world.connect()
            try await stream.send(request(1, "initialize"))
            await world.readAll(stream)
        }
        #expect(world.reports.map { $0.prefix(12) } == ["0.4 {\"jsonrp", "0.4 closed", "0.4 end"])
        #expect(world.lines.last == "0.4 0/1 lost: closed")
    }

    @Test func aClosedConnectionIsForgottenByItsServer() throws {
        try World.run { world in
            let first = try await world.connect()
            let second = try await world.connect()
            await first.close()
            world.double.notify("n/1")
            #expect(await second.next() == .message(notification(1)))
            try await world.sleep(until: 1)
            world.double.notify("n/2")
            #expect(await second.next() == .message(notification(2)))
            #expect(world.network.underWayCount == 0)
        }
    }

    @Test func nothingIsKeptAfterTheSimulationHasEnded() throws {
        final class Weak { weak var network: Network? }
        let weak = Weak()
        func run() throws {
            nonisolated(unsafe) let weak = weak
            try World.run(faults: [Fault(.hold(release: nil), .init(method: "n/1"))]) { world in
                weak.network = world.network
                let stream = try await world.connect()
                try await stream.send(call(1, tool: "touch"))
                try await stream.send(notification(1))
                let other = try await world.connect()
                try await other.send(notification(2))
                await other.close()
            }
        }
        try run()
        #expect(weak.network == nil)
    }
}
