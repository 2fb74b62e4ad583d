import MCPCore
import MCPWire
import RepriseRecording
import RepriseSimulation
import Testing

/// What faults do to messages on their way, over seeds.
@Suite struct MessageFaultTests {
    static let seeds = UInt64(0)..<20

    /// The instants and numbers of notifications 1 to 5, sent at 0, 1, 2, 3 and 4, as they arrive at the server.
    private static func arrivals(
        seed: UInt64, _ faults: [Fault], link: Link = Link(), until end: Double = 20
    ) throws -> [String] {
        try World.run(seed: seed, link: link, faults: faults) { world in
            let stream = try await world.connect()
            for number in 1...5 {
                try? await stream.send(notification(number))
                try await world.sleep(until: Double(number))
            }
            try await world.sleep(until: end)
        }.lines.compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 4 else { return nil }
            if words[3] == "arrived" { return "\(words[0]) \(words[4])" }
            return words[3] == "vanished" ? "\(words[0]) \(words[4]) \(words[5...].joined(separator: " "))" : nil
        }
    }

    @Test(arguments: seeds) func aDroppedMessageNeverArrives(seed: UInt64) throws {
        let faults = [Fault(.drop, .init(method: "n/2")), Fault(.drop, .init(skip: 2, count: 1))]
        #expect(
            try Self.arrivals(seed: seed, faults) == ["0 n/1", "1 n/2: dropped", "2 n/3", "3 n/4: dropped", "4 n/5"])
    }

    @Test func whatIsDroppedByChanceIsDrawnFromTheSeed() throws {
        let faults = [Fault(.drop, .init(probability: 0.5))]
        let runs = try Self.seeds.map { try Self.arrivals(seed: $0, faults) }
        #expect(Set(runs).count > 10)
        #expect(try Self.seeds.map { try Self.arrivals(seed: $0, faults) } == runs)
        let dropped = runs.joined().count { $0.hasSuffix("dropped") }
        #expect((25...75).contains(dropped))
    }

    @Test(arguments: seeds) func aDelayedMessageHoldsUpNoOther(seed: UInt64) throws {
        let faults = [Fault(.delay(.milliseconds(2500)), .init(from: .at(1), until: .at(2)))]
        #expect(try Self.arrivals(seed: seed, faults) == ["0 n/1", "2 n/3", "3 n/4", "3.5 n/2", "4 n/5"])
    }

    @Test(arguments: seeds) func aDuplicatedMessageArrivesSoOftenInItsPlace(seed: UInt64) throws {
        let link = Link(latency: .seconds(3))
        let arrivals = try World.run(seed: seed, link: link, faults: [Fault(.duplicate(3), .init(method: "n/2"))]) {
            let stream = try await $0.connect()
            for number in 1...3 { try await stream.send(notification(number)) }
            try await $0.sleep(until: 20)
        }.lines.filter { $0.contains("arrived") }
        #expect(arrivals == [1, 2, 2, 2, 3].map { "9 0/1 c2s arrived n/\($0)" })
        #expect(try Self.arrivals(seed: seed, [Fault(.duplicate(0), .init(method: "n/2"))])[1] == "1 n/2: dropped")
    }

    @Test(arguments: seeds) func aReorderedMessageComesAfterTheNext(seed: UInt64) throws {
        #expect(
            try Self.arrivals(seed: seed, [Fault(.reorder, .init(method: "n/2"))]) == [
                "0 n/1", "2 n/3", "2 n/2", "3 n/4", "4 n/5",
            ])
        // The message before it is on its way when it is sent, and is not the next.
        #expect(
            try Self.arrivals(seed: seed, [Fault(.reorder, .init(method: "n/2"))], link: Link(latency: .seconds(2)))
                == ["6 n/1", "6 n/3", "6 n/2", "6 n/4", "6 n/5"])
        #expect(
            try Self.arrivals(seed: seed, [Fault(.reorder, .init(method: "n/5", until: .at(9)))]).last == "9 n/5")
    }

    @Test(arguments: seeds) func aCutMessageEndsItsConnection(seed: UInt64) throws {
        let world = try World.run(seed: seed, faults: [Fault(.cut(10), .init(direction: .serverToClient, skip: 1))]) {
            let stream = try await $0.connect()
            try await stream.send(request(1, "ping"))
            try await stream.send(request(2, "ping"))
            await $0.readAll(stream)
        }
        #expect(
            world.reports == [
                #"0 {"jsonrpc":"2.0","id":1,"result":{}}"#, #"0 {"jsonrpc""#, "0 reset", "0 end",
            ])
        #expect(
            world.lines.suffix(2) == [
                "0 0/1 s2c vanished response to ping: cut after 10 of 36 bytes", "0 0/1 lost: reset",
            ])
        #expect(
            try Self.arrivals(seed: seed, [Fault(.cut(0), .init(method: "n/2"))]) == [
                "0 n/1", "1 n/2: cut after 0 of 32 bytes",
            ])
        // Longer than the message: it arrives, and then the connection is cut off.
        #expect(try Self.arrivals(seed: seed, [Fault(.cut(99), .init(method: "n/2"))]) == ["0 n/1", "1 n/2"])
    }

    @Test(arguments: seeds) func heldMessagesGoOnInTheirOrder(seed: UInt64) throws {
        let until = Fault(.hold(release: nil), .init(from: .at(1), until: .at(3.5)))
        #expect(
            try Self.arrivals(seed: seed, [until]) == ["0 n/1", "3.5 n/2", "3.5 n/3", "3.5 n/4", "4 n/5"])
        let release = Fault(.hold(release: .init(method: "n/4")), .init(count: 2))
        #expect(
            try Self.arrivals(seed: seed, [release]) == ["2 n/3", "3 n/4", "3 n/1", "3 n/2", "4 n/5"])
        // What has passed already releases everything.
        let late = Fault(.hold(release: .init(method: "n/1")), .init(from: .at(1)))
        #expect(
            try Self.arrivals(seed: seed, [late]) == ["0 n/1", "1 n/2", "2 n/3", "3 n/4", "4 n/5"])
        // A message that is still on its way when it is released comes when it would have come.
        let latency = Link(latency: .seconds(1))
        let early = Fault(.hold(release: nil), .init(method: "n/1", until: .at(2.5)))
        #expect(try Self.arrivals(seed: seed, [early], link: latency).contains("3 n/1"))
    }

    @Test(arguments: seeds) func nothingPassesAPartitionAndEverythingComesWhenItEnds(seed: UInt64) throws {
        let fault = Fault(.partition, .init(from: .at(0.5), until: .at(3.5)))
        #expect(
            try Self.arrivals(seed: seed, [fault]) == ["0 n/1", "3.5 n/2", "3.5 n/3", "3.5 n/4", "4 n/5"])
        // Connected at 2; what is on its way when the partition begins waits too.
        let later = Fault(.partition, .init(from: .at(2.5), until: .at(6.5)))
        #expect(
            try Self.arrivals(seed: seed, [later], link: Link(latency: .seconds(1)))
                == ["6.5 n/1", "6.5 n/2", "6.5 n/3", "6.5 n/4", "6.5 n/5"])
        let forever = Fault(.partition, .init(from: .at(2)))
        #expect(try Self.arrivals(seed: seed, [forever]) == ["0 n/1", "1 n/2"])
    }

    @Test(arguments: seeds) func aSlowReaderMakesMessagesWaitInLine(seed: UInt64) throws {
        let fault = Fault(.slowReader(bytesPerSecond: 16), .init(direction: .clientToServer, until: .at(3)))
        #expect(
            try Self.arrivals(seed: seed, [fault]) == ["2 n/1", "4 n/2", "6 n/3", "6 n/4", "6 n/5"])
        let other = Fault(.slowReader(bytesPerSecond: 1), .init(direction: .serverToClient))
        #expect(try Self.arrivals(seed: seed, [other]).last == "4 n/5")
    }

    @Test(arguments: seeds) func theFirstFaultThatAppliesIsUsed(seed: UInt64) throws {
        let faults = [
            Fault(.delay(.milliseconds(100)), .init(method: "n/2")), Fault(.drop, .init(until: .at(2))),
            Fault(.delay(.milliseconds(200))),
        ]
        #expect(
            try Self.arrivals(seed: seed, faults) == ["0 n/1: dropped", "1.1 n/2", "2.2 n/3", "3.2 n/4", "4.2 n/5"])
    }

    @Test(arguments: seeds) func aFaultWaitsForTheMessageItComesAfter(seed: UInt64) throws {
        let faults = [Fault(.drop, .init(count: 1, after: .init(method: "n/3")))]
        #expect(
            try Self.arrivals(seed: seed, faults) == ["0 n/1", "1 n/2", "2 n/3", "3 n/4: dropped", "4 n/5"])
        let second = [Fault(.drop, .init(after: .init(method: "n/1", number: 2)))]
        #expect(try Self.arrivals(seed: seed, second).count { $0.hasSuffix("dropped") } == 0)
        let response = [Fault(.drop, .init(after: .init(method: "n/1", direction: .serverToClient)))]
        #expect(try Self.arrivals(seed: seed, response).count { $0.hasSuffix("dropped") } == 0)
    }
}
