import HTTPTypes
import MCPCore
import RepriseRecording
import Testing

@testable import RepriseSimulation

/// The way of requests and responses over a link, without faults.
@Suite struct HTTPWorldTests {
    @Test func aRequestAndItsResponseTakeTheLatencyOnceEach() {
        var driver = WorldDriver(link: Link(latency: .milliseconds(100)))
        driver.open("/echo", body: "hello", at: 1)
        driver.run()
        #expect(
            driver.lines == [
                "1 request echo", "1.1 c2s arrived echo", "1.2 s2c arrived response to echo",
                "1.2 response 200 to echo", "1.2 #1 head 200", "1.2 #1 body hello", "1.2 #1 end",
            ])
    }

    @Test func aStreamOfEventsArrivesPieceByPieceAndItsHeadBeforeThem() {
        var driver = WorldDriver(link: Link(latency: .milliseconds(100)))
        driver.open("/stream/2", at: 0)
        driver.run()
        #expect(
            driver.heard == [
                "0.2 #1 head 200", "0.2 #1 n/1", "1.2 #1 n/2", "2.2 #1 end",
            ])
        #expect(driver.lines.contains("0.1 s2c sent n/1"))
        #expect(driver.lines.contains("1.2 s2c arrived n/2"))
    }

    @Test func bandwidthHoldsUpWhatIsBehind() {
        // An event of 40 bytes: `data: `, a notification of 32, and two line feeds.
        var driver = WorldDriver(link: Link(bandwidth: 20))
        driver.open("/stream/2", at: 0)
        driver.run()
        #expect(driver.heard == ["0 #1 head 200", "2 #1 n/1", "4 #1 n/2", "4 #1 end"])
    }

    @Test func whatAServiceCutsOffIsAResetThatTheRequestMayHaveReached() {
        var driver = WorldDriver()
        driver.open("/reset", at: 0)
        driver.run()
        #expect(driver.heard == ["0 #1 reset reset"])
        #expect(driver.told == ["0 receives 1"])
    }

    @Test func aClientThatGoesAwayIsSaidToTheService() {
        var driver = WorldDriver(link: Link(latency: .milliseconds(100)))
        let exchange = driver.open("/stream/9", at: 0)
        driver.abandon(exchange, at: 2.15)
        driver.run()
        #expect(driver.heard == ["0.2 #1 head 200", "0.2 #1 n/1", "1.2 #1 n/2"])
        #expect(driver.lines.contains("2.15 s2c vanished n/3: the client has gone away"))
        #expect(driver.told == ["0.1 receives 1", "2.15 abandoned 1"])
    }

    @Test func whatAClientHasSentBeforeItWentAwayStillArrives() {
        var driver = WorldDriver(link: Link(latency: .milliseconds(100)))
        let exchange = driver.open("/stream/9", at: 0)
        driver.abandon(exchange, at: 0.05)
        driver.run()
        #expect(driver.heard == [])
        #expect(driver.told == ["0.1 receives 1", "0.1 abandoned 1"])
    }

    @Test func goingAwayFromWhatIsOverDoesNothing() {
        var driver = WorldDriver()
        let exchange = driver.open("/echo", at: 0)
        driver.run(until: 1)
        let lines = driver.lines
        driver.abandon(exchange, at: 2)
        driver.abandon(77, at: 2)
        #expect(driver.lines == lines)
        #expect(driver.world.nextDeadline == nil)
    }

    @Test func exchangesOfOneClientAreNumberedAsItsConnections() {
        var driver = WorldDriver()
        for client in [0, 1, 0] { driver.open("/echo", client: client, at: 0) }
        let places = driver.requests.map { "\($0.client)/\($0.connection)" }
        #expect(places == ["0/1", "1/1", "0/2"])
    }

    @Test func amongExchangesOfOneInstantTheSeedChoosesAndWithinOneTheOrderStands() {
        var orders: Set<[String]> = []
        for seed in UInt64(0)..<20 {
            var lines: [[String]] = []
            for _ in 0..<2 {
                var driver = WorldDriver(seed: seed)
                for _ in 0..<3 { driver.open("/stream/2", at: 0, running: false) }
                driver.run()
                for number in 1...3 {
                    let own = driver.heard.filter { $0.contains("#\(number) ") }
                    #expect(own.map { $0.split(separator: " ").suffix(1).joined() } == ["200", "n/1", "n/2", "end"])
                }
                lines.append(driver.lines)
            }
            #expect(lines[0] == lines[1])
            orders.insert(lines[0])
        }
        #expect(orders.count > 10)
    }

    @Test func instantsCountFromTheOriginForServicesToo() {
        var world = HTTPWorld(faults: [Fault(.refuse(.refused), .init(until: .at(1)))], seed: 1)
        world.add(MCPService(.overHTTP { $0.pushes = [.init(at: .at(3))] }, name: "files", seed: 1), named: "files")
        #expect(world.serverNames == ["files"])
        #expect(world.nextDeadline == nil)
        world.activate(origin: .at(10))
        #expect(world.nextDeadline == .at(13))
        #expect(world.advance(to: .at(13)) == [])
        #expect(world.nextDeadline == nil)
    }

    @Test func whatIsLateIsCaughtUpWithInOrder() {
        var driver = WorldDriver(link: Link(latency: .milliseconds(100)))
        driver.open("/stream/2", at: 0)
        driver.catchUp(to: 60)
        #expect(driver.heard == ["60 #1 head 200", "60 #1 n/1", "60 #1 n/2", "60 #1 end"])
    }
}
