import MCPCore
import MCPTransports

/// Lists the tools of a server and calls one: `ExampleClient http://127.0.0.1:8000/mcp` or `ExampleClient COMMAND…`.
@main struct ExampleClient {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        let target = words.first ?? ""
        let server: ServerConfiguration =
            target.hasPrefix("http") ? .http(target) : .stdio(target, Array(words.dropFirst()))
        try await withClient(server) { client in
            for tool in try await client.tools { print(tool.name) }
            print(try await client.callTool("add", ["a": 1, "b": 2]))
        }
    }
}
