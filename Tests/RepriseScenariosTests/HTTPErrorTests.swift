import RepriseScenarios
import Testing

/// What is wrong about HTTP and authorization in a file is told with its place.
@Suite struct HTTPErrorTests {
    static func error(_ text: String) -> String? {
        ScenarioFileErrorTests.error("scenario: a\ntitle: A\nuntil: 100s\nservers:\n" + text)
    }

    @Test(
        "servers over HTTP are checked",
        arguments: [
            ("{http: {session: true}}", #"5: servers.files.http: http has no key "session"; did you mean "sessions"?"#),
            ("{http: 5}", #"5: servers.files.http: expected http, a mapping, got "5""#),
            (
                "{http: {answers: sse}}",
                #"5: servers.files.http.answers: there is no kind of answers "sse"; known: json, events"#
            ),
            ("{http: {pushes: [{count: 1}]}}", #"5: servers.files.http.pushes[0]: the key "at" is missing"#),
            (
                "{http: {pushes: [{at: 1s, count: 0}]}}",
                "5: servers.files.http.pushes[0].count: 0 is too small; the least is 1"
            ),
            (
                "{http: {session-ends: [200s]}}",
                "5: servers.files.http.session-ends[0]: 200 s is after the scenario's end at 100 s"
            ),
            ("{http: {rules: [{route: GET}]}}", #"5: servers.files.http.rules[0]: the key "status" is missing"#),
            (
                "{http: {rules: [{status: 99}]}}",
                "5: servers.files.http.rules[0].status: 99 is too small; the least is 200"
            ),
            (
                "{http: {rules: [{status: 404, route: tools/cal}]}}",
                #"5: servers.files.http.rules[0].route: there is no method "tools/cal"; did you mean "tools/call"?"#
            ),
            (
                "{http: {rules: [{status: 404, from: 2s, until: 1s}]}}",
                #"5: servers.files.http.rules[0].until: 1 s is not after "from", 2 s"#
            ),
            (
                "{http: {rules: [{status: 404, headers: {a b: c}}]}}",
                #"5: servers.files.http.rules[0].headers: "a b" is no name of a header"#
            ),
            (
                #"{http: {rules: [{status: 404, headers: {a: "b\r\nc: d"}}]}}"#,
                "5: servers.files.http.rules[0].headers.a: a header's value has no control characters"
            ),
            ("{http: {refuses: []}}", #"5: servers.files.http.refuses: "refuses" needs "protected-by""#),
            (
                "{http: {protected-by: logn}}",
                #"5: servers.files.http.protected-by: there is no authorization server "logn"; did you mean "login"?"#
            ),
            (
                "{http: {protected-by: login, resource-metadata: none}}",
                #"5: servers.files.http.resource-metadata: there is no kind of metadata "none"; known: valid, missing, not-json, impostor"#
            ),
            (
                "{http: {protected-by: login, resource-metadata: {oversized: 1, redirect: a}}}",
                #"5: servers.files.http.resource-metadata.redirect: metadata has one of "oversized" and "redirect", not both"#
            ),
            ("{http: {}, exits: 1}", #"5: servers.files.exits: "exits" says nothing beside "http""#),
            ("{http: {}, recording: a.jsonl}", #"5: servers.files.http: "http" says nothing beside "recording""#),
            (
                "{http: {}, transport: stdio}",
                #"5: servers.files.transport: "transport: stdio" and "http" exclude each other"#
            ),
            ("{headers: {a: b}}", #"5: servers.files.headers: "headers" needs "http""#),
            (
                "{http: {}, credential: {}}",
                #"5: servers.files.credential: "credential" needs "protected-by" under "http""#
            ),
            (
                "{http: {protected-by: login}, credential: {tokn: A}}",
                #"5: servers.files.credential: a credential has no key "tokn"; did you mean "token"?"#
            ),
            (
                "{tools: [{name: a, asks: sampling/create}]}",
                #"5: servers.files.tools[0].asks: there is no request of servers "sampling/create"; "#
                    + #"did you mean "sampling/createMessage"?"#
            ),
        ] as [(String, String)])
    func serversAreChecked(text: String, error: String) {
        #expect(Self.error("  files: \(text)\n  login: {authorization: {}}\n") == "a.yaml:" + error)
    }

    @Test(
        "authorization servers are checked",
        arguments: [
            ("{authorization: {}}", "5: servers: a scenario has at least one server"),
            (
                "{authorization: {}, tools: 1}\n  files:",
                #"5: servers.login.tools: "tools" says nothing beside "authorization""#
            ),
            (
                "{authorization: {lifetme: 1s}}\n  files:",
                #"5: servers.login.authorization: an authorization server has no key "lifetme"; did you mean "lifetime"?"#
            ),
            (
                "{authorization: {outcomes: [granted]}}\n  files:",
                #"5: servers.login.authorization.outcomes[0]: there is no outcome "granted"; did you mean "grant"?"#
            ),
            (
                "{authorization: {skew: -1d1}}\n  files:",
                #"5: servers.login.authorization.skew: there is no unit "d1"; did you mean "d"?"#
            ),
            (
                "{authorization: {skew: soon}}\n  files:",
                #"5: servers.login.authorization.skew: expected a duration such as 250ms, got "soon""#
            ),
            (
                "{authorization: {}}\n  files:\nclient: [{at: 0s, enable: login}]",
                #"7: client[0].enable: there is no server "login"; known: files"#
            ),
            (
                "{authorization: {}}\n  files:\nexpect: {states: {login: 0}}",
                #"7: expect.states: there is no server "login"; known: files"#
            ),
        ] as [(String, String)])
    func authorizationServersAreChecked(text: String, error: String) {
        #expect(Self.error("  login: \(text)\n") == "a.yaml:" + error)
    }

    @Test(
        "what stands around them is checked",
        arguments: [
            (
                "revision: 2024-11-05",
                "5: servers.files.http: revision 2024-11-05 has no Streamable HTTP; known with it: 2025-03-26 and later"
            ),
            ("revisions: []", "6: revisions: a scenario has at least one revision"),
            ("revisions: [2025-03-26, 2025-03-26]", "6: revisions[1]: 2025-03-26 stands twice"),
            (
                "revision: 2025-03-26\nrevisions: [2025-03-26]",
                #"6: revision: "revision" says nothing beside "revisions""#
            ),
            (
                "client: {step: []}", #"6: client: the client has no key "step"; did you mean "steps"?"#
            ),
            (
                "client: {clock-skew: 1year}",
                #"6: client.clock-skew: there is no unit "year"; known: ns, us, ms, s, min, h, d"#
            ),
            (
                "expect: {wire: {files: {GET: [{at: 1s, session: x}]}}}",
                #"6: expect.wire.files.GET[0].session: expected the number of a session, or none, got "x""#
            ),
            (
                "expect: {notifications: {files: [{data: 1...3, times: 2}]}}",
                #"6: expect.notifications.files[0].times: "times" says nothing beside "data: 1...3""#
            ),
            (
                "expect: {notices: {files: [{kind: sign-in}]}}",
                #"6: expect.notices.files[0].kind: there is no kind of notice "sign-in"; known: sign-in-needed, "#
                    + "push-degraded, history-lost"
            ),
            (
                "expect: {statuses: {files: {GET: [{status: 4}]}}}",
                "6: expect.statuses.files.GET[0].status: 4 is too small; the least is 100"
            ),
        ] as [(String, String)])
    func theRestIsChecked(text: String, error: String) {
        #expect(Self.error("  files: {http: {}}\n\(text)\n") == "a.yaml:" + error)
    }
}
