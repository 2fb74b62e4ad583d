import MCPCore
import MCPWire
import RepriseScenarios
import RepriseSimulation

/// The HTTP servers of a scenario at their places, and what a client has to know of them.
struct PlayedWorld {
    /// The endpoint of each MCP server.
    static let path = "/mcp"

    /// The servers with their links and faults.
    private(set) var world: HTTPWorld
    /// The MCP servers, in the order of the file.
    private(set) var servers: [Place] = []

    /// An MCP server, as its client knows it.
    struct Place {
        var name: String
        var url: String
        /// Whether it asks for tokens.
        var isProtected = false
        /// Headers that the client is configured to send.
        var headers: [Scenario.Header] = []
        /// The tokens that the client has, the access token for so long.
        var credential: (tokens: Credential, lifetime: Duration)?
    }

    /// Makes the double of an MCP server.
    typealias Maker =
        @Sendable (
            _ description: ServerDescription, _ name: String, _ origins: [String: String], _ seed: UInt64
        ) -> any HTTPService

    /// Builds the servers; `origins` says where each of them is, `http://127.0.0.1:PORT` by its name.
    init(_ scenario: Scenario, origins: [String: String], seed: UInt64, make: Maker) {
        world = HTTPWorld(faults: scenario.faults, seed: seed)
        var authorization: [(name: String, lifetime: Duration, server: AuthorizationServer)] = []
        for server in scenario.servers {
            guard case .authorization(let description) = server.behaviour else { continue }
            let name = server.configuration.name
            let double = AuthorizationServer(description, name: name, origins: origins, seed: seed)
            authorization.append((name, description.lifetime, double))
        }
        for server in scenario.mcpServers {
            guard case .declared(let description) = server.behaviour else { continue }
            let name = server.configuration.name
            var place = Place(name: name, url: (origins[name] ?? "") + Self.path, headers: server.headers)
            if let protection = description.http?.protection {
                place.isProtected = true
                if let credential = server.credential,
                    let index = authorization.firstIndex(where: { $0.name == protection.authorizationServer })
                {
                    let lifetime = credential.expiresAfter ?? authorization[index].lifetime
                    let tokens = authorization[index].server.credential(
                        token: credential.token, resource: place.url, scope: credential.scope,
                        expires: Instant.zero.advanced(by: lifetime), hasRefreshToken: credential.hasRefreshToken)
                    place.credential = (tokens, lifetime)
                }
            }
            world.add(make(description, name, origins, seed), named: name, link: server.link)
            servers.append(place)
        }
        for (name, _, server) in authorization {
            let link = scenario.servers.first { $0.configuration.name == name }?.link ?? Link()
            world.add(server, named: name, link: link)
        }
    }

    /// What a client has on file: by server `url`, `headers`, `isProtected`, and `credential` with what it holds.
    var directory: JSONValue { .object(servers.map { .init($0.name, $0.onFile) }) }

    /// Why a scenario cannot be played over HTTP; nil for one that can.
    static func obstacle(to scenario: Scenario) -> String? {
        for server in scenario.servers where !server.isReachedByHTTP {
            return "its server \(server.configuration.name) is reached by a network of messages, not over HTTP"
        }
        return nil
    }
}

extension PlayedWorld.Place {
    fileprivate var onFile: JSONValue {
        var members: [JSONValue.Member] = [.init("url", .string(url)), .init("isProtected", .bool(isProtected))]
        if !headers.isEmpty {
            members.append(.init("headers", .object(headers.map { .init($0.name, .string($0.value)) })))
        }
        if let (tokens, lifetime) = credential {
            var known: [JSONValue.Member] = [
                .init("client", .string(tokens.client.id)), .init("accessToken", .string(tokens.accessToken)),
                .init("expiresIn", .int(Int(lifetime.components.seconds))),
            ]
            if let refreshToken = tokens.refreshToken { known.append(.init("refreshToken", .string(refreshToken))) }
            if let scope = tokens.scope { known.append(.init("scope", .string(scope))) }
            members.append(.init("credential", .object(known)))
        }
        return .object(members)
    }
}
