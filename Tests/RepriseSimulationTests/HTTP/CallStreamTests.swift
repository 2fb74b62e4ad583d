import HTTPTypes
import MCPCore
import MCPWire
import Testing

@testable import RepriseSimulation

/// Streams of calls: remarks, progress, what a tool asks, cancelling, and resuming.
@Suite struct CallStreamTests {
    private static func driver(
        _ tool: ToolDescription, revision: String = "2025-11-25", streamCountMax: Int = 1024,
        _ change: (inout HTTPBehaviour) -> Void = { _ in }
    ) -> ServiceDriver {
        var description = ServerDescription.overHTTP(change)
        description.tools = [tool]
        var driver = ServiceDriver(description, revision: revision, streamCountMax: streamCountMax)
        driver.initialize()
        return driver
    }

    private static func tool(_ change: (inout ToolDescription) -> Void) -> ToolDescription {
        var tool = ToolDescription(name: "touch", executesAfter: .seconds(1), answersAfter: .seconds(3))
        change(&tool)
        return tool
    }

    /// What messages say: their data, their progress, or their ids.
    private static func texts(_ response: ServiceDriver.Response) -> [String] {
        response.messages.map { text in
            let message = try? JSONValue(Array(text.utf8))
            if let data = message?["params"]?["data"] { return "remark \(data)" }
            if let progress = message?["params"]?["progress"] {
                return "progress \(progress) \(message?["params"]?["progressToken"] ?? .null)"
            }
            if let method = message?["method"]?.text { return "\(method) \(message?["id"] ?? .null)" }
            return "answer \(message?["id"] ?? .null)"
        }
    }

    @Test func remarksAndProgressComeOnTheStreamOfTheirCall() {
        var driver = Self.driver(
            Self.tool {
                $0.remarks = [.seconds(1), .seconds(2)]
                $0.progress = [.milliseconds(500), .milliseconds(1500)]
            })
        let push = driver.send(.get)
        let call = driver.post(
            request(1, "tools/call", ["name": "touch", "_meta": ["progressToken": "t"]]))
        let quiet = driver.post(RepriseSimulationTests.call(2, tool: "touch"))
        driver.run(until: 1.2)
        #expect(Self.texts(driver.response(call)) == [#"progress 1 "t""#, "remark 1"])
        driver.run(until: 9)
        #expect(
            Self.texts(driver.response(call)) == [
                #"progress 1 "t""#, "remark 1", #"progress 2 "t""#, "remark 2", "answer 1",
            ])
        #expect(driver.response(call).end == "ended")
        #expect(Self.texts(driver.response(quiet)) == ["remark 1", "remark 2", "answer 2"])
        #expect(driver.response(push).messages == [])
        #expect(driver.effects == ["1 touch", "1 touch"])
    }

    @Test func whatAToolAsksIsAnsweredByAPostBeforeItAnswers() {
        for (method, key) in [("sampling/createMessage", "maxTokens"), ("elicitation/create", "message")] {
            var driver = Self.driver(Self.tool { $0.asks = method })
            let call = driver.post(RepriseSimulationTests.call(1, tool: "touch"))
            driver.run(until: 5)
            #expect(Self.texts(driver.response(call)) == [#"\#(method) "ask-1""#])
            #expect(driver.response(call).messages[0].contains(#""\#(key)":"#))
            driver.post(Array(#"{"jsonrpc":"2.0","id":"ask-9","result":{}}"#.utf8))
            driver.run(until: 6)
            #expect(driver.response(call).end == "open")
            driver.post(Array(#"{"jsonrpc":"2.0","id":"ask-1","result":{}}"#.utf8))
            #expect(driver.response.status == 202)
            #expect(Self.texts(driver.response(call)).last == "answer 1")
            #expect(driver.response(call).end == "ended")
            driver.post(Array(#"{"jsonrpc":"2.0","id":"ask-1","result":{}}"#.utf8))
            #expect(driver.response.status == 202)
        }
    }

    @Test func anAnswerComesNoEarlierThanTheToolSays() {
        var driver = Self.driver(Self.tool { $0.asks = "roots/list" })
        let call = driver.post(RepriseSimulationTests.call(1, tool: "touch"))
        driver.run(until: 1)
        driver.post(Array(#"{"jsonrpc":"2.0","id":"ask-1","error":{"code":-1,"message":"no"}}"#.utf8))
        driver.run(until: 2.9)
        #expect(driver.response(call).messages.count == 1)
        driver.run(until: 3)
        #expect(
            driver.response(call).messages.last
                == #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"no"}],"isError":true}}"#)
    }

    @Test func aCallThatIsCancelledGetsNoAnswerAndItsStreamEnds() {
        for answers in HTTPBehaviour.Answers.allCases {
            var driver = Self.driver(Self.tool { $0.remarks = [.seconds(2)] }) { $0.answers = answers }
            let call = driver.post(RepriseSimulationTests.call(1, tool: "touch"))
            driver.post(
                Array(
                    #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"x"}}"#.utf8)
            )
            #expect(driver.response(call).end == "ended")
            #expect(driver.response(call).status == (answers == .json ? 202 : 200))
            driver.run(until: 9)
            #expect(driver.effects == [])
            #expect(driver.response(call).messages == [])
        }
    }

    @Test func cancellingWhatIsDoneOrUnknownChangesNothing() {
        var driver = Self.driver(Self.tool { _ in })
        let call = driver.post(RepriseSimulationTests.call(1, tool: "touch"))
        for id in ["2", "\"1\"", "null", "{}"] {
            driver.post(
                Array(
                    #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#.utf8))
            #expect(driver.response.status == 202)
        }
        driver.run(until: 3)
        #expect(Self.texts(driver.response(call)) == ["answer 1"])
    }

    @Test("SR-11: a call is resumed on its own stream and ends with its answer", arguments: MCPServiceTests.revisions)
    func callsAreResumed(revision: String) {
        let tool = Self.tool { $0.remarks = [.zero, .seconds(1), .seconds(2)] }
        var driver = Self.driver(tool, revision: revision) { $0.pushes = [.init(at: .at(1), count: 9)] }
        let push = driver.send(.get)
        let call = driver.post(RepriseSimulationTests.call(1, tool: "touch"))
        let id = driver.response(call).events.last?.id
        driver.abandon(call)
        driver.abandon(push)
        driver.run(until: 2)
        let resumed = driver.send(.get, headers: ["Last-Event-ID": id])
        #expect(Self.texts(driver.response(resumed)) == ["remark 2", "remark 3"])
        driver.run(until: 3)
        #expect(Self.texts(driver.response(resumed)) == ["remark 2", "remark 3", "answer 1"])
        #expect(driver.response(resumed).end == "ended")
        let late = driver.send(.get, headers: ["Last-Event-ID": id])
        #expect(Self.texts(driver.response(late)) == ["remark 2", "remark 3", "answer 1"])
        #expect(driver.response(late).end == "ended")
        #expect(driver.effects == ["1 touch"])
    }

    @Test func aCallWithoutIDsIsExecutedButItsAnswerIsLostWithTheStream() {
        var driver = Self.driver(Self.tool { _ in }) { $0.hasEventIDs = false }
        let call = driver.post(RepriseSimulationTests.call(1, tool: "touch"))
        driver.abandon(call)
        driver.run(until: 9)
        #expect(driver.effects == ["1 touch"])
        #expect(driver.response(call).messages == [])
    }

    @Test func callsArePolledInTheNewestRevision() {
        for revision in MCPServiceTests.revisions {
            var driver = Self.driver(Self.tool { _ in }, revision: revision) {
                $0.closesCallsAfter = .seconds(1)
                $0.retry = .milliseconds(500)
            }
            var exchange = driver.post(RepriseSimulationTests.call(1, tool: "touch"))
            driver.run(until: 1)
            guard revision == "2025-11-25" else {
                #expect(driver.response(exchange).end == "open")
                continue
            }
            #expect(driver.response(exchange).end == "ended")
            exchange = driver.send(.get, headers: ["Last-Event-ID": driver.response(exchange).events[0].id])
            #expect(driver.response(exchange).events.map(\.data) == [""])
            driver.run(until: 2)
            #expect(driver.response(exchange).end == "ended")
            driver.run(until: 3.5)
            exchange = driver.send(.get, headers: ["Last-Event-ID": driver.response(exchange).events[0].id])
            #expect(Self.texts(driver.response(exchange)) == ["answer 1"])
            #expect(driver.response(exchange).end == "ended")
        }
    }

    @Test func whatAToolSaysGoesToThePushStreamWhereAnswersAreJSON() {
        var driver = Self.driver(Self.tool { $0.remarks = [.seconds(1)] }) { $0.answers = .json }
        let push = driver.send(.get)
        let call = driver.post(RepriseSimulationTests.call(1, tool: "touch"))
        driver.run(until: 3)
        #expect(Self.texts(driver.response(push)) == ["remark 1"])
        #expect(Self.texts(driver.response(call)) == ["answer 1"])
    }

    @Test func thereIsALimitToCallsAtATime() {
        var driver = Self.driver(Self.tool { $0.answersAfter = nil }, streamCountMax: 3)
        for id in 1...2 { driver.post(RepriseSimulationTests.call(id, tool: "touch")) }
        #expect(driver.response.status == 200)
        driver.post(RepriseSimulationTests.call(3, tool: "touch"))
        #expect(driver.response.status == 200, "the stream of initialize makes room")
        driver.post(RepriseSimulationTests.call(4, tool: "touch"))
        #expect(driver.response.status == 503)
        #expect(driver.response.text.contains("more than 3 requests at a time"))
    }

    @Test func laterSessionsOfAClientCanHaveOtherTools() {
        var description = ServerDescription.overHTTP()
        description.toolsByConnection = [2: [ToolDescription(name: "other")]]
        var driver = ServiceDriver(description)
        for names in [["touch"], ["other"], ["touch"]] {
            driver.initialize()
            driver.post(request(1, "tools/list"))
            for name in names { #expect(driver.response.messages[0].contains(#""name":"\#(name)""#)) }
        }
    }

    @Test func aServerThatClosesEndsItsSessionAndOneThatExitsCutsItOff() {
        var description = ServerDescription.overHTTP()
        description.closesAfter = .seconds(2)
        var driver = ServiceDriver(description)
        driver.initialize()
        driver.send(.get)
        driver.run(until: 2)
        #expect(driver.response.end == "ended")
        driver.send(.get)
        #expect(driver.response.status == 404)
        description.exitsAtStart = 1
        driver = ServiceDriver(description)
        driver.post(request(1, "initialize", ["protocolVersion": "2025-11-25"]))
        #expect(driver.response.end == "reset")
    }
}
