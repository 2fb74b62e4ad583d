import MCPWire

/// The bytes of the messages that the core library sends.
enum RequestWriter {
    static func request(_ id: Int, _ method: String, _ params: JSONValue?) -> [UInt8] {
        var members: [JSONValue.Member] = [
            .init("jsonrpc", "2.0"), .init("id", .int(id)), .init("method", .string(method)),
        ]
        if let params { members.append(.init("params", params)) }
        return JSONValue.object(members).encoded
    }

    static func initialize(_ id: Int, revision: String) -> [UInt8] {
        request(
            id, "initialize",
            [
                "protocolVersion": .string(revision), "capabilities": .object([]),
                "clientInfo": ["name": "reprise", "version": "1"],
            ])
    }

    static func callTool(_ id: Int, _ tool: String, _ arguments: JSONValue) -> [UInt8] {
        request(id, "tools/call", ["name": .string(tool), "arguments": arguments])
    }

    static func notification(_ method: String) -> [UInt8] {
        JSONValue.object([.init("jsonrpc", "2.0"), .init("method", .string(method))]).encoded
    }

    /// An answer to a request of the server, whose id is written as it came.
    static func result(_ id: MessageID, _ result: JSONValue) -> [UInt8] {
        answer(id, "result", result)
    }

    static func methodNotFound(_ id: MessageID, _ method: String) -> [UInt8] {
        answer(id, "error", ["code": -32601, "message": .string("Method not found: \(method)")])
    }

    private static func answer(_ id: MessageID, _ member: String, _ value: JSONValue) -> [UInt8] {
        var bytes = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
        bytes += id.text
        bytes += ",\"\(member)\":".utf8
        value.append(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
