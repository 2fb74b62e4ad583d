import RepriseScenarios
import Testing

/// What is wrong with a server, a fault or a step is said with line, key, and the nearest word.
@Suite struct WorldErrorTests {
    static func error(_ text: String) -> String? { ScenarioFileErrorTests.error(ScenarioFileErrorTests.head + text) }

    @Test(
        "servers are checked",
        arguments: [
            ("{tolls: 1}", #"5: servers.files: a server has no key "tolls"; did you mean "tools"?"#),
            ("{transport: htpp}", #"5: servers.files.transport: there is no transport "htpp"; did you mean "http"?"#),
            (
                "{connect: late}",
                #"5: servers.files.connect: there is no time to connect "late"; known: at-once, on-first-use"#
            ),
            (
                "{load: off}",
                #"5: servers.files.load: there is no load "off"; known: enabled, disabled, without-credential"#
            ),
            ("{load: {disable: x}}", #"5: servers.files.load: load has no key "disable"; did you mean "disabled"?"#),
            (
                "{load: {disabled: x, misconfigured: y}}",
                #"5: servers.files.load.misconfigured: load has one of "disabled" and "misconfigured", not both"#
            ),
            ("{load: {}}", "5: servers.files.load: load needs one of the keys disabled, misconfigured"),
            (
                "{static-authorization: yes}",
                #"5: servers.files.static-authorization: expected true or false, got "yes""#
            ),
            (
                "{link: {latency: -1ms}}",
                "5: servers.files.link.latency: -1ms is negative; expected a duration from 0"
            ),
            ("{link: {bandwidth: 0}}", "5: servers.files.link.bandwidth: 0 is too small; the least is 1"),
            ("{link: 5}", #"5: servers.files.link: expected a link, a mapping, got "5""#),
            ("{tools: 10001}", "5: servers.files.tools: 10001 is too large; the most is 10000"),
            ("{tools: [a, a]}", #"5: servers.files.tools[1]: the tool "a" stands twice"#),
            ("{tools: [{executes: 1s}]}", #"5: servers.files.tools[0]: the key "name" is missing"#),
            (
                "{tools: [{name: a, answers: nevr}]}",
                #"5: servers.files.tools[0].answers: expected a duration such as 250ms, got "nevr""#
            ),
            (
                "{tools: [{name: a, error: {code: 1}}]}",
                #"5: servers.files.tools[0].error: the key "message" is missing"#
            ),
            (
                "{tools: [{name: a, result: 1, error: {code: 1, message: b}}]}",
                #"5: servers.files.tools[0].result: "result" says nothing beside "error""#
            ),
            ("{tools: a}", #"5: servers.files.tools: expected a number of tools, or a list, got "a""#),
            ("{prompts: [a, a]}", #"5: servers.files.prompts[1]: "a" stands twice"#),
            ("{page-size: 0}", "5: servers.files.page-size: 0 is too small; the least is 1"),
            ("{exits: 256}", "5: servers.files.exits: 256 is too large; the most is 255"),
            (
                "{tools-of-connection: {0: 1}}",
                #"5: servers.files.tools-of-connection: expected the number of a connection, from 1, got "0""#
            ),
            (
                "{tools-of-connection: [1]}",
                "5: servers.files.tools-of-connection: expected a mapping of numbers of connections, got a list"
            ),
            ("{recording: x.jsonl, tools: 1}", #"5: servers.files.tools: "tools" says nothing beside "recording""#),
            ("{recording: [x]}", "5: servers.files.recording: expected the path of a recording, got a list"),
            ("5", #"5: servers.files: expected a server, a mapping, got "5""#),
            (
                "{tools: [{name: a, idempotent: 1}]}",
                #"5: servers.files.tools[0].idempotent: expected true or false, got "1""#
            ),
        ] as [(String, String)])
    func serversAreChecked(text: String, error: String) {
        #expect(
            ScenarioFileErrorTests.error("scenario: a\ntitle: A\nuntil: 1s\nservers:\n  files: " + text) == "a.yaml:"
                + error)
    }

    @Test func anAuthorizationServerHasNoRecording() {
        let servers = "  one: {}\n  two: {recording: x.jsonl, authorization: {}}"
        #expect(
            ScenarioFileErrorTests.error("scenario: a\ntitle: A\nuntil: 1s\nservers:\n" + servers)
                == #"a.yaml:6: servers.two.authorization: "authorization" says nothing beside "recording""#)
    }

    @Test(
        "faults are checked",
        arguments: [
            (
                "{refuse: refused, server: file}",
                #"5: faults[0].server: there is no server "file"; did you mean "files"?"#
            ),
            ("{refuse: refuse}", #"5: faults[0].refuse: there is no failure "refuse"; did you mean "refused"?"#),
            ("{refuse: {status: 500}}", "5: faults[0].refuse.status: 500 refuses nothing; known: 401, 403, 429, 503"),
            (
                "{refuse: {status: 401, retry-after: 3}}",
                #"5: faults[0].refuse.retry-after: "retry-after" says nothing beside "status: 401""#
            ),
            (
                "{refuse: {exits: 1, retry-after: 3}}",
                #"5: faults[0].refuse.retry-after: "retry-after" says nothing beside "exits""#
            ),
            (
                "{refuse: {}}",
                "5: faults[0].refuse: a failure needs one of the keys status, exits, misconfigured, broken"
            ),
            (
                "{server: files}",
                "5: faults[0]: a fault needs one of the keys refuse, delay-connect, hang-connect, reset, "
                    + "down, half-close, partition, drop, delay, duplicate, reorder, cut, hold, slow-reader, "
                    + "hold-close"
            ),
            ("{drop: true, delay: 1s}", #"5: faults[0].delay: a fault has one of "drop" and "delay", not both"#),
            ("{drop: false}", #"5: faults[0].drop: expected true, got "false""#),
            ("{dorp: true}", #"5: faults[0]: a fault has no key "dorp"; did you mean "drop"?"#),
            ("{drop: true, until: 1s, from: 2s}", #"5: faults[0].until: 1 s is not after "from", 2 s"#),
            ("{drop: true, until: 0s}", #"5: faults[0].until: 0 s is not after "from", 0 s"#),
            ("{drop: true, from: 200s}", "5: faults[0].from: 200 s is after the scenario's end at 100 s"),
            ("{drop: true, client: 1}", "5: faults[0].client: 1 is too large; the most is 0"),
            ("{drop: true, connection: 0}", "5: faults[0].connection: 0 is too small; the least is 1"),
            (
                "{drop: true, direction: s2s}",
                #"5: faults[0].direction: there is no direction "s2s"; did you mean "c2s"?"#
            ),
            ("{drop: true, count: 0}", "5: faults[0].count: 0 is too small; the least is 1"),
            ("{drop: true, skip: -1}", "5: faults[0].skip: -1 is too small; the least is 0"),
            (
                "{drop: true, after: {metod: ping}}",
                #"5: faults[0].after: a message has no key "metod"; did you mean "method"?"#
            ),
            (
                "{drop: true, after: {method: ping, number: 0}}",
                "5: faults[0].after.number: 0 is too small; the least is 1"
            ),
            (
                "{drop: true, method: tools/lst}",
                #"5: faults[0].method: there is no method "tools/lst"; did you mean "tools/list"?"#
            ),
            ("{drop: true, late: 1}", #"5: faults[0].late: expected true or false, got "1""#),
            ("{duplicate: 1}", "5: faults[0].duplicate: 1 is too small; the least is 2"),
            ("{cut: -1}", "5: faults[0].cut: -1 is too small; the least is 0"),
            ("{slow-reader: 0}", "5: faults[0].slow-reader: 0 is too small; the least is 1"),
            ("{reset: reset}", #"5: faults[0].reset: "reset" needs "from", "method" or "after", to say when"#),
            (
                "{half-close: s2c}",
                #"5: faults[0].half-close: "half-close" needs "from", "method" or "after", to say when"#
            ),
            (
                "{half-close: both, from: 1s}",
                #"5: faults[0].half-close: there is no direction "both"; known: c2s, s2c"#
            ),
            ("{hold: true}", #"5: faults[0].hold: "hold" needs "until", to say when it ends"#),
            ("{hold-close: true}", #"5: faults[0].hold-close: "hold-close" needs "until", to say when it ends"#),
            ("{hold: {until: ping}}", #"5: faults[0].hold: hold has no key "until"; known: until-message"#),
            ("{refuse: refused, method: ping}", #"5: faults[0].method: "method" says nothing beside "refuse""#),
            ("{partition: true, method: ping}", #"5: faults[0].method: "method" says nothing beside "partition""#),
            ("{reset: reset, from: 1s, late: true}", #"5: faults[0].late: "late" says nothing beside "reset""#),
            ("{down: fils}", #"5: faults[0].down: there is no server "fils"; did you mean "files"?"#),
            ("{down: files, method: ping}", #"5: faults[0].method: "method" says nothing beside "down""#),
        ] as [(String, String)])
    func faultsAreChecked(text: String, error: String) {
        #expect(Self.error("faults: [\(text)]") == "a.yaml:" + error)
    }

    @Test(
        "steps are checked",
        arguments: [
            (
                "{at: 0s}",
                "5: client[0]: a step needs one of the keys enable, disable, reconnect, begin-sign-in, "
                    + "sign-in, call, settle, ready"
            ),
            ("{enable: files}", #"5: client[0]: the key "at" is missing"#),
            ("{at: 0s, enable: file}", #"5: client[0].enable: there is no server "file"; did you mean "files"?"#),
            ("{at: 0s, enble: files}", #"5: client[0]: a step has no key "enble"; did you mean "enable"?"#),
            ("{at: 101s, enable: files}", "5: client[0].at: 101 s is after the scenario's end at 100 s"),
            ("{at: -1s, enable: files}", "5: client[0].at: -1s is negative; expected an instant from 0"),
            (
                "{at: 0s, enable: files, disable: files}",
                #"5: client[0].disable: a step has one of "enable" and "disable", not both"#
            ),
            ("{at: 0s, enable: files, id: x}", #"5: client[0].id: "id" says nothing beside "enable""#),
            ("{at: 0s, call: pay, server: files}", #"5: client[0]: the key "id" is missing"#),
            ("{at: 0s, call: pay, id: c}", #"5: client[0]: the key "server" is missing"#),
            (
                "{at: 0s, call: pay, id: c, server: x, count: 2}",
                #"5: client[0].server: there is no server "x"; known: files, other"#
            ),
            (
                "{at: 0s, call: pay, id: c, server: files, count: 100001}",
                "5: client[0].count: 100001 is too large; the most is 100000"
            ),
            (
                "{at: 0s, call: pay, id: c, server: files, arguments: [1]}",
                "5: client[0].arguments: expected a mapping of arguments, got a list"
            ),
            (
                "{at: 0s, call: pay, id: c, server: files, on-failure: retry}",
                #"5: client[0].on-failure: there is no reaction "retry"; known: reconnect"#
            ),
            (
                "{at: 0s, call: pay, id: a b, server: files}",
                #"5: client[0].id: an id has no spaces and is not empty, got "a b""#
            ),
            ("{at: 0s, settle: s}", #"5: client[0]: the key "timeout" is missing"#),
            ("{at: 0s, ready: files}", #"5: client[0]: the key "id" is missing"#),
            ("{at: 0s, sign-in: {succeeded: false}}", #"5: client[0].sign-in: the key "server" is missing"#),
            (
                "{at: 0s, sign-in: {server: files, succeded: false}}",
                #"5: client[0].sign-in: sign-in has no key "succeded"; did you mean "succeeded"?"#
            ),
        ] as [(String, String)])
    func stepsAreChecked(text: String, error: String) {
        #expect(Self.error("client: [\(text)]") == "a.yaml:" + error)
    }
}
