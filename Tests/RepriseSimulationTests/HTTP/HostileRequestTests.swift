import HTTPTypes
import MCPCore
import MCPWire
import Testing

@testable import RepriseSimulation

/// Requests that nobody in his right mind sends: each is answered, and nobody else suffers.
@Suite struct HostileRequestTests {
    @Test("S-174: whatever is sent, it is answered, and the same way again", arguments: UInt64(0)..<20)
    func everythingIsAnswered(seed: UInt64) {
        func run() -> [String] {
            var driver = ServiceDriver(Self.description, seed: seed, messageCountMax: 8, streamCountMax: 20)
            driver.initialize()
            var random = SplitMix64(seed: seed)
            var lines: [String] = []
            for step in 0..<150 {
                let exchange = Self.sendAnything(&driver, &random)
                let response = driver.response(exchange)
                let isAwaited = response.status == 0 && response.end == "open"
                #expect(isAwaited || (200..<600).contains(response.status) || response.end == "reset")
                lines.append("\(response.status) \(response.end) \(response.body.count)")
                if random.below(4) == 0 { driver.abandon(1 + random.below(exchange)) }
                if random.below(4) == 0 { driver.run(until: Double(step) / 10) }
            }
            driver.initialize()
            #expect(driver.response.status == 202)
            driver.post(request(1, "ping"))
            #expect(driver.response.messages == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
            return lines
        }
        let first = run()
        #expect(first == run())
        #expect(first.count == 150)
    }

    @Test("S-174: each way to be wrong has its answer, and the session goes on")
    func eachKindOfAnswerIsGiven() {
        var driver = ServiceDriver(Self.description)
        var said: [String] = []
        func note(_ name: String) { said.append("\(name): \(driver.response.status) \(driver.response.end)") }
        func send(
            _ name: String, _ method: HTTPRequest.Method = .post, _ body: String = #"{"jsonrpc":"2.0","method":"x"}"#,
            headers: [String: String?] = [:], path: String = "/mcp"
        ) {
            driver.send(method, Array(body.utf8), headers: headers, path: path)
            note(name)
        }
        send("before initialize")
        driver.initialize()
        note("initialize")
        driver.post(request(1, "ping"))
        note("ping")
        driver.post(call(2, tool: "touch"))
        note("call")
        send("no endpoint", path: "/")
        send("no method of ours", .put)
        send("accepts no stream", headers: ["Accept": "application/json"])
        send("no content type", headers: ["Content-Type": nil])
        send("not JSON", .post, "{")
        send("not JSON-RPC", .post, "7")
        send("a batch", .post, #"[{"jsonrpc":"2.0","method":"x"}]"#)
        send("another revision", headers: ["MCP-Protocol-Version": "2024-11-05"])
        send("no session", headers: ["Mcp-Session-Id": nil])
        send("no such session", headers: ["Mcp-Session-Id": "x"])
        send("no such event", .get, headers: ["Last-Event-ID": "x"])
        send("a stream for one who takes none", .get, headers: ["Accept": "text/html"])
        send("stream", .get)
        send("a second stream", .get)
        driver.post(request(3, "ping"))
        note("ping")
        send("the session ends", .delete)
        send("after its end")
        #expect(
            said == [
                "before initialize: 400 ended", "initialize: 202 ended", "ping: 200 ended", "call: 200 open",
                "no endpoint: 404 ended", "no method of ours: 405 ended", "accepts no stream: 406 ended",
                "no content type: 415 ended", "not JSON: 400 ended", "not JSON-RPC: 400 ended", "a batch: 400 ended",
                "another revision: 400 ended", "no session: 400 ended", "no such session: 404 ended",
                "no such event: 400 ended", "a stream for one who takes none: 406 ended", "stream: 200 open",
                "a second stream: 409 ended", "ping: 200 ended", "the session ends: 200 ended",
                "after its end: 404 ended",
            ])
    }

    private static let description: ServerDescription = {
        var tool = ToolDescription(name: "touch", executesAfter: .seconds(1), answersAfter: .seconds(2))
        tool.remarks = [.zero, .seconds(1)]
        tool.progress = [.seconds(1)]
        tool.asks = "sampling/createMessage"
        var description = ServerDescription.overHTTP {
            $0.pushes = (1...30).map { .init(at: .at(Double($0)), count: 3) }
            $0.sessionEnds = [.at(20)]
            $0.closesCallsAfter = .seconds(1)
        }
        description.tools = [tool]
        return description
    }()

    private static func sendAnything(_ driver: inout ServiceDriver, _ random: inout SplitMix64) -> Int {
        let methods: [HTTPRequest.Method] = [.post, .post, .post, .post, .get, .delete, .put, .options]
        let long = String(repeating: "x", count: 10_000)
        let values: [String?] = [nil, "", "x", long, "\u{E9}\u{1F600}", "0", "application/json", "2025-11-25"]
        let names = [
            "Accept", "Content-Type", "Mcp-Session-Id", "MCP-Protocol-Version", "Last-Event-ID", "Authorization", "X-Y",
        ]
        var headers: [String: String?] = [:]
        while random.below(3) == 0 { headers[names[random.below(names.count)]] = values[random.below(values.count)] }
        if random.below(8) == 0 {
            let place = EventIDs.Place(
                session: UInt32(random.below(3)), stream: UInt32(random.below(9)), number: UInt32(random.below(20)))
            headers["Last-Event-ID"] = random.below(2) == 0 ? driver.service.rules.ids.encode(place) : nil
        }
        let paths = ["/mcp", "/mcp", "/mcp", "/mcp", "/mcp?x", "/", "", "/.well-known/x", "/" + long]
        let body = Self.anyBody(&random)
        if random.below(40) == 0 { driver.initialize() }
        return driver.send(
            methods[random.below(methods.count)], body, headers: headers, path: paths[random.below(paths.count)],
            client: random.below(3))
    }

    private static func anyBody(_ random: inout SplitMix64) -> [UInt8] {
        switch random.below(8) {
        case 0: return random.bytes(random.below(200))
        case 1: return []
        case 3: return request(1, "tools/call", ["name": "touch", "_meta": ["progressToken": 7]])
        case 2:
            var body = call(random.below(5), tool: "touch")
            body[random.below(body.count)] = UInt8(truncatingIfNeeded: random.next())
            return body
        default:
            let texts = [
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[[[["name"]]]]}"#,
                #"{"jsonrpc":"2.0","id":null,"method":"tools/list","params":{"cursor":-1}}"#,
                #"{"jsonrpc":"2.0","id":"ask-1","result":null}"#, #"{"jsonrpc":"2.0","id":"ask-2","error":7}"#,
                #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
                #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[{}]}}"#,
                #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
                #"{"jsonrpc":"2.0","method":"initialize"}"#,
                #"{"jsonrpc":"2.0","id":1e999,"method":"initialize","params":{"protocolVersion":[]}}"#,
            ]
            return Array(texts[random.below(texts.count)].utf8)
        }
    }
}
