import HTTPTypes
import MCPCore
import MCPWire

extension HTTPRequest {
    /// Whether what the client accepts covers a media type; the weights of types are not looked at.
    func accepts(_ type: String) -> Bool {
        let kind = type.prefix { $0 != "/" } + "/*"
        return (headerFields[.accept] ?? "").split(separator: ",").contains { range in
            let name = range.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
            return name == type || name == "*/*" || name == kind
        }
    }

    /// Whether the body is JSON, as its type says.
    var isJSON: Bool {
        let type = (headerFields[.contentType] ?? "").prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
        return type.lowercased() == "application/json"
    }

    /// The path without its query.
    var pathWithoutQuery: String { String((path ?? "").prefix { $0 != "?" }) }
}

extension ServiceResponse {
    /// A JSON-RPC error without an id, as the body of a status (basic/transports, Streamable HTTP).
    static func error(_ status: Int, code: Int = -32600, _ text: String) -> ServiceResponse {
        let error: JSONValue = ["code": .int(code), "message": .string(text)]
        return ServiceResponse(status: status, ["jsonrpc": "2.0", "error": error])
    }
}
