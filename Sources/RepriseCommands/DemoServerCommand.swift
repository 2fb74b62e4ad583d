import ArgumentParser
import MCPWire
import RepriseProxy

/// `reprise demo-server`: the small MCP server that `reprise demo` records.
struct DemoServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-server", abstract: "The server of the demo.", shouldDisplay: false)

    func run() throws {
        var decoder = LineDecoder()
        var server = DemoServer()
        while let chunk = readStandardInput() {
            for line in decoder.receive(chunk.span) {
                for answer in server.receive(line.bytes) { writeStandardOutput(Array((answer + "\n").utf8)) }
            }
        }
    }
}

/// A server with five tools: a sum, progress, a question back to the client, an error, and text in several scripts.
struct DemoServer {
    /// The call that waits for the client's answer to our own request.
    private var waiting: MessageID?

    /// Takes one line of the client and gives the lines to send.
    mutating func receive(_ line: [UInt8]) -> [String] {
        let message = Message.read(line.span)
        switch message.kind {
        case .request:
            guard let id = message.id else { return [] }
            let params = message.params.flatMap { try? JSONDocument(Array(line[$0])) }
            return answer(message.method ?? "", id: id, params: params)
        case .result:
            guard let call = waiting, let range = message.result, let result = try? JSONDocument(Array(line[range])),
                let content = result.member("content", of: 0), let text = result.member("text", of: content)
            else { return [] }
            waiting = nil
            return [Self.text("The client's model says: " + result.text(at: text), id: call)]
        case .notification, .error, .batch, .malformed:
            return []
        }
    }

    private mutating func answer(_ method: String, id: MessageID, params: JSONDocument?) -> [String] {
        switch method {
        case "initialize":
            return [
                Self.result(
                    #"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"#
                        + #""serverInfo":{"name":"reprise-demo-server","version":"1.0.0"}}"#, id: id)
            ]
        case "tools/list":
            let tools = ["add", "count", "ask", "fail", "greet"].map {
                #"{"name":"\#($0)","inputSchema":{"type":"object"}}"#
            }
            return [Self.result(#"{"tools":[\#(tools.joined(separator: ","))]}"#, id: id)]
        case "tools/call":
            return call(id: id, params: params)
        default:
            return [Self.error("Method not found: \(method)", code: -32601, id: id)]
        }
    }

    private mutating func call(id: MessageID, params: JSONDocument?) -> [String] {
        guard let params, let name = params.member("name", of: 0) else {
            return [Self.error("A call without a name", code: -32602, id: id)]
        }
        switch params.text(at: name) {
        case "add":
            return [Self.text(String(integer("a", params) &+ integer("b", params)), id: id)]
        case "count":
            let token = JSONToken.progress(params)
            let steps = (1...3).map { step in
                #"{"jsonrpc":"2.0","method":"notifications/progress","#
                    + #""params":{"progressToken":\#(token),"progress":\#(step),"total":3}}"#
            }
            return steps + [Self.text("counted to 3", id: id)]
        case "ask":
            waiting = id
            return [
                #"{"jsonrpc":"2.0","id":"ask-1","method":"sampling/createMessage","params":{"maxTokens":50,"#
                    + #""messages":[{"role":"user","content":{"type":"text","text":"Say something short."}}]}}"#
            ]
        case "fail":
            return [
                Self.result(#"{"content":[{"type":"text","text":"this tool always fails"}],"isError":true}"#, id: id)
            ]
        case "greet":
            return [Self.text("Grüße · Здравствуйте · こんにちは · שלום · 👩‍🚀", id: id)]
        case let other:
            return [Self.error("Unknown tool: \(other)", code: -32602, id: id)]
        }
    }

    private func integer(_ key: String, _ params: JSONDocument) -> Int {
        guard let arguments = params.member("arguments", of: 0), let node = params.member(key, of: arguments) else {
            return 0
        }
        return Int(params.text(at: node)) ?? Int(String(decoding: params.raw(at: node), as: UTF8.self)) ?? 0
    }

    private static func result(_ json: String, id: MessageID) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"result":\#(json)}"#
    }

    private static func text(_ text: String, id: MessageID) -> String {
        result(#"{"content":[{"type":"text","text":\#(JSONToken.string(text))}],"isError":false}"#, id: id)
    }

    private static func error(_ message: String, code: Int, id: MessageID) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":\#(code),"message":\#(JSONToken.string(message))}}"#
    }
}

/// Small pieces of JSON text for the demo's messages.
enum JSONToken {
    static func string(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONString.encode(text, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The progress token of a call as it was written, `null` without one.
    static func progress(_ params: JSONDocument) -> String {
        guard let meta = params.member("_meta", of: 0), let token = params.member("progressToken", of: meta) else {
            return "null"
        }
        return String(decoding: params.raw(at: token), as: UTF8.self)
    }
}
