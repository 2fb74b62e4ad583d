import HTTPTypes
import MCPCore
import MCPWire
import RepriseSimulation
import Synchronization

/// An authorization server by script at `https://auth.test` for `https://mcp.test/mcp`, and a user who agrees.
final class SignInRehearsal: Sendable {
    /// What differs from a server that does everything right.
    struct Deviation: Sendable {
        /// In place of the answer to a path.
        var answers: [String: ScriptedSender.Answer] = [:]
        /// What the user comes back with, made of the authorization URL; nil is the right thing.
        var wayBack: (@Sendable (HTTPURL) -> String)?
        /// The agent throws.
        var userGivesUp = false
        /// The user takes so long.
        var userTakes = Duration.zero
        /// More members of the server's metadata, with a comma before.
        var extraMetadata = ""
        var revision = ProtocolRevision.november2025
        var client = OAuthClient(redirectURI: "http://127.0.0.1:7777/cb", name: "Test")
    }

    let sender: ScriptedSender
    let store: MemoryTokenStore
    let authorizer: Authorizer
    let user: User

    init(_ simulation: Simulation, _ deviation: Deviation = Deviation(), stored: Credential? = nil) throws {
        let tokenCount = Mutex(0)
        sender = ScriptedSender(simulation) { sent in
            let path = String((sent.head.path ?? "").prefix { $0 != "?" })
            if let answer = deviation.answers[path] { return answer }
            switch path {
            case "/.well-known/oauth-protected-resource/mcp": return .response(200, Self.resourceMetadata)
            case "/.well-known/oauth-authorization-server":
                let isLegacy = !deviation.revision.hasResourceMetadata
                return .response(
                    200,
                    Self.serverMetadata(isLegacy ? "https://mcp.test" : "https://auth.test", deviation.extraMetadata))
            case "/register": return .response(201, #"{"client_id":"registered"}"#)
            case "/token":
                let number = tokenCount.withLock { count in
                    count += 1
                    return count
                }
                let body = #"{"access_token":"secret-T\#(number)","token_type":"Bearer","expires_in":60,"#
                return .response(200, body + #""refresh_token":"secret-r\#(number)"}"#)
            default: return .response(404, "")
            }
        }
        store = MemoryTokenStore(stored)
        user = User(simulation, deviation)
        authorizer = try Authorizer(
            server: "https://mcp.test/mcp", revision: deviation.revision, store: store, sender: sender,
            time: simulation.clock, unixTime: { 1_800_000_000 }, client: deviation.client, user: user,
            generator: SplitMix64(seed: simulation.seed))
    }

    static let resourceMetadata =
        #"{"resource":"https://mcp.test/mcp","authorization_servers":["https://auth.test"],"scopes_supported":["a","b"]}"#

    static func serverMetadata(_ issuer: String, _ extra: String = "") -> String {
        #"{"issuer":"\#(issuer)","authorization_endpoint":"https://auth.test/authorize?tenant=1","#
            + #""token_endpoint":"https://auth.test/token","registration_endpoint":"https://auth.test/register","#
            + #""code_challenge_methods_supported":["S256"]\#(extra)}"#
    }

    /// Remembers where it was sent, and comes back with a code.
    final class User: SignInAgent {
        private let simulation: Simulation
        private let deviation: Deviation
        private let visited = Mutex<[HTTPURL]>([])

        init(_ simulation: Simulation, _ deviation: Deviation) {
            self.simulation = simulation
            self.deviation = deviation
        }

        struct GaveUp: Error {
            var url: String
        }

        var urls: [HTTPURL] { visited.withLock { $0 } }

        func authorize(_ url: String) async throws -> String {
            guard let place = HTTPURL(url) else { throw GaveUp(url: url) }
            visited.withLock { $0.append(place) }
            if deviation.userTakes > .zero {
                try await simulation.clock.sleep(until: simulation.now.advanced(by: deviation.userTakes))
            }
            if deviation.userGivesUp { throw GaveUp(url: url) }
            if let wayBack = deviation.wayBack { return wayBack(place) }
            return "\(place.value(of: "redirect_uri") ?? "")?code=secret-code&state=\(place.value(of: "state") ?? "")"
        }
    }
}
