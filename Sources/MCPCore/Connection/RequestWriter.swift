import MCPWire

/// The bytes of the messages that the core library sends.
enum RequestWriter {
    /// A request; with a token the server is asked to tell how far it has come (`params._meta.progressToken`).
    static func request(_ id: Int, _ method: String, _ params: JSONValue?, progressToken: Int? = nil) -> [UInt8] {
        var members: [JSONValue.Member] = [
            .init("jsonrpc", "2.0"), .init("id", .int(id)), .init("method", .string(method)),
        ]
        let params = progressToken.map { withToken($0, params) } ?? params
        if let params { members.append(.init("params", params)) }
        return JSONValue.object(members).encoded
    }

    private static func withToken(_ token: Int, _ params: JSONValue?) -> JSONValue {
        let meta = setting("progressToken", to: .int(token), in: params?["_meta"])
        return setting("_meta", to: meta, in: params)
    }

    private static func setting(_ key: String, to value: JSONValue, in object: JSONValue?) -> JSONValue {
        .object((object?.members ?? []).filter { $0.key != key } + [.init(key, value)])
    }

    static func initialize(_ id: Int, revision: String, capabilities: JSONValue) -> [UInt8] {
        request(
            id, "initialize",
            [
                "protocolVersion": .string(revision), "capabilities": capabilities,
                "clientInfo": ["name": "reprise", "version": "1"],
            ])
    }

    static func notification(_ method: String, _ params: JSONValue? = nil) -> [UInt8] {
        var members: [JSONValue.Member] = [.init("jsonrpc", "2.0"), .init("method", .string(method))]
        if let params { members.append(.init("params", params)) }
        return JSONValue.object(members).encoded
    }

    /// Nobody waits for the answer to the request of that id.
    static func cancelled(_ id: Int, reason: String) -> [UInt8] {
        notification("notifications/cancelled", ["requestId": .int(id), "reason": .string(reason)])
    }

    /// An answer to a request of the server, whose id is written as it came.
    static func result(_ id: MessageID, _ result: JSONValue) -> [UInt8] {
        answer(id, "result", result)
    }

    /// A refusal of a request of the server.
    static func error(_ id: MessageID, code: Int, _ message: String) -> [UInt8] {
        answer(id, "error", ["code": .int(code), "message": .string(message)])
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
