import RepriseScenarios
import RepriseSimulation

/// Scenarios of a few lines for the tests.
enum SampleScenario {
    /// A scenario of one server `files` over HTTP; `text` is what comes after it.
    static func overHTTP(_ text: String, begin: String = "cold", until: String = "5s") throws -> Scenario {
        var scenario = try Scenario(
            yaml:
                """
                scenario: sample
                title: A sample.
                begin: \(begin)
                until: \(until)
                servers:
                  files: {tools: [search]}
                \(text)
                """, path: "sample.yaml")
        for index in scenario.servers.indices {
            guard case .declared(var description) = scenario.servers[index].behaviour else { continue }
            description.http = HTTPBehaviour()
            scenario.servers[index].behaviour = Scenario.Behaviour.declared(description)
        }
        return scenario
    }
}
