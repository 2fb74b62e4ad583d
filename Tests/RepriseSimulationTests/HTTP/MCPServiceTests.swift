import HTTPTypes
import MCPCore
import MCPWire
import Testing

@testable import RepriseSimulation

/// The double of an MCP server over HTTP: what it answers to which request, by revision.
@Suite struct MCPServiceTests {
    static let revisions = ["2025-03-26", "2025-06-18", "2025-11-25"]
    private static let answer = #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"touch"}]}}"#

    @Test(arguments: revisions)
    func aCallIsAnsweredOnAStreamOfItsOwn(revision: String) {
        var driver = ServiceDriver(revision: revision)
        driver.initialize()
        #expect(driver.response.status == 202)
        #expect(driver.response.body == [])
        #expect(driver.sessionID?.utf8.count == 32)
        driver.post(call(1, tool: "touch"))
        #expect(driver.response.status == 200)
        #expect(driver.response.head.headerFields[.contentType] == "text/event-stream")
        #expect(driver.response.messages == [Self.answer])
        #expect(driver.response.end == "ended")
        #expect(driver.response.events.count == (revision == "2025-11-25" ? 2 : 1))
        #expect(driver.effects == ["0 touch"])
    }

    @Test(arguments: revisions)
    func anAnswerCanBeJSON(revision: String) {
        var driver = ServiceDriver(.overHTTP { $0.answers = .json }, revision: revision)
        driver.initialize()
        #expect(driver.sessionID?.utf8.count == 32)
        driver.post(call(1, tool: "touch"))
        #expect(driver.response.status == 200)
        #expect(driver.response.head.headerFields[.contentType] == "application/json")
        #expect(driver.response.text == Self.answer)
        #expect(driver.response.end == "ended")
    }

    @Test func theIDOfASessionIsGivenByInitializeAlone() {
        for answers in HTTPBehaviour.Answers.allCases {
            var driver = ServiceDriver(.overHTTP { $0.answers = answers })
            driver.initialize()
            driver.post(call(1, tool: "touch"))
            #expect(driver.response.head.headerFields[.mcpSessionID] == nil)
        }
    }

    /// What a request of a session in that revision is answered with.
    private static func status(
        _ revision: String, _ method: HTTPRequest.Method = .post, _ headers: [String: String?] = [:],
        body: String? = nil, path: String = "/mcp", _ change: (inout HTTPBehaviour) -> Void = { _ in }
    ) -> Int {
        var driver = ServiceDriver(.overHTTP(change), revision: revision)
        driver.initialize()
        let body = body.map { Array($0.utf8) } ?? (method == .post ? call(1, tool: "touch") : [])
        driver.send(method, body, headers: headers, path: path)
        return driver.response.status
    }

    @Test(arguments: revisions)
    func whatBreaksTheRulesOfTheTransportHasAStatusForIt(revision: String) {
        let isNewer = revision >= "2025-06-18"
        #expect(Self.status(revision) == 200)
        #expect(Self.status(revision, .post, ["MCP-Protocol-Version": nil]) == (isNewer ? 400 : 200))
        #expect(Self.status(revision, .post, ["MCP-Protocol-Version": "1999-01-01"]) == (isNewer ? 400 : 200))
        #expect(Self.status(revision, .post, ["Mcp-Session-Id": nil]) == 400)
        #expect(Self.status(revision, .post, ["Mcp-Session-Id": "nobody's"]) == 404)
        #expect(Self.status(revision, .post, ["Accept": nil]) == 406)
        #expect(Self.status(revision, .post, ["Accept": "application/json"]) == 406)
        #expect(Self.status(revision, .post, ["Accept": "text/event-stream"]) == 406)
        #expect(Self.status(revision, .post, ["Accept": "*/*"]) == 200)
        #expect(Self.status(revision, .post, ["Accept": "Application/JSON; q=0.9 , text/*"]) == 200)
        #expect(Self.status(revision, .post, ["Content-Type": nil]) == 415)
        #expect(Self.status(revision, .post, ["Content-Type": "text/plain"]) == 415)
        #expect(Self.status(revision, .post, ["Content-Type": "application/json; charset=utf-8"]) == 200)
        #expect(Self.status(revision, .get) == 200)
        #expect(Self.status(revision, .get, ["Accept": "application/json"]) == 406)
        #expect(Self.status(revision, .get, ["Mcp-Session-Id": nil]) == 400)
        #expect(Self.status(revision, .get, ["Mcp-Session-Id": "nobody's"]) == 404)
        #expect(Self.status(revision, .get, ["MCP-Protocol-Version": nil]) == (isNewer ? 400 : 200))
        #expect(Self.status(revision, .get, ["Last-Event-ID": "nobody's"]) == 400)
        #expect(Self.status(revision, .delete) == 200)
        #expect(Self.status(revision, .delete, ["Mcp-Session-Id": nil]) == 400)
        #expect(Self.status(revision, .delete, ["Mcp-Session-Id": "nobody's"]) == 404)
        #expect(Self.status(revision, .put) == 405)
        #expect(Self.status(revision, .get, path: "/elsewhere") == 404)
        #expect(Self.status(revision, .get, path: "/mcp?query") == 200)
        #expect(Self.status(revision, .get, path: "/.well-known/oauth-protected-resource") == 404)
    }

    @Test(arguments: revisions)
    func bodiesThatAreNoMessageAreRefused(revision: String) {
        let bodies = [
            "", "{", "[]", "{}", "null", "[[]]", "\u{FEFF}{}", "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"a\"}",
        ]
        for body in bodies {
            #expect(Self.status(revision, body: body) == 400, "\(body)")
        }
        #expect(Self.status(revision, body: String(repeating: "[", count: 100_000)) == 400)
        let batch = #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#
        #expect(Self.status(revision, body: batch) == (revision == "2025-03-26" ? 200 : 400))
        let hidden = #"[{"jsonrpc":"2.0","id":1,"method":"initialize"}]"#
        #expect(Self.status(revision, body: hidden) == 400)
    }

    @Test func aRefusalSaysWhyAsAnErrorWithoutID() {
        var driver = ServiceDriver()
        driver.initialize()
        driver.post(Array("{".utf8))
        #expect(driver.response.head.headerFields[.contentType] == "application/json")
        let message = Message.read(driver.response.body.span)
        #expect(message.kind == .error)
        #expect(message.id == nil)
        #expect(driver.response.text.contains("-32700"))
    }

    @Test func aBatchIsAnsweredRequestByRequestOrAsAnArray() {
        let batch =
            #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"n/1"},"#
            + #"{"jsonrpc":"2.0","id":"b","method":"ping"}]"#
        let answers = [#"{"jsonrpc":"2.0","id":1,"result":{}}"#, #"{"jsonrpc":"2.0","id":"b","result":{}}"#]
        var driver = ServiceDriver(revision: "2025-03-26")
        driver.initialize()
        driver.post(Array(batch.utf8))
        #expect(driver.response.messages == answers)
        #expect(driver.response.end == "ended")
        driver = ServiceDriver(.overHTTP { $0.answers = .json }, revision: "2025-03-26")
        driver.initialize()
        driver.post(Array(batch.utf8))
        #expect(driver.response.text == "[" + answers.joined(separator: ",") + "]")
        let silent = #"[{"jsonrpc":"2.0","method":"n/1"},{"jsonrpc":"2.0","id":9,"result":{}}]"#
        driver.post(Array(silent.utf8))
        #expect(driver.response.status == 202)
    }

    @Test(arguments: revisions)
    func aServerWithoutSessionsGivesNoIDsAndAsksForNone(revision: String) {
        var driver = ServiceDriver(.overHTTP { $0.hasSessions = false }, revision: revision)
        driver.initialize()
        #expect(driver.sessionID == nil)
        let version: [String: String?] = revision >= "2025-06-18" ? ["MCP-Protocol-Version": revision] : [:]
        driver.post(call(1, tool: "touch"), headers: version)
        #expect(driver.response.messages == [Self.answer])
        driver.send(.delete, headers: version)
        #expect(driver.response.status == 405)
        driver.send(.get, headers: version)
        #expect(driver.response.status == 200)
    }

    @Test func aSessionIsOverWhenItIsDeletedAndItsStreamsEnd() {
        var driver = ServiceDriver()
        driver.initialize()
        let stream = driver.send(.get)
        driver.send(.delete)
        #expect(driver.response.status == 200)
        #expect(driver.response(stream).end == "ended")
        driver.post(call(1, tool: "touch"))
        #expect(driver.response.status == 404)
        driver.send(.delete)
        #expect(driver.response.status == 404)
        driver.initialize()
        driver.post(call(1, tool: "touch"))
        #expect(driver.response.status == 200)
    }

    @Test func allSessionsEndAtTheInstantsOfTheDescription() {
        var slow = ToolDescription(name: "touch", executesAfter: .seconds(2), answersAfter: .seconds(3))
        slow.remarks = [.seconds(2)]
        for answers in HTTPBehaviour.Answers.allCases {
            var description = ServerDescription.overHTTP {
                $0.sessionEnds = [.at(1)]
                $0.answers = answers
            }
            description.tools = [slow]
            var driver = ServiceDriver(description)
            driver.initialize()
            let push = driver.send(.get)
            let call = driver.post(call(1, tool: "touch"))
            driver.run(until: 10)
            #expect(driver.response(push).end == "ended")
            #expect(driver.response(call).end == (answers == .json ? "reset" : "ended"))
            #expect(driver.response(call).messages == [])
            #expect(driver.effects == ["2 touch"], "what a tool has begun it does")
            #expect(driver.service.sessions.isEmpty)
        }
    }

    @Test func observersAreToldWhatARequestIs() {
        var driver = ServiceDriver()
        driver.initialize()
        func detail(_ method: HTTPRequest.Method, _ body: String, _ headers: HTTPFields, path: String = "/mcp")
            -> ExchangeDetail
        {
            let head = HTTPRequest(method: method, scheme: "http", authority: "x", path: path, headerFields: headers)
            return driver.service.detail(
                of: ServiceRequest(exchange: 99, client: 0, head: head, body: Array(body.utf8)))
        }
        let own: HTTPFields = [.mcpSessionID: driver.sessionID ?? ""]
        #expect(detail(.get, "", own) == ExchangeDetail(route: "GET", session: 1))
        #expect(detail(.delete, "", [.mcpSessionID: "x"]) == ExchangeDetail(route: "DELETE", session: 0))
        #expect(detail(.post, #"{"jsonrpc":"2.0","method":"a/b"}"#, [:]) == ExchangeDetail(route: "a/b"))
        #expect(detail(.post, #"{"jsonrpc":"2.0","id":1,"result":{}}"#, [:]).route == "response")
        #expect(detail(.post, "[", [:]).route == "malformed")
        #expect(detail(.post, #"[{"jsonrpc":"2.0","method":"a"}]"#, [:]).route == "batch")
        #expect(detail(.get, "", [:], path: "/.well-known/oauth-protected-resource/mcp").route == "resource-metadata")
        #expect(detail(.get, "", [:], path: "/").route == "other")
        #expect(detail(.get, "", [.authorization: "Bearer x", .lastEventID: "x"]).token == "?")
        #expect(detail(.get, "", [.lastEventID: "x"]).resumes == "?")
    }

    @Test func theOldestSessionIsForgottenWhenThereAreTooMany() {
        var driver = ServiceDriver(sessionCountMax: 3)
        driver.initialize()
        let first = driver.sessionID
        for _ in 0..<3 { driver.initialize() }
        driver.post(call(1, tool: "touch"))
        #expect(driver.response.status == 200)
        driver.post(call(1, tool: "touch"), headers: ["Mcp-Session-Id": first])
        #expect(driver.response.status == 404)
        for _ in 0..<1000 { driver.initialize() }
        #expect(driver.service.sessions.count == 3)
        #expect(driver.service.numberByID.count == 3)
    }
}
