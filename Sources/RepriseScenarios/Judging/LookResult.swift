import MCPCore

/// What one client showed at a look of its scenario.
public struct LookResult: Sendable, Equatable {
    /// Which look, as an index into `expectations.looks`.
    public var look: Int
    /// The client's number, from 0.
    public var client: Int
    /// The state of the look's server; nil if the client does not know it.
    public var state: ServerState?
    /// The attempt count of that server, whatever its state; nil if there is none.
    public var attempt: Int?
    /// How many tools of that server the registry has.
    public var toolCount: Int
    /// Timers of the client's own, over all its servers.
    public var timerCount: Int

    /// What a client showed.
    public init(look: Int, client: Int, state: ServerState?, attempt: Int?, toolCount: Int, timerCount: Int) {
        self.look = look
        self.client = client
        self.state = state
        self.attempt = attempt
        self.toolCount = toolCount
        self.timerCount = timerCount
    }
}
