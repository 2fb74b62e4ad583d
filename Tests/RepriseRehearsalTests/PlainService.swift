import HTTPTypes
import MCPCore
import MCPWire
import RepriseSimulation

/// The least that an MCP server has to say over HTTP, always as JSON; `/hang` is never answered, `/reset` is cut off.
struct PlainService: HTTPService {
    var nextDeadline: Instant? { nil }

    mutating func activate(origin: Instant) {}

    func detail(of request: ServiceRequest) -> ExchangeDetail {
        let message = Message.read(request.body.span)
        return ExchangeDetail(
            route: request.head.method == .post ? message.method ?? "response" : request.head.method.rawValue)
    }

    mutating func receive(_ request: ServiceRequest, at now: Instant) -> [ServiceAction] {
        let exchange = request.exchange
        if request.head.path == "/hang" { return [] }
        if request.head.path == "/reset" { return [.reset(exchange: exchange)] }
        guard request.head.method == .post else {
            return [.head(exchange: exchange, HTTPResponse(status: .methodNotAllowed)), .end(exchange: exchange)]
        }
        let message = Message.read(request.body.span)
        guard let id = message.id else {
            return [.head(exchange: exchange, HTTPResponse(status: .accepted)), .end(exchange: exchange)]
        }
        let result: JSONValue =
            switch message.method {
            case "initialize":
                [
                    "protocolVersion": "2025-06-18", "capabilities": ["tools": [:]],
                    "serverInfo": ["name": "plain", "version": "1"],
                ]
            case "tools/list": ["tools": [["name": "search", "inputSchema": ["type": "object"]]]]
            default: ["content": []]
            }
        let text = #"{"jsonrpc":"2.0","id":\#(String(decoding: id.text, as: UTF8.self)),"result":\#(result)}"#
        let head = HTTPResponse(status: .ok, headerFields: [.contentType: "application/json"])
        var actions: [ServiceAction] = [
            .head(exchange: exchange, head), .body(exchange: exchange, Array(text.utf8), message: Array(text.utf8)),
            .end(exchange: exchange),
        ]
        if message.method == "tools/call" { actions.append(.effect(tool: "search")) }
        return actions
    }

    mutating func abandoned(exchange: Int, at now: Instant) -> [ServiceAction] { [] }

    mutating func advance(to now: Instant) -> [ServiceAction] { [] }
}
