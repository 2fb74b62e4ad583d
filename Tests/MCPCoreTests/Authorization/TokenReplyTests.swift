import MCPCore
import Testing

/// What token endpoints answer.
@Suite struct TokenReplyTests {
    private static func reply(_ status: Int, _ body: String, retryAfter: String? = nil) -> TokenReply {
        TokenReply(status: status, retryAfter: retryAfter, body: Array(body.utf8))
    }

    @Test func tokensAreTakenAsTheyAreGranted() {
        let body = #"{"access_token":"B","token_type":"bearer","expires_in":60,"refresh_token":"r","scope":"a b"}"#
        #expect(
            Self.reply(200, body)
                == .granted(GrantedToken(accessToken: "B", refreshToken: "r", expiresIn: 60, scope: "a b")))
        #expect(Self.reply(200, #"{"access_token":"B"}"#) == .granted(GrantedToken(accessToken: "B")))
        for (life, seconds) in [("0", 0), ("60.0", 60), ("60.9", 60), ("6e1", 60), ("3155760000", 3_155_760_000)] {
            let reply = Self.reply(200, #"{"access_token":"B","expires_in":\#(life)}"#)
            #expect(reply == .granted(GrantedToken(accessToken: "B", expiresIn: Int64(seconds))))
        }
        for life in ["-1", "-0.5", "3155760001", "null", "1e99", "\"60\"", "99999999999999999999"] {
            let reply = Self.reply(200, #"{"access_token":"B","refresh_token":"","expires_in":\#(life)}"#)
            #expect(reply == .granted(GrantedToken(accessToken: "B")))
        }
    }

    @Test(
        "what fails in passing, and what for good",
        arguments: [
            (400, #"{"error":"invalid_grant"}"#, .invalidGrant),
            (401, #"{"error":"invalid_client"}"#, .refused("invalid_client")),
            (400, #"{"error":"refresh-secret"}"#, .refused("status 400")), (400, "<html>", .refused("status 400")),
            (400, #"{"error":"temporarily_unavailable"}"#, .failed("temporarily_unavailable", retryAfter: nil)),
            (302, "", .refused("status 302")), (404, "", .refused("status 404")),
            (503, "", .failed("status 503", retryAfter: "7")), (429, "{}", .failed("status 429", retryAfter: "7")),
            (500, #"{"error":"invalid_grant"}"#, .failed("status 500", retryAfter: "7")),
            (200, "<p>", .failed("the body of the token response is no JSON object", retryAfter: nil)),
            (200, "[]", .failed("the body of the token response is no JSON object", retryAfter: nil)),
            (200, "{}", .refused("the token response has no access_token that a header can carry")),
            (
                200, #"{"access_token":"a b"}"#,
                .refused("the token response has no access_token that a header can carry")
            ),
            (
                200, #"{"access_token":"a\nb"}"#,
                .refused("the token response has no access_token that a header can carry")
            ),
            (
                200, #"{"access_token":"a","token_type":"DPoP"}"#,
                .refused("the token response has a token_type other than Bearer")
            ),
        ] as [(Int, String, TokenReply)])
    func repliesAreTold(status: Int, body: String, expected: TokenReply) {
        #expect(Self.reply(status, body, retryAfter: "7") == expected)
    }
}
