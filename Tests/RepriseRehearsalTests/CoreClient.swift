import HTTPTypes
import MCPCore
import MCPTransports
import MCPWire
import RepriseScenarios
import RepriseSimulation
import Synchronization

@testable import RepriseRehearsal

/// The core library on real sockets as the client of a scenario: what a foreign client would do in another process.
struct CoreClient {
    private let scenario: Scenario
    private let played: PlayedWorld
    private let speed: Int
    private let time: LiveTimeSource
    private let sender = LiveHTTPSender()

    /// The client of a scenario whose servers are played in real time, so many times as fast.
    init(_ scenario: Scenario, _ played: PlayedWorld, speed: Int) {
        self.scenario = scenario
        self.played = played
        self.speed = speed
        time = LiveTimeSource(factor: speed)
    }

    /// Connects and does its steps; returns when `isOver` has returned.
    func run(until isOver: @escaping @Sendable () async throws -> Void) async throws {
        let start = StartTime()
        let authorizers = try makeAuthorizers(start)
        let manager = ConnectionManager(
            servers: zip(scenario.mcpServers, played.servers).map(Self.configuration),
            connector: StreamableHTTPConnector(
                sender: sender, time: time, policy: scenario.policy, authorizers: authorizers, seed: 1),
            time: time, policy: scenario.policy, revision: scenario.revision, seed: 1)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                start.begin(at: time.now)
                await manager.run()
            }
            await manager.started()
            if scenario.begin == .connected {
                for server in scenario.mcpServers.map(\.configuration)
                where server.load == .enabled && server.connect == .atOnce {
                    try await manager.ready(server.name)
                }
                start.begin(at: time.now.advanced(by: RehearsalStage.rest * speed))
            }
            let origin = start.instant
            for step in scenario.steps {
                group.addTask {
                    try await time.sleep(until: origin.advanced(by: Instant.zero.duration(to: step.at)))
                    try? await perform(step, manager, authorizers)
                }
            }
            try await isOver()
            group.cancelAll()
        }
    }

    private func perform(
        _ step: Scenario.Step, _ manager: ConnectionManager, _ authorizers: [String: Authorizer]
    ) async throws {
        switch step.action {
        case .enable(let server): try await manager.toggle(server, true)
        case .disable(let server): try await manager.toggle(server, false)
        case .reconnect(let server, _): _ = try await manager.reconnect(server)
        case .beginSignIn(let server): try await manager.beginSignIn(server)
        case .completeSignIn(let server, let succeeded): try await manager.completeSignIn(server, succeeded: succeeded)
        case .signIn(let server):
            let hasSucceeded = (try? await authorizers[server]?.signIn()) != nil
            try await manager.completeSignIn(server, succeeded: hasSucceeded)
        case .ready(let server, _): try await manager.ready(server)
        case .settle(_, let timeout): _ = try await manager.allSettled(timeout: timeout)
        case .call(let call):
            await withDiscardingTaskGroup { group in
                for _ in 0..<call.count {
                    group.addTask {
                        do {
                            _ = try await manager.callTool(
                                call.tool, on: call.server, arguments: call.arguments, timeout: call.timeout)
                        } catch {
                            if call.reconnectsOnFailure { _ = try? await manager.reconnect(call.server) }
                        }
                    }
                }
            }
        }
    }

    private static func configuration(_ server: Scenario.Server, _ place: PlayedWorld.Place) -> ServerConfiguration {
        var configuration = server.configuration
        configuration.target = [
            "url": .string(place.url),
            "headers": .object(place.headers.map { .init($0.name, .string($0.value)) }),
        ]
        return configuration
    }

    private func makeAuthorizers(_ start: StartTime) throws -> [String: Authorizer] {
        var policy = AuthorizationPolicy()
        policy.proactiveRefresh = scenario.client.refreshesProactively
        policy.requiresHTTPS = false
        var authorizers: [String: Authorizer] = [:]
        for (server, place) in zip(scenario.mcpServers, played.servers)
        where place.isProtected && !server.configuration.hasStaticAuthorization {
            let skew = scenario.client.clockSkew
            let time = time
            authorizers[server.name] = try Authorizer(
                server: place.url, revision: ProtocolRevision(rawValue: scenario.revision) ?? .november2025,
                store: MemoryTokenStore(place.credential?.tokens), sender: sender, time: time,
                unixTime: { AuthorizationServer.unixTime(at: time.now.advanced(by: skew), origin: start.instant) },
                policy: policy, client: OAuthClient(redirectURI: "http://127.0.0.1:3000/callback", name: "Reprise"),
                user: AgreeableUser(sender: sender), generator: SplitMix64(seed: 1))
        }
        return authorizers
    }
}

/// When the scenario's t = 0 is, by the client's clock.
private final class StartTime: Sendable {
    private let state = Mutex(Instant.zero)

    var instant: Instant { state.withLock(\.self) }

    func begin(at instant: Instant) { state.withLock { $0 = instant } }
}

/// A user who agrees to everything.
private struct AgreeableUser: SignInAgent {
    let sender: any HTTPSender

    func authorize(_ url: String) async throws -> String {
        guard let place = HTTPURL(url) else { throw TransportFailure.misconfigured(url) }
        let request = HTTPRequest(
            method: .get, scheme: place.origin.scheme, authority: place.origin.authority, path: place.target)
        let reply = try await sender.send(request, body: [])
        reply.body.close()
        guard let location = reply.head.headerFields[.location] else {
            throw TransportFailure.status(reply.head.status.code)
        }
        return location
    }
}
