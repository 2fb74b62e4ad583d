import HTTPTypes
import MCPCore
import MCPWire
import Testing

@testable import RepriseSimulation

/// Responses that a description puts in place of answers.
@Suite struct ResponseRuleTests {
    private static func statuses(_ rule: ResponseRule, _ count: Int = 4) -> [Int] {
        var driver = ServiceDriver(.overHTTP { $0.rules = [rule] })
        driver.initialize()
        return (0..<count).map { number in
            driver.run(until: Double(number))
            driver.post(request(number, "ping"))
            return driver.response.status
        }
    }

    @Test func aRuleAppliesToItsRouteInItsTimeAndSoOften() {
        var rule = ResponseRule(status: 503)
        rule.route = "ping"
        #expect(Self.statuses(rule) == [503, 503, 503, 503])
        rule.skip = 1
        #expect(Self.statuses(rule) == [200, 503, 503, 503])
        rule.count = 2
        #expect(Self.statuses(rule) == [200, 503, 503, 200])
        rule.skip = 0
        rule.from = .at(1)
        rule.until = .at(2)
        #expect(Self.statuses(rule) == [200, 503, 200, 200])
        rule.route = "tools/list"
        #expect(Self.statuses(rule) == [200, 200, 200, 200])
        rule.route = "ping"
        rule.isResuming = true
        #expect(Self.statuses(rule) == [200, 200, 200, 200])
        rule.isResuming = false
        #expect(Self.statuses(rule) == [200, 503, 200, 200])
    }

    @Test func ofSeveralRulesTheFirstThatIsNotUsedUpIsUsed() {
        var first = ResponseRule(status: 500)
        first.route = "ping"
        first.count = 1
        var driver = ServiceDriver(.overHTTP { $0.rules = [first, ResponseRule(status: 502)] })
        driver.post(request(1, "ping"))
        #expect(driver.response.status == 500)
        driver.post(request(2, "ping"))
        #expect(driver.response.status == 502)
    }

    @Test func itsHeadersAndBodyAreSent() {
        var rule = ResponseRule(status: 200)
        rule.headers = [.init("Content-Type", "text/plain"), .init("Retry-After", "30"), .init("no name", "x")]
        rule.body = "hello"
        var driver = ServiceDriver(.overHTTP { $0.rules = [rule] })
        driver.send(.get)
        #expect(driver.response.head.headerFields[.contentType] == "text/plain")
        #expect(driver.response.head.headerFields[.retryAfter] == "30")
        #expect(driver.response.text == "hello")
        #expect(driver.response.end == "ended")
    }

    @Test func rulesAreInertUntilTheyAreActivated() {
        let description = ServerDescription.overHTTP { $0.rules = [ResponseRule(status: 500)] }
        var service = MCPService(description, name: "files", seed: 1)
        let head = HTTPRequest(method: .get, scheme: "http", authority: "files.sim", path: "/mcp")
        func status(_ exchange: Int) -> HTTPResponse? {
            let request = ServiceRequest(exchange: exchange, client: 0, head: head, body: [])
            let heads = service.receive(request, at: .zero).compactMap { action in
                if case .head(_, let head) = action { head } else { nil }
            }
            return heads.first
        }
        #expect(status(1)?.status == .notAcceptable)
        service.activate(origin: .zero)
        #expect(status(2)?.status == .internalServerError)
    }
}
