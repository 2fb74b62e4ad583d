import RepriseScenarios
import Testing

/// What is wrong with a file is said with line, key, and the nearest word.
@Suite struct ScenarioFileErrorTests {
    /// What reading throws, in words; nil if it does not.
    static func error(_ yaml: String) -> String? {
        do throws(ScenarioError) {
            _ = try Scenario(yaml: yaml, path: "a.yaml")
            return nil
        } catch {
            return error.description
        }
    }

    /// Four lines above which nothing is wrong.
    static let head = "scenario: a\ntitle: A\nuntil: 100s\nservers: {files: {tools: 2}, other: {}}\n"

    @Test(
        "what is no YAML, or more than the format reads, is refused",
        arguments: [
            ("", "1: the file is empty"),
            ("# only a comment\n", "1: the file is empty"),
            ("---\n", "1: the file is empty"),
            ("a: 1\n---\nb: 2\n", "2: a second document begins; a file holds one scenario"),
            ("a: [1\n", "1: is no YAML: did not find expected ',' or ']'"),
            ("a:\n\tb: 1\n", "2: a tab stands before the text; YAML wants spaces"),
            ("a: 1\na: 2\n", #"1: the key "a" stands twice in a mapping"#),
            (#"a: "\#n"#, "1: is no YAML: found unexpected end of stream"),
            (
                "scenario: &x a\ntitle: A\n",
                "1: scenario: anchors and aliases (&, *) are not read; write the value out, or quote it"
            ),
            (
                "a: &x [1]\nb: {*x : 1}\n",
                "1: anchors and aliases (&, *) are not read; write the value out, or quote it"
            ),
            ("a: *x\n", "1: is no YAML: found undefined alias"),
            ("a: !!int 3\n", "1: a: tags (tag:yaml.org,2002:int) are not read"),
            ("{a: 1}: 2\n", "1: a key has to be plain text"),
            ("a: \u{1}\n", "1: is no YAML: control characters are not allowed"),
            ("- 1\n", "1: expected a scenario, a mapping, got a list"),
            ("text\n", #"1: expected a scenario, a mapping, got "text""#),
            ("title: A\nuntil: 1s\nservers: {a: {}}\n", #"1: the key "scenario" is missing"#),
            ("scenario: a\nuntil: 1s\nservers: {a: {}}\n", #"1: the key "title" is missing"#),
            ("scenario: a\ntitle: A\nservers: {a: {}}\n", #"1: the key "until" is missing"#),
            ("scenario: a\ntitle: A\nuntil: 1s\n", #"1: the key "servers" is missing"#),
            ("scenario: a\ntitle: A\nuntil: 1s\nservers: {}\n", "4: servers: a scenario has at least one server"),
            (
                "scenario: a\ntitle: A\nuntil: 1s\nservers: [a]\n",
                "4: servers: expected a mapping of servers, got a list"
            ),
            (
                "scenario: Bad Name\ntitle: A\nuntil: 1s\nservers: {a: {}}\n",
                #"1: scenario: a scenario's name is made of a-z, 0-9 and -, got "Bad Name""#
            ),
            (
                "scenario: a\ntitle: A\nuntil: 1s\nservers: {a b: {}}\n",
                "4: servers: a server's name has no spaces and is not empty"
            ),
        ] as [(String, String)])
    func whatIsNoYAMLIsRefused(text: String, error: String) {
        #expect(Self.error(text) == "a.yaml:" + error)
    }

    @Test(
        "keys and values at the top are checked",
        arguments: [
            ("sevrers: 1", #"5: a scenario has no key "sevrers"; did you mean "servers"?"#),
            (
                "xyzzy: 1",
                #"5: a scenario has no key "xyzzy"; known: scenario, title, proves, seeds, profile, policy, "#
                    + "revision, revisions, order, begin, until, clients, servers, faults, client, expect, never, relaxed"
            ),
            ("title:", #"2: the key "title" stands twice in a mapping"#),
            ("proves: RS-01", #"5: proves: expected a list of ids, got "RS-01""#),
            ("proves: [RS1]", #"5: proves[0]: expected an id such as RS-01, got "RS1""#),
            ("proves: [RS-01, RS-01]", "5: proves[1]: the id RS-01 stands twice"),
            ("seeds: 9...2", "5: seeds: the range of seeds 9...2 is turned round: write 2...9"),
            ("seeds: -1", #"5: seeds: "-1" is no seed: write a number, or a range such as 1...100"#),
            ("seeds: a", #"5: seeds: "a" is no seed: write a number, or a range such as 1...100"#),
            ("seeds: 0...100000", "5: seeds: 0...100000 are more than 100000 seeds"),
            ("seeds: []", "5: seeds: a scenario has at least one seed"),
            ("seeds: [1, 1]", "5: seeds[1]: the seed 1 stands twice"),
            ("seeds: [1...60000, 60001...120000]", "5: seeds[1]: a scenario has at most 100000 seeds"),
            (
                "seeds: 99999999999999999999",
                #"5: seeds: "99999999999999999999" is no seed: write a number, or a range such as 1...100"#
            ),
            ("seeds: {a: 1}", "5: seeds: expected a seed, or seeds such as 1...20, got a mapping"),
            ("profile: curent", #"5: profile: there is no profile "curent"; did you mean "current"?"#),
            ("profile: []", "5: profile: expected a profile (chapter, current), got a list"),
            (
                "revision: 2026-07-28",
                #"5: revision: there is no revision "2026-07-28" to ask for; known: 2024-11-05, 2025-03-26, "#
                    + "2025-06-18, 2025-11-25"
            ),
            (
                "revision: 2025-11-24",
                #"5: revision: there is no revision "2025-11-24" to ask for; known: 2024-11-05, 2025-03-26, "#
                    + "2025-06-18, 2025-11-25"
            ),
            ("begin: conected", #"5: begin: there is no beginning "conected"; did you mean "connected"?"#),
            ("clients: 0", "5: clients: 0 is too small; the least is 1"),
            ("clients: 1000001", "5: clients: 1000001 is too large; the most is 1000000"),
            ("clients: many", #"5: clients: expected a number of clients, got "many""#),
            ("relaxed: [wires]", #"5: relaxed[0]: there is no kind of channel "wires"; did you mean "wire"?"#),
            ("relaxed: [wire, wire]", "5: relaxed[1]: wire stands twice"),
            ("relaxed: wire", #"5: relaxed: expected a list of kinds of channels, got "wire""#),
            ("policy: {jiter: none}", #"5: policy: a policy has no key "jiter"; did you mean "jitter"?"#),
            ("policy: {jitter: some}", #"5: policy.jitter: there is no jitter "some"; known: none, half, full"#),
            ("policy: {retries: -1}", "5: policy.retries: -1 is too small; the least is 0"),
            ("policy: {retries: 2.5}", #"5: policy.retries: expected a number of retries, got "2.5""#),
            (
                "policy: {retries: 99999999999999999999}",
                "5: policy.retries: 99999999999999999999 is too large; the most is 1000"
            ),
            ("policy: {backoff: -1s}", "5: policy.backoff: -1s is negative; expected a duration from 0"),
            (
                "policy: {backoff: 1sec}",
                #"5: policy.backoff: there is no unit "sec"; known: ns, us, ms, s, min, h, d"#
            ),
            ("policy: {backoff: 5m}", #"5: policy.backoff: there is no unit "m"; did you mean "ms"?"#),
            ("policy: {backoff: soon}", #"5: policy.backoff: expected a duration such as 250ms, got "soon""#),
            ("policy: {backoff: 1.2.3}", #"5: policy.backoff: expected a duration such as 250ms, got "1.2.3""#),
            ("policy: {backoff: 0.1ns}", #"5: policy.backoff: "0.1ns" is finer than a nanosecond"#),
            (
                "policy: {backoff: 300000d}",
                "5: policy.backoff: 300000d is too long; expected a duration of at most 292 years"
            ),
            (
                "policy: {backoff: 99999999999999999999s}",
                "5: policy.backoff: 99999999999999999999s is too long; expected a duration of at most 292 years"
            ),
            ("policy: {backoff: }", "5: policy.backoff: expected a duration such as 250ms, got nothing"),
            ("policy: {backoff: .5s}", #"5: policy.backoff: expected a duration such as 250ms, got ".5s""#),
            ("policy: {backoff: [1s]}", "5: policy.backoff: expected a duration such as 250ms, got a list"),
            (#"policy: {backoff: "1 s"}"#, #"5: policy.backoff: there is no unit " s"; did you mean "ns"?"#),
            ("policy: 1", #"5: policy: expected a policy, a mapping, got "1""#),
            ("faults: [5]", #"5: faults[0]: expected a fault, a mapping, got "5""#),
            ("faults: {drop: true}", "5: faults: expected a list of faults, got a mapping"),
            (
                "client:\n  - {at: 0s, settle: s, timeout: 1s}\n  - {at: 0s, ready: files, id: s}",
                #"7: client[1]: the id "s" stands in line 6 too"#
            ),
        ] as [(String, String)])
    func theTopIsChecked(text: String, error: String) {
        #expect(Self.error(Self.head + text) == "a.yaml:" + error)
    }

    @Test func depthIsLimited() throws {
        let limit = "lists and mappings stand within each other at most 32 deep"
        for depth in [32, 40, 999, 1_001, 200_000] {
            let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            let error = try #require(Self.error("a: \(nested)"))
            #expect(error.hasSuffix(limit))
        }
        let nested = String(repeating: "[", count: 30) + String(repeating: "]", count: 30)
        #expect(Self.error("a: \(nested)")?.contains("has no key") == true)
        let block = (0..<400).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
        #expect(Self.error(block)?.hasSuffix(limit) == true)
    }

    @Test func sizeIsLimited() {
        let comment = "#" + String(repeating: " ", count: 1 << 20)
        #expect(Self.error(comment) == "a.yaml:1: 1048577 bytes; a scenario has at most 1048576")
        #expect(Self.error(String(comment.dropLast())) == "a.yaml:1: the file is empty")
    }

    @Test func aliasesThatWouldMultiplyAreRefused() {
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...40 { bomb += "a\(level): &a\(level) {? [*a\(level - 1), *a\(level - 1)] : 1}\n" }
        #expect(Self.error(bomb)?.contains("anchors and aliases (&, *) are not read") == true)
    }

    @Test func marksWithinTextAreNoAnchors() throws {
        let text = "title: R&D pays 2*3 for *all* & a &b\n"
        let scenario = try Scenario(
            yaml: "scenario: a\n\(text.replacing("&b", with: "& b"))until: 1s\nservers: {a: }", path: "a.yaml")
        #expect(scenario.title == "R&D pays 2*3 for *all* & a & b")
    }

    @Test func longWordsAreCut() {
        let long = String(repeating: "x", count: 100)
        let cut = String(repeating: "x", count: 60) + "…"
        #expect(
            Self.error(Self.head + "profile: \(long)")
                == "a.yaml:5: profile: there is no profile \"\(cut)\"; known: chapter, current")
    }
}
