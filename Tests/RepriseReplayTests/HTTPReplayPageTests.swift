import MCPWire
import RepriseRecording
import RepriseReplay
import Testing

/// What is asked for outside MCP: challenges, metadata, registration, logins and tokens.
@Suite struct HTTPReplayPageTests {
    private static let metadata = "/.well-known/oauth-protected-resource/mcp"

    /// A login, as redaction leaves it.
    private static let login = """
        1 > POST 0 initialize {}
        1 < 401 www-authenticate:Bearer~resource_metadata="http://upstream.test:9000\(metadata)"
        1 < end
        2 > GET \(metadata)
        2 < 200 json
        2 < {"resource":"http://upstream.test:9000/mcp"}
        2 < end
        3 > POST /register {"redirect_uris":["http://localhost:1111/cb"]}
        3 < 201 json
        3 < {"client_id":"c1"}
        3 < end
        4 > GET /authorize?client_id=c1&redirect_uri=http%3A%2F%2Flocalhost%3A1111%2Fcb&state=reprise-secret-1&code_challenge=reprise-secret-2
        4 < 302 location:http://localhost:1111/cb?code=reprise-secret-3&state=reprise-secret-1
        4 < end
        5 > POST /token form:grant_type=authorization_code&code=reprise-secret-3&code_verifier=reprise-secret-4
        5 < 200 json
        5 < {"access_token":"reprise-secret-5","expires_in":60}
        5 < end
        6 > POST authorization:Bearer~reprise-secret-5 0 initialize {}
        6 < 200 json @A
        6 < 0 = {}
        6 < end
        7 > POST @A authorization:Bearer~reprise-secret-5 1 a
        7 < 401 www-authenticate:Bearer~error="invalid_token"
        7 < end
        8 > POST /token form:grant_type=refresh_token&refresh_token=reprise-secret-6
        8 < 200 json
        8 < {"access_token":"reprise-secret-7"}
        8 < end
        9 > POST @A authorization:Bearer~reprise-secret-7 1 a
        9 < 200 json
        9 < 1 = {}
        9 < end
        """

    @Test("S-179: a client logs in with values of its own, in the place where the recorded one did")
    func aClientLogsInWithValuesOfItsOwn() throws {
        var playbook = try HTTPPlaybook(Self.login)
        try playbook.serve(at: "http://127.0.0.1:4444", for: "http://upstream.test:9000")
        playbook.expect(
            """
            1 > POST 0 initialize {}
            1 < 401 www-authenticate:Bearer~resource_metadata="http://127.0.0.1:4444\(Self.metadata)"
            1 < end
            2 > GET \(Self.metadata)
            2 < 200 json
            2 < {"resource":"http://127.0.0.1:4444/mcp"}
            2 < end
            3 > POST /register {"redirect_uris":["http://localhost:2222/cb"],"client_name":"x"}
            3 < 201 json
            3 < {"client_id":"c1"}
            3 < end
            4 > GET /authorize?client_id=c1&state=s%2B1&code_challenge=own&redirect_uri=http%3A%2F%2Flocalhost%3A2222%2Fcb
            4 < 302 location:http://localhost:2222/cb?code=reprise-secret-3&state=s%2B1
            4 < end
            5 > POST /token form:code_verifier=own2&grant_type=authorization_code&code=reprise-secret-3
            5 < 200 json
            5 < {"access_token":"reprise-secret-5","expires_in":60}
            5 < end
            6 > POST authorization:Bearer~other 9 initialize {}
            6 < 200 json @A
            6 < 9 = {}
            6 < end
            7 > POST @A 1 a
            7 < 401 www-authenticate:Bearer~error="invalid_token"
            7 < end
            8 > POST /token form:grant_type=refresh_token&refresh_token=anything
            8 < 200 json
            8 < {"access_token":"reprise-secret-7"}
            8 < end
            9 > POST @A 2 a
            9 < 200 json
            9 < 2 = {}
            9 < end
            """)
    }

    /// A challenge to a client without credentials, and the session that a token opened.
    private static let challenged = """
        1 > POST 0 initialize {}
        1 < 401 www-authenticate:Bearer
        1 < end
        2 > POST authorization:Bearer~reprise-secret-1 0 initialize {}
        2 < 200 json @A
        2 < 0 = {}
        2 < end
        3 > POST @A authorization:Bearer~reprise-secret-1 1 a
        3 < 401 www-authenticate:Bearer~error="invalid_token"
        3 < end
        """

    @Test("S-179: a client that brings a token of its own is not asked for one, but told when it ends")
    func aClientWithATokenOfItsOwnIsNotChallenged() throws {
        try replayHTTP(
            Self.challenged,
            live: """
                5 > POST authorization:Bearer~mine 9 initialize {}
                5 < 200 json @A
                5 < 9 = {}
                5 < end
                6 > POST @A authorization:Bearer~mine 10 a
                6 < 401 www-authenticate:Bearer~error="invalid_token"
                6 < end
                """)
    }

    @Test func aChallengeThatNothingFollowedIsServedToEverybody() throws {
        let recorded = "1 > POST 0 initialize {}\n1 < 401 www-authenticate:Bearer\n1 < end"
        try replayHTTP(recorded, live: recorded.replacing("POST 0", with: "POST authorization:Bearer~mine 0"))
    }

    @Test func whatTheClientChoseComesBackInARedirectThatWasNotRedacted() throws {
        try replayHTTP(
            "1 > GET /authorize?state=abc&redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fcb\n1 < 302 location:http://localhost:1/cb?code=7&state=abc&iss=x\n1 < end",
            live: """
                1 > GET /authorize?state=x%20y&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fdone
                1 < 302 location:http://127.0.0.1:9/done?code=7&state=x%20y&iss=x
                1 < end
                """)
    }

    @Test func metadataIsServedAnyNumberOfTimes() throws {
        let recorded = "1 > GET /a\n1 < 404 text\n1 < none\n1 < end\n2 > GET /b\n2 < 200 json\n2 < {}\n2 < end"
        let again = recorded.replacing("1 ", with: "3 ").replacing("2 <", with: "4 <").replacing("2 >", with: "4 >")
        try replayHTTP(recorded, live: recorded + "\n" + again)
        // Nobody has to ask for it.
        #expect(try HTTPPlaybook(recorded).replayer.report.isSame)
    }

    @Test func pagesThatDifferAreServedInOrderAndThenTheLast() throws {
        let recorded = "1 > GET /a\n1 < 200 text\n1 < one\n1 < end\n2 > GET /a\n2 < 200 text\n2 < two\n2 < end"
        try replayHTTP(recorded, live: recorded + "\n3 > GET /a\n3 < 200 text\n3 < two\n3 < end")
    }

    @Test("S-180: a page that was not recorded is not found, and what differs is named")
    func aPageThatWasNotRecorded() throws {
        var playbook = try HTTPPlaybook(Self.login)
        playbook.expect(
            """
            1 > GET /nowhere
            ! no recorded message matches GET /nowhere
            !   the recording holds none like it
            1 < 404 text
            1 < reprise: no recorded message matches GET /nowhere
              the recording holds none like it
            1 < end
            2 > POST /token form:grant_type=client_credentials
            ! no recorded message matches POST /token
            !   nearest is event 17; first difference, recorded -> live:
            !   /grant_type: "authorization_code" -> "client_credentials"
            2 < 404 text
            2 < reprise: no recorded message matches POST /token
              nearest is event 17; first difference, recorded -> live:
              /grant_type: "authorization_code" -> "client_credentials"
            2 < end
            """, isSame: false)
        let missing = playbook.replayer.report.neverCame.map(\.what)
        #expect(
            missing == [
                "initialize", "POST /register", "GET /authorize", "POST /token", "initialize", "a", "POST /token", "a",
            ])
    }

    @Test func aSecretInAFormIsBoundOnceForAll() throws {
        let token = "form:grant_type=refresh_token&refresh_token=reprise-secret-1"
        var playbook = try HTTPPlaybook(
            "1 > POST /token \(token)\n1 < 200\n1 < end\n2 > POST /token \(token)\n2 < 200\n2 < end")
        playbook.play(
            "1 > POST /token form:grant_type=refresh_token&refresh_token=x\n2 > POST /token form:grant_type=refresh_token&refresh_token=y"
        )
        #expect(playbook.text.hasSuffix("2 < end"))
        #expect(playbook.text.contains("2 < 404 text"))
    }
}
