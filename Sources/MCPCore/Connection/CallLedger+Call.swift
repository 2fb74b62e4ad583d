import MCPWire

extension CallLedger {
    /// A request that somebody waits for.
    public struct Call: Sendable, Equatable {
        /// The call's number in the manager, which no other call has.
        public var number: Int
        /// The method.
        public var method: String
        /// The parameters; nil if there are none.
        public var params: JSONValue?
        /// Whether a repeated call does no more than the first.
        public var isIdempotent: Bool
        /// How long the caller waits.
        public var patience: Patience
        /// Whether the server is asked to tell how far it has come.
        public var wantsProgress: Bool

        /// Makes a call.
        public init(
            number: Int, method: String, params: JSONValue?, isIdempotent: Bool = false, patience: Patience = .init(),
            wantsProgress: Bool = false
        ) {
            self.number = number
            self.method = method
            self.params = params
            self.isIdempotent = isIdempotent
            self.patience = patience
            self.wantsProgress = wantsProgress
        }
    }

    /// How long a caller waits for an answer: until an instant, and between signs of life no longer than so long.
    public struct Patience: Sendable, Equatable {
        /// When it ends in any case; nil is never.
        public var end: Instant?
        /// How long it lasts from the sending, and from each progress that is told; nil is without limit.
        public var idle: Duration?

        /// Patience; without limit unless said.
        public init(until end: Instant? = nil, idle: Duration? = nil) {
            self.end = end
            self.idle = idle
        }

        /// When it ends if nothing is heard from now on; nil is never.
        func due(at now: Instant) -> Instant? {
            guard let idle else { return end }
            let due = now.advanced(by: idle)
            return end.map { min($0, due) } ?? due
        }
    }
}
