import MCPCore
import MCPWire
import RepriseScenarios

extension Scenario {
    /// What its client does, as JSON for the environment variable `REPRISE_STEPS`.
    ///
    /// An array of objects: `at` in milliseconds of real time since t = 0, at `speed` scenario seconds a real one,
    /// `action`, then what belongs to it.
    public func clientSteps(speed: Int) -> JSONValue {
        .array(
            steps.sorted { $0.at < $1.at }.map { step in
                let milliseconds = (Duration.nanoseconds(step.at.nanoseconds) * 1000 / speed).secondsText
                return .object([.init("at", .number(milliseconds))] + step.action.members)
            })
    }
}

extension Scenario.Action {
    fileprivate var members: [JSONValue.Member] {
        switch self {
        case .enable(let server): Self.members("enable", server)
        case .disable(let server): Self.members("disable", server)
        case .reconnect(let server, _): Self.members("reconnect", server)
        case .beginSignIn(let server): Self.members("begin-sign-in", server)
        case .completeSignIn(let server, _), .signIn(let server): Self.members("sign-in", server)
        case .ready(let server, _): Self.members("ready", server)
        case .settle: [.init("action", "settle")]
        case .call(let call):
            Self.members("call", call.server) + [
                .init("tool", .string(call.tool)), .init("arguments", call.arguments), .init("count", .int(call.count)),
            ]
                + (call.timeout.map {
                    [.init("timeout", .number(($0 * 1000).secondsText))]
                } ?? [])
        }
    }

    private static func members(_ action: String, _ server: String) -> [JSONValue.Member] {
        [.init("action", .string(action)), .init("server", .string(server))]
    }
}
