import Foundation
import HTTPTypes
import MCPCore
import MCPTransports
import MCPWire
import Synchronization
import TestSupport
import Testing

/// The SDK's server behind OAuth, with the SDK's own authorization server: sign-in, refresh, refusal.
@Suite(.needsSDK, .liveThreads) struct SDKSignInTests {
    private static let client = OAuthClient(redirectURI: "http://127.0.0.1:9/callback", name: "client of the tests")

    /// A user who agrees to everything: asks for the page, and is sent back at once.
    private final class WillingUser: SignInAgent {
        private let sender = LiveHTTPSender()
        let visits = Mutex(0)

        func authorize(_ url: String) async throws -> String {
            visits.withLock { $0 += 1 }
            let page = try #require(URLComponents(string: url))
            let request = HTTPRequest(
                method: .get, scheme: page.scheme, authority: "\(page.host ?? ""):\(page.port ?? 80)",
                path: "\(page.path)?\(page.percentEncodedQuery ?? "")")
            let reply = try await sender.send(request, body: [])
            reply.body.close()
            return try #require(reply.head.headerFields[.location])
        }
    }

    /// Signs in, calls, has every token end, and calls again.
    private func session(_ url: String, _ user: WillingUser, _ revision: ProtocolRevision) async throws -> SessionLog {
        let authorizer = try Authorizer(server: url, client: Self.client, user: user, revision: revision)
        return try await Session.run(.http(url), authorizer: authorizer) { session in
            await session.call("echo", ["text": "signed in"])
            await session.call("expire_tokens")
            await session.call("echo", ["text": "refreshed"])
        }
    }

    @Test(
        "metadata, registration, sign-in with PKCE and refresh, directly, through the recorder and from the replay",
        arguments: SDK.versions, ["beside", "same-origin", "unannounced"])
    func theUserSignsIn(version: String, place: String) async throws {
        let folder = try TestFolder()
        let file = folder.file("session.jsonl")
        let revision: ProtocolRevision = place == "unannounced" ? .march2025 : .november2025
        let server = try HTTPProgram.sdk(version, "protected_server.py", options: ["--authorization-server", place])
        let user = WillingUser()
        let direct = try await session(server.url, user, revision)
        #expect(direct.lines("states") == ["pending", "needs-auth", "pending", "connected"])
        #expect(direct.lines("notices") == ["sign-in-needed"])
        #expect(direct.lines("calls").count == 3)
        #expect(direct.lines("calls").last?.contains(#""text":"refreshed""#) == true)
        #expect(user.visits.withLock(\.self) == 1)
        let recorder = try HTTPProgram(
            [Program.reprise, "record", "--url", server.url, "--listen", "127.0.0.1:0", "--out", file],
            inFrontOf: server.url)
        let recorded = try await session(recorder.url, user, revision)
        try recorder.stop()
        #expect(recorded.difference(from: direct) == nil)
        // A server beside is recorded with no other.
        guard place != "beside" else { return }
        let replay = try HTTPProgram(
            [Program.reprise, "replay", file, "--listen", "127.0.0.1:0"], inFrontOf: server.url)
        let replayed = try await session(replay.url, user, revision)
        try replay.stop()
        #expect(replayed.difference(from: direct) == nil)
    }

    @Test("without a user, and with a header that is refused, there is no connection and a reason")
    func whoCannotSignInIsToldWhy() async throws {
        let server = try HTTPProgram.sdk("2.3.0", "protected_server.py")
        func failure(_ configuration: ServerConfiguration) async -> ClientError? {
            await #expect(throws: ClientError.self) {
                try await withClient(configuration, policy: .patient) { _ in Issue.record("there is a connection") }
            }
        }
        let stranger = await failure(.http(server.url))
        #expect(stranger?.status == .needsAuth)
        #expect(stranger?.description.contains("it asks for sign-in (HTTP 401)") == true)
        let refused = await failure(.http(server.url, headers: ["authorization": "Bearer nonsense"]))
        #expect(refused?.status == .failed(.auth, willRetry: false))
    }

    /// A user who closes the page.
    private struct UnwillingUser: SignInAgent {
        func authorize(_ url: String) async throws -> String { throw CancellationError() }
    }

    @Test func aSignInThatTheUserGivesUpEndsTheClient() async throws {
        let server = try HTTPProgram.sdk("2.3.0", "protected_server.py")
        let authorizer = try Authorizer(server: server.url, client: Self.client, user: UnwillingUser())
        await #expect(throws: AuthorizationError.self) {
            try await withClient(.http(server.url), authorizer: authorizer, policy: .patient) { _ in
                Issue.record("there is a connection")
            }
        }
    }
}
