import MCPWire
import RepriseScenarios

/// How a foreign client is started: its command, with what it is to reach as the last arguments.
public struct ClientInvocation: Sendable, Equatable {
    /// The command and all its arguments.
    public var command: [String]
    /// What is set in its environment beside what we have ourselves.
    public var environment: [String: String] = [:]

    /// A command that is told nothing.
    init(_ command: [String]) {
        self.command = command
    }

    /// A client of a scenario, which is given URLs of HTTP servers, or the command that starts a stdio server.
    ///
    /// `REPRISE_SCENARIO` is the scenario's name, `REPRISE_BEGIN` how the client stands at t = 0, `REPRISE_STEPS` what
    /// it does then (see ``RepriseScenarios/Scenario/clientSteps(speed:)``), and `REPRISE_SERVERS` what it has on file.
    public init(
        _ command: [String], reaching target: [String], of scenario: Scenario, servers: JSONValue, speed: Int
    ) {
        self.command = command + target
        environment = [
            "REPRISE_SCENARIO": scenario.name, "REPRISE_BEGIN": scenario.begin.rawValue,
            "REPRISE_STEPS": scenario.clientSteps(speed: speed).description, "REPRISE_SERVERS": servers.description,
        ]
    }
}
