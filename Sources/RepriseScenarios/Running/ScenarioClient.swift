import HTTPTypes
import MCPCore
import MCPWire
import RepriseSimulation

/// One client of a world: its manager, and what signs it in.
struct ScenarioClient {
    /// The client's number, from 0.
    let number: Int
    let manager: ConnectionManager
    /// By the name of the server, for those that an authorization server protects.
    let authorizers: [String: Authorizer]

    /// Signs in by the server's authorization server, and tells the manager how it ended.
    ///
    /// Returns why there is no sign-in, nil if there is. Throws as the manager does.
    func signIn(to server: String) async throws -> String? {
        guard let authorizer = authorizers[server] else { preconditionFailure("nothing protects \(server)") }
        var problem: String?
        do { try await authorizer.signIn() } catch { problem = "\(error)" }
        try await manager.completeSignIn(server, succeeded: problem == nil)
        return problem
    }
}

/// A user who agrees to everything: goes to the authorization server, and to where it sends them.
struct ScenarioUser: SignInAgent {
    let sender: any HTTPSender

    private struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    func authorize(_ url: String) async throws -> String {
        guard let place = HTTPURL(url) else { throw Refused(description: "\(url) is no URL") }
        let request = HTTPRequest(
            method: .get, scheme: place.origin.scheme, authority: place.origin.authority, path: place.target)
        let reply = try await sender.send(request, body: [])
        reply.body.close()
        guard reply.head.status.kind == .redirection, let location = reply.head.headerFields[.location] else {
            throw Refused(description: "the authorization server answers the user with \(reply.head.status.code)")
        }
        return location
    }
}

/// Connects a client to servers over HTTP and to those on the network of messages.
struct ScenarioConnector: MessageConnector {
    let messages: any MessageConnector
    let http: StreamableHTTPConnector
    /// The names of the servers over HTTP.
    let httpServers: Set<String>

    func run() async { await http.run() }

    func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream {
        let isOverHTTP = httpServers.contains(server.name)
        return try await (isOverHTTP ? http as any MessageConnector : messages).connect(to: server)
    }
}
