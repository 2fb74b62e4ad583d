import RepriseScenarios
import Testing

/// What is wrong with an expectation is said with line, key, and the nearest word.
@Suite struct ExpectationErrorTests {
    static func error(_ text: String) -> String? { ScenarioFileErrorTests.error(ScenarioFileErrorTests.head + text) }

    @Test(
        "expectations are checked",
        arguments: [
            ("stats: {}", #"6: expect: expect has no key "stats"; did you mean "states"?"#),
            ("states: {file: 1}", #"6: expect.states: there is no server "file"; did you mean "files"?"#),
            (
                "states: {files: [{state: conected}]}",
                #"6: expect.states.files[0].state: there is no state "conected"; did you mean "connected"?"#
            ),
            ("states: {files: [{at: 0s}]}", #"6: expect.states.files[0]: the key "state" is missing"#),
            (
                "states: {files: [0s]}",
                #"6: expect.states.files[0]: expected an entry of states, a mapping, got "0s""#
            ),
            (
                "states: {files: [{state: connected, attempt: 1}]}",
                #"6: expect.states.files[0].attempt: "attempt" says nothing beside "state: connected""#
            ),
            (
                "states: {files: [{state: pending, reason: network}]}",
                #"6: expect.states.files[0].reason: "reason" says nothing beside "state: pending""#
            ),
            (
                "states: {files: [{state: failed, reason: netwrk}]}",
                #"6: expect.states.files[0].reason: there is no reason "netwrk"; did you mean "network"?"#
            ),
            (
                "states: {files: [{state: failed, will-retry: maybe}]}",
                #"6: expect.states.files[0].will-retry: expected true or false, got "maybe""#
            ),
            (
                "states: {files: [{state: failed, at: 101s}]}",
                "6: expect.states.files[0].at: 101 s is after the scenario's end at 100 s"
            ),
            (
                "states: {files: [{state: failed, at: 2s}, {state: failed, at: 1s}]}",
                "6: expect.states.files[1]: 1 s stands after 2 s; entries stand in order of time"
            ),
            (
                "states: {files: [{state: failed, as: x}, {state: failed, as: x}]}",
                #"6: expect.states.files[1].as: the label "x" stands in line 6 too"#
            ),
            (
                "states: {files: [{state: failed, as: up}, {state: failed, after: upp}]}",
                #"6: expect.states.files[1].after: no entry is called "upp"; did you mean "up"?"#
            ),
            (
                "states: {files: [{state: failed, after: x}]}",
                #"6: expect.states.files[0].after: no entry is called "x""#
            ),
            (
                "states: {files: [{state: failed, as: x, after: x}]}",
                "6: expect.states.files[0].after: an entry does not come after itself"
            ),
            (
                "states: {files: [{state: failed, times: 0}]}",
                "6: expect.states.files[0].times: 0 is too small; the least is 1"
            ),
            (
                "states: {files: [{state: failed, count: 2}]}",
                #"6: expect.states.files[0]: an entry of states has no key "count"; known: at, state, "#
                    + "attempt, reason, will-retry, times, as, after"
            ),
            (
                "states: {files: x}",
                #"6: expect.states.files: expected a number, a list, or {at-least: …, at-most: …}, got "x""#
            ),
            ("states: [1]", "6: expect.states: expected a mapping of servers, got a list"),
            ("wire: {files: 0}", #"6: expect.wire.files: expected a mapping of routes, got "0""#),
            ("wire: {fles: {connect: 1}}", #"6: expect.wire: there is no server "fles"; did you mean "files"?"#),
            (
                "wire: {files: {conect: 1}}",
                #"6: expect.wire.files.conect: there is no method "conect"; did you mean "connect"?"#
            ),
            (
                "wire: {files: {tools/cal: 1}}",
                #"6: expect.wire.files.tools/cal: there is no method "tools/cal"; did you mean "tools/call"?"#
            ),
            ("wire: {files: {connect: -1}}", "6: expect.wire.files.connect: -1 is too small; the least is 0"),
            (
                "wire: {files: {connect: 7s}}",
                #"6: expect.wire.files.connect: expected a number, a list, or {at-least: …, at-most: …}, got "7s""#
            ),
            (
                "wire: {files: {connect: [7sec]}}",
                #"6: expect.wire.files.connect[0]: there is no unit "sec"; known: ns, us, ms, s, min, h, d"#
            ),
            (
                "wire: {files: {connect: [2s, 1s]}}",
                "6: expect.wire.files.connect[1]: 1 s stands after 2 s; entries stand in order of time"
            ),
            (
                "wire: {files: {connect: {at-lest: 1}}}",
                #"6: expect.wire.files.connect: a range has no key "at-lest"; did you mean "at-least"?"#
            ),
            ("wire: {files: {connect: {}}}", #"6: expect.wire.files.connect: a range needs "at-least" or "at-most""#),
            (
                "wire: {files: {connect: {at-least: 3, at-most: 1}}}",
                #"6: expect.wire.files.connect: "at-least" is more than "at-most""#
            ),
            (
                "wire: {files: {connect: [{at: 1s, state: pending}]}}",
                #"6: expect.wire.files.connect[0]: an entry of wire has no key "state"; known: at, count, token, resumes, session, as, after"#
            ),
            ("tools: {files: [{count: -1}]}", "6: expect.tools.files[0].count: -1 is too small; the least is 0"),
            ("results: {c2: 1}", #"6: expect.results: no step has the id "c2"; did you mean "c1"?"#),
            (
                "results: {c1: [{error: outcome-unkown}]}",
                #"6: expect.results.c1[0].error: there is no error "outcome-unkown"; did you mean "#
                    + #""outcome-unknown"?"#
            ),
            (
                "results: {c1: [{error: refused, result: 1}]}",
                #"6: expect.results.c1[0].error: "error" says nothing beside "result""#
            ),
            (
                "results: {c1: [{settled: {fils: connected}}]}",
                #"6: expect.results.c1[0].settled: there is no server "fils"; did you mean "files"?"#
            ),
            (
                "results: {c1: [{settled: {files: up}}]}",
                #"6: expect.results.c1[0].settled.files: there is no state "up"; known: connected, failed, "#
                    + "needs-auth, pending, disabled"
            ),
            ("effects: {files: 1}", #"6: expect.effects.files: expected a mapping of tools, got "1""#),
            (
                "looks: [{at: 1s, server: files}]",
                "6: expect.looks[0]: a look needs one of the keys state, attempt, tools, timers"
            ),
            ("looks: [{server: files, state: failed}]", #"6: expect.looks[0]: the key "at" is missing"#),
            (
                "looks: [{at: 1s, server: fles, state: failed}]",
                #"6: expect.looks[0].server: there is no server "fles"; did you mean "files"?"#
            ),
            (
                "looks: [{at: 1s, server: files, clients: 1}]",
                "6: expect.looks[0]: a look needs one of the keys state, attempt, tools, timers"
            ),
            ("looks: {at: 1s}", "6: expect.looks: expected a list of looks, got a mapping"),
            (
                "peaks: [{server: files, route: connect, bucket: 0s, at-most: 1}]",
                "6: expect.peaks[0].bucket: a bucket is longer than 0"
            ),
            (
                "peaks: [{server: files, route: conect, bucket: 1s, at-most: 1}]",
                #"6: expect.peaks[0].route: there is no method "conect"; did you mean "connect"?"#
            ),
            (
                "peaks: [{server: files, route: connect, at-most: 1}]",
                #"6: expect.peaks[0]: the key "bucket" is missing"#
            ),
        ] as [(String, String)])
    func expectationsAreChecked(text: String, error: String) {
        #expect(
            Self.error("client: [{at: 0s, call: pay, server: files, id: c1}]\nexpect: {\(text)}") == "a.yaml:" + error)
    }

    @Test(
        "prohibitions are checked",
        arguments: [
            ("{wire: file connect}", #"5: never[0].wire: there is no server "file"; did you mean "files"?"#),
            ("{wire: files conect}", #"5: never[0].wire: there is no method "conect"; did you mean "connect"?"#),
            (
                "{states: files, state: faild}",
                #"5: never[0].state: there is no state "faild"; did you mean "failed"?"#
            ),
            ("{wire: files connect, state: failed}", #"5: never[0].state: "state" says nothing beside "wire""#),
            (
                "{from: 1s}",
                "5: never[0]: never needs one of the keys states, wire, tools, results, progress, effects, "
                    + "notifications, notices, statuses, pushed"
            ),
            (
                "{wire: files connect, states: files}",
                #"5: never[0].states: never has one of "wire" and "states", not both"#
            ),
            ("{wire: files, from: 2s, until: 1s}", #"5: never[0]: "until", 1 s, is before "from", 2 s"#),
            ("{tools: files x}", #"5: never[0].tools: expected a server, got "files x""#),
            ("{wire: files, from: 101s}", "5: never[0].from: 101 s is after the scenario's end at 100 s"),
            ("{wires: files}", #"5: never[0]: never has no key "wires"; did you mean "wire"?"#),
        ] as [(String, String)])
    func prohibitionsAreChecked(text: String, error: String) {
        #expect(Self.error("never: [\(text)]") == "a.yaml:" + error)
    }

    @Test(
        "the nearest word is the one with the fewest edits",
        arguments: [
            ("conect", "connected"), ("faield", "failed"), ("Pending", "pending"), ("x", nil), ("", nil),
            ("failedd", "failed"),
        ] as [(String, String?)])
    func theNearestWordIsFound(text: String, nearest: String?) {
        let error = Self.error("expect: {states: {files: [{state: '\(text)'}]}}")
        #expect(error?.contains("did you mean \"\(nearest ?? "")\"?") == (nearest != nil))
    }
}
