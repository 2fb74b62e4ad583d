import MCPWire
import RepriseProxy

/// The built-in client of the demo: calls every tool of the built-in server and keeps what it saw.
struct DemoClient {
    /// What the client saw, one line a message.
    private(set) var transcript: [String] = []
    private var connection: ProcessConnection
    private var nextID = 1

    /// Runs the whole session against the server that `command` starts; throws when the server goes away early.
    static func run(_ command: [String]) throws -> (transcript: [String], exitCode: Int32) {
        var client = DemoClient(connection: try ProcessConnection(starting: command))
        try client.session()
        let code = client.connection.end()
        return (client.transcript, code)
    }

    private init(connection: ProcessConnection) {
        self.connection = connection
    }

    private mutating func session() throws {
        try request(
            "initialize",
            #"{"protocolVersion":"2025-11-25","capabilities":{"sampling":{}},"#
                + #""clientInfo":{"name":"reprise-demo-client","version":"1.0.0"}}"#)
        connection.send(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        try request("tools/list", "{}")
        try request("tools/call", #"{"name":"add","arguments":{"a":2,"b":3}}"#)
        try request("tools/call", #"{"name":"count","arguments":{},"_meta":{"progressToken":"count-\#(nextID)"}}"#)
        try request("tools/call", #"{"name":"ask","arguments":{}}"#)
        try request("tools/call", #"{"name":"fail","arguments":{}}"#)
        try request("tools/call", #"{"name":"missing","arguments":{}}"#)
        try request("tools/call", #"{"name":"greet","arguments":{}}"#)
    }

    /// Sends a request and reads until its answer, answering the server's own requests.
    private mutating func request(_ method: String, _ params: String) throws {
        let id = MessageID(text: Array(String(nextID).utf8))
        nextID += 1
        connection.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
        while true {
            let line = try connection.receive()
            let message = Message.read(line.span)
            transcript.append(String(decoding: line.dropLast(), as: UTF8.self))
            if message.kind == .request, let theirs = message.id {
                connection.send(
                    #"{"jsonrpc":"2.0","id":\#(theirs),"result":{"role":"assistant","model":"demo","#
                        + #""content":{"type":"text","text":"Recorded once, replayed for ever."}}}"#)
            }
            if message.id == id, message.kind == .result || message.kind == .error { return }
        }
    }
}
