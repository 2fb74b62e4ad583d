import HTTPTypes
import MCPCore
import RepriseRecording
import Testing

@testable import RepriseSimulation

/// What faults do to exchanges as a whole: opening, cutting off, closing one direction.
@Suite struct HTTPFaultTests {
    private static func run(
        _ fault: Fault, link: Link = Link(), _ opens: [(path: String, at: Double)] = [("/echo", 0)],
        until: Double = 1000
    ) -> WorldDriver {
        var driver = WorldDriver(link: link, faults: [fault])
        for open in opens { driver.open(open.path, body: "hello", at: open.at) }
        driver.run(until: until)
        return driver
    }

    @Test func aRefusalIsHeardAfterARoundTripAndTheServiceHearsNothing() {
        let driver = Self.run(Fault(.refuse(.refused)), link: Link(latency: .milliseconds(100)))
        #expect(driver.lines == ["0 request echo", "0.2 #1 refuse refused"])
        #expect(driver.told == [])
    }

    @Test func aRefusalThatIsAStatusIsAResponse() {
        let failures: [(TransportFailure, Int)] = [
            (.unauthorized(status: 401), 401), (.unavailable(status: 503, retryAfter: "30"), 503),
            (.status(418), 418), (.sessionExpired, 404),
        ]
        for (failure, status) in failures {
            let driver = Self.run(Fault(.refuse(failure)))
            #expect(
                driver.lines == [
                    "0 request echo", "0 response \(status) to echo", "0 #1 head \(status)", "0 #1 end",
                ])
            #expect(driver.told == [])
        }
    }

    @Test func theRetryAfterOfARefusalIsAHeader() {
        var world = HTTPWorld(faults: [Fault(.refuse(.unavailable(status: 503, retryAfter: "30")))], seed: 1)
        world.add(EchoService(), named: "files")
        world.activate(origin: .zero)
        let head = HTTPRequest(method: .get, scheme: "http", authority: "files.sim", path: "/echo")
        _ = world.open(exchange: 1, client: 0, server: "files", head: head, body: [], at: .zero)
        let heads = world.advance(to: .zero).compactMap { action in
            if case .head(_, let head) = action { head } else { nil }
        }
        #expect(heads.map { $0.headerFields[.retryAfter] } == ["30"])
    }

    @Test func aRefusalCanBeOfOneRoute() {
        let fault = Fault(.refuse(.refused), .init(method: "stream"))
        let driver = Self.run(fault, [("/echo", 0), ("/stream/1", 1)])
        #expect(driver.heard == ["0 #1 head 200", "0 #1 body hello", "0 #1 end", "1 #2 refuse refused"])
    }

    @Test func aConnectThatIsDelayedTakesSoMuchLonger() {
        #expect(Self.run(Fault(.delayConnect(.seconds(3)))).told == ["3 receives 1"])
    }

    @Test func aConnectThatHangsEndsOnlyByTheClientAndNobodyHearsOfIt() {
        var driver = WorldDriver(faults: [
            Fault(.hangConnect, .init(count: 1)), Fault(.reset(.reset), .init(from: .at(2))),
        ])
        let exchange = driver.open("/echo", at: 0)
        driver.run(until: 100)
        driver.abandon(exchange, at: 100)
        driver.run()
        #expect(driver.lines == ["0 request echo"])
        #expect(driver.told == [])
    }

    @Test func whatBeginsInAPartitionPassesWhenItEnds() {
        let fault = Fault(.partition, .init(from: .at(1), until: .at(5)))
        let driver = Self.run(fault, link: Link(latency: .milliseconds(100)), [("/stream/3", 0), ("/echo", 2)])
        #expect(
            driver.heard.filter { $0.contains("#1") } == [
                "0.2 #1 head 200", "0.2 #1 n/1", "5 #1 n/2", "5 #1 n/3", "5 #1 end",
            ])
        #expect(driver.heard.last == "5.2 #2 end")
    }

    @Test func aResetAtAnInstantCutsOffAllThatIsOpenThen() {
        let fault = Fault(.reset(.reset), .init(from: .at(1.5)))
        let driver = Self.run(fault, [("/stream/9", 0), ("/stream/9", 1), ("/echo", 2)])
        #expect(driver.heard.filter { $0.hasPrefix("1.5") } == ["1.5 #1 reset reset", "1.5 #2 reset reset"])
        #expect(driver.lines.filter { $0.contains("lost") } == ["1.5 lost: reset", "1.5 lost: reset"])
        #expect(driver.told.suffix(3) == ["1.5 abandoned 1", "1.5 abandoned 2", "2 receives 3"])
        #expect(driver.heard.last == "2 #3 end")
    }

    @Test func aRequestUnderWayIsLostWithItsConnection() {
        let fault = Fault(.reset(.closed), .init(from: .at(0.05)))
        let driver = Self.run(fault, link: Link(latency: .milliseconds(100)))
        #expect(
            driver.lines == [
                "0 request echo", "0.05 lost: closed", "0.05 c2s vanished echo: the connection was lost",
                "0.05 #1 reset closed",
            ])
        #expect(driver.told == [])
    }

    @Test func aResetAtARequestComesWhenTheServiceHasIt() {
        let fault = Fault(.reset(.reset), .init(direction: .clientToServer, method: "echo"))
        let driver = Self.run(fault)
        #expect(driver.told == ["0 receives 1"])
        #expect(driver.heard == ["0 #1 reset reset"])
    }

    @Test func aResetAtAMessageOfAStreamComesBehindIt() {
        let driver = Self.run(Fault(.reset(.reset), .init(method: "n/2")), [("/stream/9", 0)])
        #expect(driver.heard == ["0 #1 head 200", "0 #1 n/1", "1 #1 n/2", "1 #1 reset reset"])
        #expect(driver.told == ["0 receives 1", "1 abandoned 1"])
    }

    @Test func aResetAfterAMessageCutsOffTheOthersToo() {
        let fault = Fault(.reset(.reset), .init(after: .init(method: "n/3")))
        let driver = Self.run(fault, [("/stream/9", 0), ("/stream/2", 1.5)])
        #expect(driver.heard.filter { $0.contains("reset") } == ["2 #1 reset reset", "2 #2 reset reset"])
    }

    @Test func onlyTheConnectionThatIsMeantIsCutOff() {
        let fault = Fault(.reset(.reset), .init(client: 0, connection: 2, from: .at(0.5)))
        let driver = Self.run(fault, [("/stream/1", 0), ("/stream/1", 0), ("/stream/1", 0)])
        #expect(driver.heard.filter { $0.contains("reset") } == ["0.5 #2 reset reset"])
    }

    @Test func ofADirectionThatIsClosedNothingPassesAndNobodyIsTold() {
        let fault = Fault(.halfClose(.serverToClient), .init(from: .at(0.5)))
        let driver = Self.run(fault, [("/stream/2", 0)])
        #expect(driver.heard == ["0 #1 head 200", "0 #1 n/1"])
        #expect(driver.lines.contains("1 s2c vanished n/2: that direction is closed"))
    }

    @Test func theNewsOfTheEndCanBeHeld() {
        var driver = WorldDriver(faults: [
            Fault(.reset(.reset), .init(from: .at(0.5))), Fault(.holdClose, .init(until: .at(8))),
        ])
        driver.open("/stream/9", at: 0)
        driver.run()
        #expect(driver.heard == ["0 #1 head 200", "0 #1 n/1", "8 #1 reset reset"])
        #expect(driver.told == ["0 receives 1", "0.5 abandoned 1"])
    }
}
