import HTTPTypes
import MCPCore
import MCPWire
import RepriseSimulation
import Testing

@Suite struct AuthorizationNetworkTests {
    /// A token request of a client that has token A on file, over a link; returns what comes of it, and when.
    private static func refresh(
        seed: UInt64 = 1, latency: Duration = .zero, faults: [Fault] = [],
        _ change: @escaping @Sendable (inout AuthorizationServerDescription) -> Void = { _ in }
    ) throws -> (at: Instant, status: Int?, failure: HTTPFailure?, routes: [String]) {
        try Simulation(seed: seed, limits: .init(grace: .zero)).run { simulation in
            let network = Network(simulation, faults: faults)
            var description = AuthorizationServerDescription()
            change(&description)
            let origin = network.origin(of: "login")
            var server = AuthorizationServer(description, name: "login", origins: ["login": origin], seed: seed)
            let credential = server.credential(resource: nil, expires: .at(60))
            network.add(server, named: "login", link: Link(latency: latency))
            var routes: [String] = []
            network.observe = { if case .request(let detail) = $0.what { routes.append(detail.route) } }
            network.activateFaults()
            let body = FormText.encode([
                (name: "grant_type", value: "refresh_token"),
                (name: "refresh_token", value: credential.refreshToken ?? ""),
                (name: "client_id", value: credential.client.id),
            ])
            var head = HTTPRequest(method: .post, scheme: "http", authority: "login.sim", path: "/token")
            head.headerFields[.contentType] = "application/x-www-form-urlencoded"
            do throws(HTTPFailure) {
                let reply = try await network.httpSender(client: 0).send(head, body: Array(body.utf8))
                reply.body.close()
                return (simulation.now, reply.head.status.code, nil, routes)
            } catch {
                return (simulation.now, nil, error, routes)
            }
        }
    }

    @Test func aTokenRequestTakesItsTimeAndThatOfItsLink() throws {
        let answer = try Self.refresh(latency: .milliseconds(50)) { $0.takes = .milliseconds(200) }
        #expect(answer.at == .at(0.3) && answer.status == 200 && answer.routes == ["refresh_token"])
    }

    @Test func aDeclaredResetIsOneOfTheConnection() throws {
        let answer = try Self.refresh { $0.outcomes = [.reset] }
        #expect(answer.failure == HTTPFailure(.reset, mayHaveArrived: true))
    }

    @Test func faultsOfTheNetworkFindATokenRequestByItsGrant() throws {
        let fault = Fault(.refuse(.refused), .init(server: "login", method: "refresh_token"))
        let answer = try Self.refresh(faults: [fault])
        #expect(answer.failure == HTTPFailure(.refused, mayHaveArrived: false))
        #expect(try Self.refresh(faults: [Fault(.refuse(.refused), .init(method: "register"))]).status == 200)
    }
}
