import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// What faults do to attempts to connect, and to connections that stand.
@Suite struct ConnectFaultTests {
    @Test func refusedAttemptsAreCountedAndThenTheServerIsBack() throws {
        let fault = Fault(.refuse(.unavailable(status: 503, retryAfter: "30")), .init(skip: 1, count: 2))
        let world = try World.run(faults: [fault]) { world in
            var outcomes: [String] = []
            for _ in 0..<4 {
                do throws(TransportFailure) {
                    _ = try await world.connect()
                    outcomes.append("connected")
                } catch { outcomes.append("\(error)") }
            }
            let refusal = "\(TransportFailure.unavailable(status: 503, retryAfter: "30"))"
            #expect(outcomes == ["connected", refusal, refusal, "connected"])
        }
        #expect(
            world.lines == [
                "0 0/1 connect", "0 0/1 accepted", "0 0/2 connect", "0 0/3 connect", "0 0/4 connect", "0 0/4 accepted",
            ])
    }

    @Test func aResetIsHeardAtItsInstantAndWhatIsUnderWayIsLost() throws {
        let fault = Fault(.reset(.reset), .init(from: .at(1)))
        let world = try World.run(link: Link(latency: .milliseconds(100)), faults: [fault]) { world in
            let stream = try await world.connect()
            try await world.sleep(until: 0.85)
            try await stream.send(request(1, "ping"))
            try await world.sleep(until: 0.95)
            try await stream.send(request(2, "ping"))
            await world.readAll(stream)
            await #expect(throws: TransportFailure.reset) { try await stream.send(request(3, "ping")) }
        }
        #expect(world.reports == ["1 reset", "1 end"])
        #expect(
            world.lines.suffix(6) == [
                "0.95 0/1 c2s arrived ping", "0.95 0/1 s2c sent response to ping", "0.95 0/1 c2s sent ping",
                "1 0/1 lost: reset", "1 0/1 c2s vanished ping: the connection was lost",
                "1 0/1 s2c vanished response to ping: the connection was lost",
            ])
    }
}
