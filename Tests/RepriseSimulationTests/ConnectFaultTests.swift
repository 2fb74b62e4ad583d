import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// What faults do to attempts to connect, and to connections that stand.
@Suite struct ConnectFaultTests {
    static let seeds = UInt64(0)..<20

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

    @Test(arguments: seeds) func aDelayedConnectIsDeafToCancellation(seed: UInt64) throws {
        let fault = Fault(.delayConnect(.milliseconds(500)), .init(connection: 1))
        let world = try World.run(seed: seed, faults: [fault]) { world in
            await withTaskGroup { group in
                group.addTask {
                    let stream = try? await world.connect()
                    #expect(world.simulation.now == .at(0.5))
                    #expect(Task.isCancelled)
                    await stream?.close()
                }
                try? await world.sleep(until: 0.2)
                group.cancelAll()
            }
            _ = try await world.connect()
        }
        #expect(
            world.lines == [
                "0 0/1 connect", "0.5 0/1 accepted", "0.5 0/1 client closed", "0.5 0/2 connect", "0.5 0/2 accepted",
            ])
    }

    @Test(arguments: seeds) func aHangingConnectEndsWhenItsTaskIsCancelled(seed: UInt64) throws {
        let world = try World.run(seed: seed, faults: [Fault(.hangConnect)]) { world in
            await withTaskGroup { group in
                group.addTask {
                    await #expect(throws: TransportFailure.closed) { try await world.connect() }
                    #expect(world.simulation.now == .at(3))
                }
                try? await world.sleep(until: 3)
                group.cancelAll()
            }
        }
        #expect(world.lines == ["0 0/1 connect"])
        let failure = #expect(throws: SimulationFailure.self) {
            try World.run(seed: seed, faults: [Fault(.hangConnect)]) { _ = try await $0.connect() }
        }
        #expect(failure?.description.contains("a connection to files (attempt 1 of client 0)") == true)
    }

    @Test func placementsChooseServerClientAndConnection() throws {
        let faults = [
            Fault(.refuse(.refused), .init(server: "other")), Fault(.refuse(.refused), .init(client: 1)),
            Fault(.refuse(.refused), .init(connection: 2)), Fault(.refuse(.refused), .init(method: "tools/list")),
            Fault(.refuse(.reset), .init(from: .at(1), until: .at(2))),
            Fault(.refuse(.unauthorized(status: 401)), .init(after: .init(method: "n/1"))),
        ]
        try World.run(faults: faults) { world in
            func outcome(client: Int) async -> String {
                do throws(TransportFailure) {
                    let stream = try await world.connect(client: client)
                    try await stream.send(notification(world.simulation.now == .at(3) ? 1 : 2))
                    return "connected"
                } catch { return "\(error)" }
            }
            #expect(await outcome(client: 0) == "connected")
            #expect(await outcome(client: 0) == "refused")
            #expect(await outcome(client: 1) == "refused")
            try await world.sleep(until: 1)
            #expect(await outcome(client: 0) == "reset")
            try await world.sleep(until: 2)
            #expect(await outcome(client: 0) == "connected")
            try await world.sleep(until: 3)
            #expect(await outcome(client: 2) == "connected")
            try await world.sleep(until: 4)
            #expect(await outcome(client: 0) == "\(TransportFailure.unauthorized(status: 401))")
        }
    }

    @Test func aServerThatIsNotThereIsAnErrorOfTheConfiguration() throws {
        try World.run { world in
            await #expect(throws: TransportFailure.misconfigured("no server of this network is named tools")) {
                try await world.network.connector(client: 0).connect(to: ServerConfiguration(name: "tools"))
            }
        }
    }

    @Test func faultsAreInertUntilTheyAreActivated() throws {
        let faults = [Fault(.refuse(.refused), .init(count: 1)), Fault(.reset(.reset), .init(from: .at(2)))]
        try Simulation(seed: 1).run { simulation in
            let network = Network(simulation, faults: faults)
            network.add(ServerDouble(.sample), named: "files")
            func connect() async throws -> any MessageStream {
                try await network.connector(client: 0).connect(to: ServerConfiguration(name: "files"))
            }
            let stream = try await connect()
            try await simulation.sleep(until: .at(5))
            network.activateFaults(origin: .at(6))
            _ = try await connect()
            try await simulation.sleep(until: .at(6))
            await #expect(throws: TransportFailure.refused) { try await connect() }
            #expect(await stream.next() == .closed(.reset))
            #expect(simulation.now == .at(8))
        }
    }

    @Test(arguments: seeds) func anAttemptMadeInAPartitionSucceedsWhenItEnds(seed: UInt64) throws {
        let fault = Fault(.partition, .init(from: .at(1), until: .at(3)))
        try World.run(seed: seed, faults: [fault]) { world in
            try await world.sleep(until: 1)
            _ = try await world.connect()
            #expect(world.simulation.now == .at(3))
        }
    }

    @Test(arguments: seeds) func aResetFollowsTheMessageThatItIsPlacedAt(seed: UInt64) throws {
        let call = Fault(.reset(.reset), .init(direction: .clientToServer, method: "tools/call"))
        let world = try World.run(seed: seed, faults: [call]) { world in
            let stream = try await world.connect()
            try await stream.send(RepriseSimulationTests.call(1, tool: "touch"))
            await world.readAll(stream)
        }
        #expect(
            world.lines.suffix(5) == [
                "0 0/1 c2s arrived tools/call", "0 0/1 effect touch", "0 0/1 s2c sent response to tools/call",
                "0 0/1 lost: reset", "0 0/1 s2c vanished response to tools/call: the connection was lost",
            ])
        #expect(world.reports == ["0 reset", "0 end"])
        let answer = Fault(.reset(.reset), .init(direction: .serverToClient, method: "tools/call"))
        let answered = try World.run(seed: seed, faults: [answer]) { world in
            let stream = try await world.connect()
            try await stream.send(RepriseSimulationTests.call(1, tool: "touch"))
            await world.readAll(stream)
        }
        #expect(answered.reports.count == 3)
        #expect(answered.reports.dropFirst() == ["0 reset", "0 end"])
    }

    @Test(arguments: seeds) func aResetAfterAMessageStrikesEveryConnectionThatStands(seed: UInt64) throws {
        let fault = Fault(.reset(.exited(code: nil)), .init(skip: 1, after: .init(method: "n/1")))
        let world = try World.run(seed: seed, faults: [fault]) { world in
            var streams: [any MessageStream] = []
            for client in 0..<3 { streams.append(try await world.connect(client: client)) }
            try await world.sleep(until: 1)
            try await streams[1].send(notification(1))
            try await world.sleep(until: 2)
        }
        #expect(world.lines.filter { $0.contains("lost") } == ["1 1/1 lost: exited", "1 2/1 lost: exited"])
    }

    @Test(arguments: seeds) func halfAConnectionIsClosedAndNobodyIsTold(seed: UInt64) throws {
        let toServer = Fault(.halfClose(.clientToServer), .init(from: .at(1)))
        let world = try World.run(seed: seed, link: Link(latency: .milliseconds(50)), faults: [toServer]) { world in
            let stream = try await world.connect()
            try await world.sleep(until: 0.97)
            try await stream.send(notification(1))
            try await world.sleep(until: 1)
            await #expect(throws: TransportFailure.closed) { try await stream.send(notification(2)) }
            world.double.notify("n/3")
            #expect(await stream.next() == .message(notification(3)))
        }
        #expect(world.lines.contains("1.02 0/1 c2s vanished n/1: that direction is closed"))
        let toClient = Fault(.halfClose(.serverToClient), .init(from: .at(1)))
        let failure = #expect(throws: SimulationFailure.self) {
            try World.run(seed: seed, ServerDescription(closesAfter: .seconds(2)), faults: [toClient]) { world in
                let stream = try await world.connect()
                try await stream.send(request(1, "initialize"))
                await world.readAll(stream)
            }
        }
        #expect(
            failure
                == .deadlock(at: .at(2), waits: ["the next message of files (connection 1 of client 0)"]))
    }

    @Test("a held end is heard at its instant, after a loss and after the client has closed", arguments: seeds)
    func theNewsOfAnEndIsHeld(seed: UInt64) throws {
        let held = Fault(.holdClose, .init(until: .at(2.5)))
        let lost = try World.run(seed: seed, faults: [Fault(.reset(.reset), .init(from: .at(1))), held]) { world in
            let stream = try await world.connect()
            await world.readAll(stream)
        }
        #expect(lost.reports == ["2.5 reset", "2.5 end"])
        #expect(lost.lines.last == "1 0/1 lost: reset")
        let closed = try World.run(seed: seed, faults: [held]) { world in
            let stream = try await world.connect()
            try await world.sleep(until: 2)
            await stream.close()
            await stream.close()
            await world.readAll(stream)
        }
        #expect(closed.reports == ["2.5 closed", "2.5 end"])
        #expect(closed.lines.last == "2 0/1 client closed")
    }

    @Test("a late message is reported after the loss of its connection, and after its close", arguments: seeds)
    func lateMessagesSurviveTheirConnection(seed: UInt64) throws {
        let late = Fault(
            .delay(.milliseconds(2200)),
            .init(connection: 1, direction: .serverToClient, method: "tools/list", isLate: true))
        let lost = try World.run(seed: seed, faults: [late, Fault(.reset(.reset), .init(from: .at(1)))]) { world in
            let stream = try await world.connect()
            try await stream.send(request(1, "tools/list"))
            await world.readAll(stream)
        }
        #expect(lost.reports.map { $0.prefix(5) } == ["1 res", "2.2 {", "2.2 e"])
        let closed = try World.run(seed: seed, faults: [late]) { world in
            let stream = try await world.connect()
            try await stream.send(request(1, "tools/list"))
            try await stream.send(request(2, "ping"))
            try await world.sleep(until: 1)
            await stream.close()
            await world.readAll(stream)
        }
        #expect(closed.reports.map { $0.prefix(5) } == ["2.2 {", "2.2 e"])
    }
}
