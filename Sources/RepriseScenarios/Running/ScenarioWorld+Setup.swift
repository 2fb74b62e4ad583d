import MCPCore
import MCPWire
import RepriseSimulation

/// The servers and clients of a world.
extension ScenarioWorld {
    private struct MissingRecording: Error, CustomStringConvertible {
        var path: String
        var description: String { "the recording \(path) was not given to the runner" }
    }

    /// Puts the servers into the network; returns what each client has on file, by the name of the server.
    func addServers(to network: Network) throws -> [[String: MCPCore.Credential]] {
        var origins: [String: String] = [:]
        for server in scenario.servers where server.isReachedByHTTP {
            origins[server.name] = network.origin(of: server.name)
        }
        var credentials = [[String: MCPCore.Credential]](repeating: [:], count: scenario.clientCount)
        for server in scenario.servers {
            switch server.behaviour {
            case .declared(let description) where description.http == nil:
                network.add(ServerDouble(description), named: server.name, link: server.link)
            case .declared(let description):
                let service = MCPService(description, name: server.name, origins: origins, seed: simulation.seed)
                network.add(service, named: server.name, link: server.link)
            case .authorization(let description):
                var service = AuthorizationServer(
                    description, name: server.name, origins: origins, seed: simulation.seed)
                mint(by: &service, named: server.name, description.lifetime, origins, into: &credentials)
                network.add(service, named: server.name, link: server.link)
            case .recording(let path):
                guard let recording = recordings[path] else { throw MissingRecording(path: path) }
                network.add(try RecordedServer(recording), named: server.name, link: server.link)
            }
        }
        return credentials
    }

    /// Mints what clients have on file of an authorization server; each client has tokens of its own.
    private func mint(
        by service: inout AuthorizationServer, named name: String, _ lifetime: Duration, _ origins: [String: String],
        into credentials: inout [[String: MCPCore.Credential]]
    ) {
        for server in scenario.servers where server.http?.protection?.authorizationServer == name {
            guard let credential = server.credential, let origin = origins[server.name] else { continue }
            for client in credentials.indices {
                credentials[client][server.name] = service.credential(
                    token: credential.token, resource: origin + "/mcp", scope: credential.scope,
                    expires: Instant.zero.advanced(by: credential.expiresAfter ?? lifetime),
                    hasRefreshToken: credential.hasRefreshToken)
            }
        }
    }

    /// The clients; `credentials` is what each has on file.
    func makeClients(_ network: Network, _ credentials: [[String: MCPCore.Credential]]) async throws -> [ScenarioClient]
    {
        var seeds = simulation.generator("clients")
        var httpSeeds = simulation.generator("clients over HTTP")
        let configurations = scenario.mcpServers.map { configuration(of: $0, in: network) }
        var clients: [ScenarioClient] = []
        for number in 0..<scenario.clientCount {
            var connector = network.connector(client: number)
            var authorizers: [String: Authorizer] = [:]
            let httpServers = scenario.mcpServers.filter(\.isReachedByHTTP)
            if !httpServers.isEmpty {
                let sender = network.httpSender(client: number)
                authorizers = try makeAuthorizers(network, sender, credentials[number], seed: httpSeeds.next())
                let http = StreamableHTTPConnector(
                    sender: sender, time: simulation.clock, policy: scenario.policy, authorizers: authorizers,
                    seed: httpSeeds.next())
                connector = ScenarioConnector(
                    messages: connector, http: http, httpServers: Set(httpServers.map(\.name)))
            }
            let manager = ConnectionManager(
                servers: configurations, connector: connector, time: simulation.clock, policy: scenario.policy,
                revision: scenario.revision, seed: seeds.next())
            await manager.subscribe { [unowned self] event in note(number, .manager(event)) }
            clients.append(ScenarioClient(number: number, manager: manager, authorizers: authorizers))
        }
        return clients
    }

    /// What clients know of a server; over HTTP that is its address and the configured headers too.
    private func configuration(of server: Scenario.Server, in network: Network) -> ServerConfiguration {
        var configuration = server.configuration
        if server.isReachedByHTTP {
            configuration.target = [
                "url": .string(endpoint(of: server.name, in: network)),
                "headers": .object(server.headers.map { .init($0.name, .string($0.value)) }),
            ]
        }
        return configuration
    }

    private func endpoint(of server: String, in network: Network) -> String { network.origin(of: server) + "/mcp" }

    private func makeAuthorizers(
        _ network: Network, _ sender: any HTTPSender, _ credentials: [String: MCPCore.Credential], seed: UInt64
    ) throws -> [String: Authorizer] {
        var authorizers: [String: Authorizer] = [:]
        var policy = AuthorizationPolicy()
        policy.proactiveRefresh = scenario.client.refreshesProactively
        // The network has no TLS.
        policy.requiresHTTPS = false
        for server in scenario.mcpServers
        where server.http?.protection != nil && !server.configuration.hasStaticAuthorization {
            authorizers[server.name] = try Authorizer(
                server: endpoint(of: server.name, in: network),
                revision: ProtocolRevision(rawValue: scenario.revision) ?? .november2025,
                store: MemoryTokenStore(credentials[server.name]), sender: sender, time: simulation.clock,
                unixTime: { [unowned self] in unixTime }, policy: policy,
                client: OAuthClient(redirectURI: "http://127.0.0.1:3000/callback", name: "Reprise"),
                user: ScenarioUser(sender: sender),
                generator: SplitMix64(seed: seed, stream: "sign-in to \(server.name)"))
        }
        return authorizers
    }

    /// The present by the clients' clock, in seconds of Unix time.
    private var unixTime: Int64 {
        AuthorizationServer.unixTime(at: present.advanced(by: scenario.client.clockSkew), origin: .zero)
    }
}
