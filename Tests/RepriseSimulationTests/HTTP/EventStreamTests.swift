import HTTPTypes
import MCPCore
import MCPWire
import Testing

@testable import RepriseSimulation

/// Streams of the double: pushes, ids, priming, resuming, polling, and what tools say before they answer.
@Suite struct EventStreamTests {
    /// The data of the pushes in a response.
    private static func pushes(_ response: ServiceDriver.Response) -> [Int] {
        response.messages.compactMap { try? JSONValue(Array($0.utf8))["params"]?["data"]?.integer }
    }

    private static func driver(
        revision: String = "2025-11-25", messageCountMax: Int = 16_384, _ change: (inout HTTPBehaviour) -> Void
    ) -> ServiceDriver {
        var driver = ServiceDriver(.overHTTP(change), revision: revision, messageCountMax: messageCountMax)
        driver.initialize()
        return driver
    }

    private static func resume(_ driver: inout ServiceDriver, after id: String?) -> Int {
        driver.send(.get, headers: ["Last-Event-ID": id])
    }

    @Test(
        "SR-01: a stream that is resumed goes on behind the last event that was seen",
        arguments: MCPServiceTests.revisions)
    func resumingGoesOn(revision: String) {
        var driver = Self.driver(revision: revision) {
            $0.pushes = [.init(at: .at(1), count: 5), .init(at: .at(2), count: 2), .init(at: .at(3), count: 1)]
        }
        let first = driver.send(.get)
        driver.run(until: 1)
        let id = driver.response(first).events.last?.id
        #expect(Self.pushes(driver.response(first)) == [1, 2, 3, 4, 5])
        driver.abandon(first)
        driver.run(until: 2)
        let second = Self.resume(&driver, after: id)
        #expect(Self.pushes(driver.response(second)) == [6, 7])
        driver.run(until: 3)
        #expect(Self.pushes(driver.response(second)) == [6, 7, 8])
        #expect(driver.response(second).end == "open")
    }

    @Test("SR-02: of 10,000 events exactly the ten are sent that a client has not seen")
    func exactlyWhatIsMissingIsSent() {
        var driver = Self.driver { $0.pushes = [.init(at: .at(1), count: 10_000)] }
        let first = driver.send(.get)
        driver.run(until: 1)
        let events = driver.response(first).events.filter { !$0.data.isEmpty }
        #expect(events.count == 10_000)
        #expect(Set(events.map(\.id)).count == 10_000)
        driver.abandon(first)
        let second = Self.resume(&driver, after: events[9_989].id)
        #expect(Self.pushes(driver.response(second)) == Array(9_991...10_000))
        #expect(driver.response(second).messages.count == 10)
    }

    @Test func idsSayNothingAndNameTheirStream() {
        let ids = EventIDs(seed: 7, name: "files")
        var random = SplitMix64(seed: 7)
        for _ in 0..<1000 {
            let place = EventIDs.Place(
                session: UInt32.random(in: 0...(.max), using: &random), stream: UInt32(random.below(9)),
                number: UInt32(random.below(99)), salt: UInt32(random.below(3)))
            #expect(ids.decode(ids.encode(place)) == place)
        }
        let neighbours = (1...9).map { ids.encode(.init(session: 1, stream: 0, number: $0)) }
        #expect(Set(neighbours.map { $0.prefix(4) }).count == 9)
        for text in ["", "1", String(repeating: "g", count: 32), String(repeating: "F", count: 32)] {
            #expect(ids.decode(text) == nil)
        }
        #expect(EventIDs(seed: 8, name: "files").decode(neighbours[0]) != .init(session: 1, stream: 0, number: 1))
    }

    @Test func pushesWaitForAStreamIfTheyHaveIDs() {
        for hasEventIDs in [true, false] {
            var driver = Self.driver {
                $0.hasEventIDs = hasEventIDs
                $0.pushes = [.init(at: .at(1), count: 3), .init(at: .at(3), count: 1)]
            }
            driver.run(until: 2)
            let first = driver.send(.get)
            #expect(Self.pushes(driver.response(first)) == (hasEventIDs ? [1, 2, 3] : []))
            driver.run(until: 3)
            #expect(Self.pushes(driver.response(first)).last == 4)
            driver.abandon(first)
            let second = driver.send(.get)
            #expect(Self.pushes(driver.response(second)) == [], "what was sent once is sent again only when asked for")
            #expect(driver.response(second).status == 200)
        }
    }

    @Test func aSecondStreamForPushesIsRefused() {
        var driver = Self.driver { _ in }
        let first = driver.send(.get)
        driver.send(.get)
        #expect(driver.response.status == 409)
        driver.abandon(first)
        driver.send(.get)
        #expect(driver.response.status == 200)
    }

    @Test func whoResumesAStreamTakesItOver() {
        var driver = Self.driver { $0.pushes = [.init(at: .at(1)), .init(at: .at(2))] }
        let first = driver.send(.get)
        driver.run(until: 1)
        let second = Self.resume(&driver, after: driver.response(first).events.last?.id)
        #expect(driver.response(first).end == "ended")
        driver.run(until: 2)
        #expect(Self.pushes(driver.response(first)) == [1])
        #expect(Self.pushes(driver.response(second)) == [2])
    }

    @Test func anEventWithoutMessageStandsFirstInTheNewestRevision() {
        for revision in MCPServiceTests.revisions {
            var driver = Self.driver(revision: revision) { $0.retry = .milliseconds(500) }
            driver.send(.get)
            let events = driver.response.events
            if revision == "2025-11-25" {
                #expect(events.map(\.data) == [""])
                #expect(driver.response.text.hasPrefix("id: \(events[0].id)\nretry: 500\ndata: \n\n"))
            } else {
                #expect(driver.response.text == "retry: 500\n\n")
            }
        }
        var plain = Self.driver {
            $0.hasEventIDs = false
            $0.retry = nil
        }
        plain.send(.get)
        #expect(plain.response.text == "")
    }

    @Test func theFirstEventCanBeResumedToo() {
        var driver = Self.driver { $0.pushes = [.init(at: .at(1), count: 2)] }
        let first = driver.send(.get)
        let id = driver.response(first).events[0].id
        driver.abandon(first)
        driver.run(until: 1)
        let second = Self.resume(&driver, after: id)
        #expect(Self.pushes(driver.response(second)) == [1, 2])
        #expect(driver.response(second).events[0].id != id, "no id is given twice")
        let place = driver.service.detail(
            of: ServiceRequest(
                exchange: 9, client: 0,
                head: HTTPRequest(
                    method: .get, scheme: "http", authority: "x", path: "/mcp",
                    headerFields: [.lastEventID: driver.response(second).events[2].id]), body: []))
        #expect(place.resumes == "push 2")
    }

    @Test func onlyTheLatestMessagesAreKept() {
        var driver = Self.driver(messageCountMax: 10) {
            $0.pushes = [.init(at: .at(1), count: 5), .init(at: .at(2), count: 10), .init(at: .at(3), count: 90)]
        }
        let first = driver.send(.get)
        driver.run(until: 1)
        let id = driver.response(first).events.last?.id
        driver.abandon(first)
        driver.run(until: 2)
        let second = Self.resume(&driver, after: id)
        #expect(Self.pushes(driver.response(second)) == Array(6...15))
        driver.abandon(second)
        driver.run(until: 3)
        _ = Self.resume(&driver, after: id)
        #expect(driver.response.status == 400)
        driver.send(.get)
        #expect(Self.pushes(driver.response) == Array(96...105))
    }

    @Test func anIDOfAnotherSessionIsRefused() {
        var driver = Self.driver { _ in }
        driver.send(.get)
        let id = driver.response.events[0].id
        driver.initialize()
        _ = Self.resume(&driver, after: id)
        #expect(driver.response.status == 400)
        driver.send(.get)
        #expect(driver.response.status == 200)
    }
}
