import MCPWire

/// What the ledger says of calls.
extension CallLedger {
    /// What a call ends with.
    public typealias Outcome = Result<JSONValue, ConnectionError>

    /// The end of a call.
    public struct Ending: Sendable, Equatable {
        /// The call's number.
        public var number: Int
        /// What the caller gets.
        public var outcome: Outcome
        /// The request that the server may still work on, and is to be told that nobody waits for; nil if there is none.
        public var abandoned: Int?

        /// Makes an end.
        public init(number: Int, outcome: Outcome, abandoned: Int? = nil) {
            self.number = number
            self.outcome = outcome
            self.abandoned = abandoned
        }
    }

    /// What an answer meets.
    public enum Match: Sendable, Equatable {
        case ending(Ending)
        /// The call is over: it was cancelled, or its time had passed. Answers to such calls are tolerated.
        case late
        /// No such request was ever sent on this connection, or it has its answer already.
        case unknown
    }

    /// What follows from a request that gets no answer any more, while its connection stands.
    public enum Consequence: Sendable, Equatable {
        case ending(Ending)
        /// The call of that number is to be sent once more, at once.
        case resend(Int)
        /// The call waits for the next connection, or nobody waits for it any more.
        case none
    }
}
