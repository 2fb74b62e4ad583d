import Foundation
import RepriseRecording
import TestSupport
import Testing

/// Sessions of official SDK programs behind OAuth: login, expiry, refresh and challenges, and nothing secret kept.
@Suite("SDK sessions over HTTP: OAuth", .serialized, .ownThreads, .needsSDK) struct SDKAuthorizationTests {
    /// Where the authorization server is, and how the client authenticates to it.
    struct Case: CustomTestStringConvertible {
        var version: String
        var place: String
        var authentication: String
        var testDescription: String { "SDK \(version), authorization server \(place), \(authentication)" }

        var isRecorded: Bool { place == "unannounced" }

        static let all = [
            Case(version: "1.30.0", place: "beside", authentication: "client_secret_post"),
            Case(version: "2.3.0", place: "same-origin", authentication: "client_secret_basic"),
            Case(version: "1.30.0", place: "unannounced", authentication: "client_secret_post"),
            Case(version: "2.3.0", place: "unannounced", authentication: "client_secret_basic"),
        ]
    }

    /// A secret that went over the wire: a token, a code, a verifier, a client's secret, the id of a session.
    private struct Secret: Decodable {
        var kind: String
        var value: String

        /// How it may be spelt in a recording.
        var spellings: [String] {
            let encoded = value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? value
            return [value, encoded, Data(value.utf8).base64EncodedString()]
        }
    }

    private static func secrets(_ name: String, in folder: TestFolder) throws -> [Secret] {
        try folder.bytes(of: name + ".secrets").split(separator: 0x0A)
            .map { try JSONDecoder().decode(Secret.self, from: Data($0)) }
    }

    private static func server(_ test: Case) throws -> SDKHTTPServer {
        try SDKHTTPServer.of(
            test.version, .events, program: "protected_server.py", ["--authorization-server", test.place])
    }

    @Test(
        "S-171, S-172, S-179: a client logs in through the recorder and to the replay, and nothing secret is in the file",
        arguments: Case.all)
    func loginExpiryAndRefreshAreTheSameThreeTimes(test: Case) throws {
        let folder = try TestFolder()
        let runs = try SDKHTTPRuns(
            client: test.version, server: try Self.server(test), script: "authorization",
            ["--oauth", test.authentication], in: folder)
        SDKHTTPTransparencyTests.expectTransparency(runs)
        #expect(runs.direct.transcript.components(separatedBy: #""step": "token""#).count == 4)

        let recording = try folder.recording("session.jsonl")
        let exchanges = SDKExchanges(recording)
        SDKHTTPTransparencyTests.expectEachCallOnce(runs, SDKSession(recording), exchanges)
        #expect(exchanges.count("POST", 401) == 2)
        #expect(exchanges.exchanges.contains { $0.request.path == "/token" } == test.isRecorded)

        let text = String(decoding: try folder.bytes(of: "session.jsonl"), as: UTF8.self)
        let secrets = try Self.secrets("recorded", in: folder)
        // Three access tokens and three refresh tokens; two logins with a code and a verifier each.
        for (kind, count) in [
            ("access_token", 3), ("refresh_token", 3), ("code", 2), ("code_verifier", 2), ("client_secret", 1),
            ("mcp-session-id", 1),
        ] {
            #expect(secrets.count { $0.kind == kind } == count, "\(kind)")
        }
        for secret in secrets {
            let isThere = secret.spellings.contains { text.contains($0) }
            #expect(!isThere, "the \(secret.kind) \(secret.value) is in the recording")
        }
    }

    @Test(
        "S-172, S-179: the replay of a session behind OAuth takes a token that the client has already",
        arguments: Case.all)
    func theReplayTakesTheClientsOwnToken(test: Case) throws {
        let folder = try TestFolder()
        let token = "the-token-of-the-client-5d41402abc4b2a76"
        let runs = try SDKHTTPRuns(
            client: test.version, server: try Self.server(test), script: "sampling", ["--oauth", test.authentication],
            ownToken: token, in: folder)
        #expect(runs.recorded.difference(from: runs.direct) == nil)
        #expect(runs.direct.saw(#""event": "authorization""#))
        var expected = runs.direct
        expected.transcript = runs.direct.transcript.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.contains(#""event": "authorization""#) }.joined(separator: "\n")
        #expect(runs.replayed.difference(from: expected) == nil)
        #expect(runs.replay.ending == .exit(test.isRecorded ? 1 : 0), "\(runs.replay.error)")
        let used = try Self.secrets("replayed", in: folder).filter { $0.kind == "authorization" }
        #expect(used.map(\.value) == [token])
    }
}
