/// How a foreign client is started: its command, with what it is to reach as the last arguments.
public struct ClientInvocation: Sendable, Equatable {
    /// The command and all its arguments.
    public var command: [String]
    /// What is set in its environment beside what we have ourselves.
    public var environment: [String: String]

    /// A client that is given the URL of an HTTP server, or the command that starts a stdio server.
    public init(_ command: [String], reaching target: [String], scenario: String, steps: String) {
        self.command = command + target
        environment = ["REPRISE_SCENARIO": scenario, "REPRISE_STEPS": steps]
    }
}
