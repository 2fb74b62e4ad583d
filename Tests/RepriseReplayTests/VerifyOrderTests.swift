import RepriseReplay
import Testing

/// When the verifier sends what the recorded client sent, and how it answers the server.
@Suite struct VerifyOrderTests {
    @Test("S-180: a request waits for the answers before it, and the end for all of them")
    func aRequestWaitsForTheAnswersBeforeIt() throws {
        let session = """
            c> 1 tools/list {}
            s> 1 = {"tools":[]}
            c> 2 tools/call {"name":"a"}
            s> 2 = {"content":[]}
            c> <end>
            s> <end>
            """
        try verify(session, live: session + "\n! finish")
    }

    @Test("calls that were open at the same time are so again, and their answers may come in any order")
    func concurrencyIsKept() throws {
        try verify(
            """
            c> 1 tools/call {"name":"a"}
            c> 2 tools/call {"name":"b"}
            s> 1 = {"a":1}
            c> 3 tools/call {"name":"c"}
            s> 3 = {"c":1}
            s> 2 = {"b":1}
            c> <end>
            """,
            live: """
                c> 1 tools/call {"name":"a"}
                c> 2 tools/call {"name":"b"}
                s> 2 = {"b":1}
                s> 1 = {"a":1}
                c> 3 tools/call {"name":"c"}
                s> 3 = {"c":1}
                c> <end>
                ! finish
                """)
    }

    @Test("a message of the client waits for the notification that it may have been the reaction to")
    func notificationsAreWaitedFor() throws {
        try verify(
            """
            c> 1 tools/call {"name":"slow","_meta":{"progressToken":1}}
            s> - notifications/progress {"progressToken":1,"progress":0}
            c> - notifications/cancelled {"requestId":1}
            c> <end>
            """,
            live: """
                c> 1 tools/call {"name":"slow","_meta":{"progressToken":1}}
                s> - notifications/progress {"progressToken":1,"progress":0}
                c> - notifications/cancelled {"requestId":1}
                c> <end>
                ! finish
                """)
    }

    @Test("a notification that did not come is not waited for when the calls around it are answered")
    func overtakenNotificationsAreNotWaitedFor() throws {
        try verify(
            """
            c> 1 tools/call {"name":"a"}
            s> - notifications/message {"data":"x"}
            s> 1 = {}
            c> 2 tools/list
            s> 2 = {}
            c> <end>
            """,
            live: """
                c> 1 tools/call {"name":"a"}
                s> 1 = {}
                c> 2 tools/list
                s> 2 = {}
                c> <end>
                ! finish
                """,
            verdicts: ["MISSING event 3: notifications/message"])
    }

    @Test("requests of the server are answered from the recording under their live ids, and pings at once")
    func requestsOfTheServerAreAnswered() throws {
        try verify(
            """
            c> 1 tools/call {"name":"ask"}
            s> 7 sampling/createMessage {"prompt":"a"}
            s> 8 sampling/createMessage {"prompt":"b"}
            s> 9 ping
            c> 9 = {}
            c> 7 = {"text":"to a"}
            c> 8 = {"text":"to b"}
            s> 1 = {}
            c> <end>
            """,
            live: """
                c> 1 tools/call {"name":"ask"}
                s> "x" ping
                c> "x" = {}
                s> "p" sampling/createMessage {"prompt":"b"}
                s> "q" sampling/createMessage {"prompt":"a"}
                c> "q" = {"text":"to a"}
                c> "p" = {"text":"to b"}
                s> 1 = {}
                c> <end>
                ! finish
                """,
            verdicts: ["REORDERED event 3: sampling/createMessage"])
    }

    @Test("a request of the server that the recording does not hold gets an error, and a late one its answer")
    func strangeAndLateRequests() throws {
        try verify(
            """
            c> 1 tools/call {"name":"ask"}
            s> 7 elicitation/create {"message":"a"}
            c> 7 = {"action":"accept"}
            s> 1 = {}
            c> 2 tools/call {"name":"wait"}
            s> 2 = {}
            c> <end>
            """,
            live: #"""
                c> 1 tools/call {"name":"ask"}
                s> 5 roots/list
                c> {"jsonrpc":"2.0","id":5,"error":{"code":-32603,"message":"reprise: the recording holds no answer to this request"}}
                s> 1 = {}
                c> 2 tools/call {"name":"wait"}
                s> 6 elicitation/create {"message":"a"}
                c> 6 = {"action":"accept"}
                s> 2 = {}
                c> <end>
                ! finish
                """#,
            verdicts: ["EXTRA: roots/list"])
    }

    @Test("what the server minted is sent back as the live one minted it")
    func mintedValuesAreSentBack() throws {
        try verify(
            """
            c> 1 tools/list
            s> 1 = {"tools":[],"nextCursor":"p2"}
            c> 2 tools/list {"cursor":"p2"}
            s> 2 = {"task":{"taskId":"t1","createdAt":"2026-01-01T00:00:00Z"}}
            c> 3 tasks/get {"taskId":"t1"}
            s> 3 = {"taskId":"t1","status":"done","lastUpdatedAt":"2026-01-01T00:00:01Z"}
            c> 4 tools/list {"cursor":"none of yours"}
            s> 4 ! {"code":-32602,"message":"no"}
            c> <end>
            """,
            live: """
                c> 1 tools/list
                s> 1 = {"tools":[],"nextCursor":"zz"}
                c> 2 tools/list {"cursor":"zz"}
                s> 2 = {"task":{"taskId":77,"createdAt":"2027-01-01T00:00:00Z"}}
                c> 3 tasks/get {"taskId":77}
                s> 3 = {"taskId":77,"status":"done","lastUpdatedAt":"2027-01-01T00:00:01Z"}
                c> 4 tools/list {"cursor":"none of yours"}
                s> 4 ! {"code":-32602,"message":"no"}
                c> <end>
                ! finish
                """)
    }

    @Test("S-179: a secret that the server minted is sent back as minted, one of the client's as its placeholder")
    func secretsAreVariables() throws {
        try verify(
            #"""
            c> 1 tools/call {"name":"issue"}
            s> 1 = {"token":"reprise-secret-1"}
            c> 2 tools/call {"token":"reprise-secret-1","json":"{\"t\":\"reprise-secret-1\"}","own":"reprise-secret-2"}
            s> 2 = {"text":"reprise-secret-2 and reprise-secret-1"}
            c> <end>
            """#,
            live: #"""
                c> 1 tools/call {"name":"issue"}
                s> 1 = {"token":"li\"ve"}
                c> 2 tools/call {"token":"li\"ve","json":"{\"t\":\"li\\\"ve\"}","own":"reprise-secret-2"}
                s> 2 = {"text":"reprise-secret-2 and li\"ve"}
                c> <end>
                ! finish
                """#)
    }

    @Test("S-179: another secret in the place of one that is bound is a change, and is not shown")
    func anotherSecretIsAChange() throws {
        try verify(
            """
            c> 1 a
            s> 1 = {"token":"reprise-secret-1"}
            c> 2 b
            s> 2 = {"token":"reprise-secret-1"}
            c> <end>
            """,
            live: """
                c> 1 a
                s> 1 = {"token":"one"}
                c> 2 b
                s> 2 = {"token":"two"}
                c> <end>
                ! finish
                """,
            verdicts: [#"CHANGED event 5: result of b: /result/token: "reprise-secret-1" -> (another secret)"#])
    }

    @Test("a server that asks for progress gets it under its live token")
    func progressTokensOfTheServer() throws {
        try verify(
            """
            c> 1 tools/call
            s> 0 sampling/createMessage {"_meta":{"progressToken":"a"}}
            c> - notifications/progress {"progressToken":"a","progress":1}
            c> 0 = {}
            s> 1 = {}
            c> <end>
            """,
            live: """
                c> 1 tools/call
                s> 5 sampling/createMessage {"_meta":{"progressToken":"b"}}
                c> - notifications/progress {"progressToken":"b","progress":1}
                c> 5 = {}
                s> 1 = {}
                c> <end>
                ! finish
                """)
    }

    @Test("what will be asked is known before, each request once, with its number")
    func whatWillBeAsked() throws {
        let session = """
            c> 1 tools/call {"name":"a"}
            s> 1 = {}
            c> - n
            c> 2 tools/list
            c> 3 tools/call {"name":"a"}
            c> <end>
            """
        let requests = try Verifier(stdio: Dialogue.recording(session)).requests
        #expect(requests.map(\.title) == [#"tools/call "a""#, "tools/list"])
        #expect(requests.map(\.count) == [2, 1])
    }

    @Test("frames of the client that are no messages are sent as they were, batches with live ids")
    func oddFrames() throws {
        try verify(
            """
            c> junk
            c> [{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}]
            s> [{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":2,"result":2}]
            c> <end>
            """,
            live: """
                c> junk
                c> [{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}]
                s> 2 = 2
                s> 1 = 3
                c> <end>
                ! finish
                """,
            verdicts: ["CHANGED event 4: result of a: /result: 1 -> 3"])
    }
}
