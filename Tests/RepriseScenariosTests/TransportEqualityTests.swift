import MCPCore
import RepriseScenarios
import Testing

/// One scenario over the network of messages and over HTTP: what a client sees of it is the same.
@Suite struct TransportEqualityTests {
    /// A world with one server, whose behaviour over HTTP is `http`; nil is on the network of messages.
    static func log(_ world: World, _ http: String?, seed: UInt64, revision: String = "2025-11-25") throws -> [String] {
        let scenario = try Scenario(
            yaml: """
                scenario: a
                title: A
                until: 200s
                revision: \(revision)
                relaxed: [states, wire, tools, results, effects]
                servers:
                  files: {\(world.server)\(http.map { ", http: \($0)" } ?? "")}
                faults: [\(world.faults)]
                client: [\(world.steps)]
                """, path: "a.yaml")
        let result = ScenarioRunner(scenario).run(seed: seed)
        #expect(result.isPassed, "\(result.mismatches.map(\.description))")
        // Of what crosses the wire, which is different, only its effects are seen elsewhere.
        return result.events.compactMap { event in
            if case .wire(let wire) = event.what {
                if case .effect = wire.what { return "\(event)".replacing(#/#[0-9]+/#, with: "") }
                return nil
            }
            return "\(event)"
        }
    }

    /// What a scenario declares of its server and of what happens to it.
    struct World: CustomTestStringConvertible {
        var testDescription: String
        var server: String
        var faults = ""
        var steps = ""
        /// Lines that the log has to have, so that an empty one is not equal to another.
        var shows: [String]
    }

    static let worlds = [
        World(
            // Calls that begin at one instant would go out in an order that the seed chooses.
            testDescription: "calls with results, errors and no answer",
            server: """
                tools: [{name: pay, executes: 100ms, answers: 300ms}, {name: fail, error: {code: -32000, message: no}}, \
                {name: wait, answers: never}]
                """,
            steps: """
                {at: 1s, call: pay, server: files, id: a, arguments: {n: 1}}, {at: 1.05s, call: fail, server: files, id: b}, \
                {at: 1.2s, call: wait, server: files, id: c, timeout: 5s}, {at: 2s, call: nothing, server: files, id: d}
                """,
            shows: ["result\ta: {\"content\"", "result\tb: refused", "result\tc: timed-out", "result\td: refused"]),
        World(
            testDescription: "lists in pages, and what is not declared",
            server: "tools: 7, page-size: 2", shows: ["files\ttools: 7"]),
        World(
            testDescription: "a server that refuses three connects",
            server: "tools: 3", faults: "{refuse: refused, count: 3}",
            shows: ["pending, attempt 3 of 5", "connected, generation 4"]),
        World(
            testDescription: "switched off and on by the user",
            server: "tools: 3", steps: "{at: 1s, disable: files}, {at: 2s, enable: files}",
            shows: ["files\tdisabled", "connected, generation 2"]),
        World(
            testDescription: "reconnected by the user",
            server: "tools: 3", steps: "{at: 5s, reconnect: files, id: again}",
            shows: ["result\tagain: {}", "connected, generation 2"]),
    ]

    @Test(
        "S-002: over messages and over HTTP a scenario shows the client the same states, tools and results",
        arguments: worlds)
    func aScenarioShowsTheSameOverEveryTransport(world: World) throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let messages = try Self.log(world, nil, seed: seed)
            for line in world.shows { #expect(messages.contains { $0.contains(line) }, "\(line)") }
            for http in ["{}", "{answers: json}", "{sessions: false, event-ids: false}"] {
                #expect(try Self.log(world, http, seed: seed) == messages, "\(http), seed \(seed)")
            }
            #expect(try Self.log(world, "{}", seed: seed, revision: "2025-03-26") == messages)
        }
    }
}
