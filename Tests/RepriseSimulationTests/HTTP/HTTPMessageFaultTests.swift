import MCPCore
import RepriseRecording
import Testing

@testable import RepriseSimulation

/// What faults do to requests, to pieces of streams, and to responses that are none.
@Suite struct HTTPMessageFaultTests {
    private static func heard(_ effect: Fault.Effect, _ placement: Fault.Placement, path: String = "/stream/3")
        -> [String]
    {
        var driver = WorldDriver(faults: [Fault(effect, placement)])
        driver.open(path, body: "hello", at: 0)
        driver.run(until: 100)
        return driver.heard
    }

    /// What comes of a stream of three, one a second, when something happens to the second message.
    private static func second(_ effect: Fault.Effect, until: Instant? = nil) -> [String] {
        heard(effect, .init(method: "n/2", until: until)).map { String($0.split(separator: "#1 ").joined()) }
    }

    @Test func faultsOfAPieceDoWhatTheirNamesSay() {
        #expect(Self.second(.drop) == ["0 head 200", "0 n/1", "2 n/3", "3 end"])
        #expect(Self.second(.duplicate(2)) == ["0 head 200", "0 n/1", "1 n/2", "1 n/2", "2 n/3", "3 end"])
        #expect(Self.second(.duplicate(0)) == ["0 head 200", "0 n/1", "2 n/3", "3 end"])
        #expect(Self.second(.reorder) == ["0 head 200", "0 n/1", "2 n/3", "2 n/2", "3 end"])
        #expect(Self.second(.reorder, until: .at(1.5)) == ["0 head 200", "0 n/1", "1.5 n/2", "2 n/3", "3 end"])
        #expect(Self.second(.cut(3)) == ["0 head 200", "0 n/1", "1 body dat", "1 reset reset"])
        #expect(Self.second(.cut(0)) == ["0 head 200", "0 n/1", "1 reset reset"])
        #expect(Self.second(.cut(1000)) == ["0 head 200", "0 n/1", "1 n/2", "1 reset reset"])
        #expect(Self.second(.slowReader(bytesPerSecond: 10)) == ["0 head 200", "0 n/1", "5 n/2", "5 n/3", "5 end"])
    }

    @Test func theEndOfAStreamWaitsForWhatIsDelayed() {
        #expect(Self.second(.delay(.milliseconds(1500))) == ["0 head 200", "0 n/1", "2 n/3", "2.5 n/2", "3 end"])
        #expect(Self.second(.delay(.seconds(10))) == ["0 head 200", "0 n/1", "2 n/3", "11 n/2", "11 end"])
        #expect(Self.second(.hold(release: nil), until: .at(9)) == ["0 head 200", "0 n/1", "2 n/3", "9 n/2", "9 end"])
        #expect(Self.second(.hold(release: nil)) == ["0 head 200", "0 n/1", "2 n/3"])
        #expect(
            Self.second(.hold(release: .init(method: "n/3"))) == ["0 head 200", "0 n/1", "2 n/3", "2 n/2", "3 end"])
    }

    @Test func whatIsHeldComesInTheOrderInWhichItWasSent() {
        let held = Self.heard(
            .hold(release: nil), .init(direction: .serverToClient, until: .at(50)), path: "/stream/20")
        #expect(held == ["0 #1 head 200"] + (1...20).map { "50 #1 n/\($0)" } + ["50 #1 end"])
    }

    @Test func aResponseThatIsNoStreamIsOneMessage() {
        let response = Fault.Placement(direction: .serverToClient, method: "echo")
        #expect(Self.heard(.drop, response, path: "/echo") == [])
        #expect(
            Self.heard(.delay(.seconds(2)), response, path: "/echo") == [
                "2 #1 head 200", "2 #1 body hello", "2 #1 end",
            ])
        #expect(
            Self.heard(.cut(2), response, path: "/echo") == ["0 #1 head 200", "0 #1 body he", "0 #1 reset reset"])
        #expect(
            Self.heard(.duplicate(3), response, path: "/echo") == ["0 #1 head 200", "0 #1 body hello", "0 #1 end"])
        #expect(
            Self.heard(.hold(release: nil), .init(direction: .serverToClient, until: .at(7)), path: "/echo") == [
                "7 #1 head 200", "7 #1 body hello", "7 #1 end",
            ])
    }

    @Test func requestsCanBeDroppedDelayedHeldAndCutOff() {
        func told(_ effect: Fault.Effect, until: Instant? = nil) -> [String] {
            var driver = WorldDriver(faults: [
                Fault(effect, .init(direction: .clientToServer, method: "echo", until: until))
            ])
            driver.open("/echo", body: "hello", at: 0)
            driver.run(until: 100)
            return driver.told + driver.heard.suffix(1)
        }
        #expect(told(.drop) == [])
        #expect(told(.delay(.seconds(2))) == ["2 receives 1", "2 #1 end"])
        #expect(told(.hold(release: nil), until: .at(5)) == ["5 receives 1", "5 #1 end"])
        #expect(told(.duplicate(2)) == ["0 receives 1", "0 #1 end"])
        #expect(told(.cut(2)) == ["0 #1 reset reset"])
        #expect(told(.slowReader(bytesPerSecond: 1)) == ["5 receives 1", "5 #1 end"])
    }

    @Test func aRequestThatIsDelayedArrivesAlthoughItsClientHasGone() {
        var driver = WorldDriver(faults: [Fault(.delay(.seconds(2)), .init(direction: .clientToServer))])
        let exchange = driver.open("/stream/9", at: 0)
        driver.abandon(exchange, at: 1)
        driver.run()
        #expect(driver.told == ["2 receives 1", "2 abandoned 1"])
        #expect(driver.heard == [])
    }

    @Test func aRequestThatIsLostIsForgottenWithItsClient() {
        for effect in [Fault.Effect.drop, .hold(release: nil)] {
            var driver = WorldDriver(faults: [Fault(effect, .init(direction: .clientToServer, until: .at(9)))])
            for _ in 0..<100 { driver.abandon(driver.open("/stream/9", at: 0), at: 1) }
            driver.run()
            #expect(driver.world.exchanges.isEmpty)
            #expect(driver.heard == [])
        }
    }

    @Test("S-174: equal seeds give equal worlds, whatever the faults", arguments: UInt64(0)..<20)
    func equalSeedsGiveEqualWorlds(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let faults = (0..<6).map { _ in Self.anyFault(&random) }
        func run() -> [String] {
            var random = SplitMix64(seed: seed, stream: "client")
            let link = Link(latency: .milliseconds(5), jitter: .milliseconds(50), bandwidth: 400)
            var driver = WorldDriver(link: link, faults: faults, seed: seed)
            for step in 0..<40 {
                let path = random.below(2) == 0 ? "/echo" : "/stream/\(random.below(6))"
                let exchange = driver.open(
                    path, body: "hello", client: random.below(3), at: Double(step) / 4, running: true)
                if random.below(4) == 0 { driver.abandon(exchange, at: Double(step) / 4 + 0.1) }
            }
            driver.run()
            return driver.lines + driver.told
        }
        let first = run()
        #expect(first == run())
        #expect(first.count > 40)
        for number in 1...40 {
            let ends = first.filter { line in
                ["end", "refuse", "reset"].contains { line.contains(" #\(number) \($0)") }
            }
            #expect(ends.count <= 1, "exchange \(number) ends once")
        }
    }

    private static func anyFault(_ random: inout SplitMix64) -> Fault {
        let effects: [Fault.Effect] = [
            .refuse(.refused), .delayConnect(.seconds(1)), .hangConnect, .reset(.reset), .halfClose(.serverToClient),
            .partition, .drop, .delay(.seconds(1)), .duplicate(2), .reorder, .cut(9), .hold(release: nil),
            .slowReader(bytesPerSecond: 50), .holdClose,
        ]
        let from = Double(random.below(10))
        return Fault(
            effects[random.below(effects.count)],
            .init(
                from: .at(from), until: .at(from + Double(random.below(4))), skip: random.below(2),
                probability: random.below(2) == 0 ? 1 : 0.5))
    }
}
