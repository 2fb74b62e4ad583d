import MCPCore
import MCPWire

extension ServerConfiguration {
    /// A server that is a program, found through PATH; see ``StdioConnector/connect(to:)``.
    ///
    /// `environment` is laid over ours, `directory` is where it runs, nil being where we do.
    public static func stdio(
        _ command: String, _ arguments: [String] = [], environment: [String: String] = [:], directory: String? = nil,
        name: String = "server"
    ) -> ServerConfiguration {
        var target: [JSONValue.Member] = [
            .init("command", .string(command)), .init("args", .array(arguments.map { .string($0) })),
        ]
        if !environment.isEmpty { target.append(.init("env", .object(members(environment)))) }
        if let directory { target.append(.init("cwd", .string(directory))) }
        return ServerConfiguration(name: name, transport: .stdio, target: .object(target))
    }

    /// A server at a URL, over Streamable HTTP; the headers go with every request to it (S-181).
    ///
    /// With an `Authorization` among them a refusal is final: no sign-in can mend it.
    public static func http(
        _ url: String, headers: [String: String] = [:], name: String = "server"
    ) -> ServerConfiguration {
        ServerConfiguration(
            name: name, transport: .http,
            hasStaticAuthorization: headers.keys.contains { $0.lowercased() == "authorization" },
            target: .object([.init("url", .string(url)), .init("headers", .object(members(headers)))]))
    }

    private static func members(_ texts: [String: String]) -> [JSONValue.Member] {
        texts.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }
    }
}
