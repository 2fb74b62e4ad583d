import MCPCore

/// What is due when, the earliest first: by time, rank of the phase and order of entry.
typealias TimerQueue = MinimumHeap<Timed>

/// Something that is due.
struct Timed: Comparable, Sendable {
    var at: Instant
    /// Of what is due at one instant, the lower comes first.
    var rank: Int
    var id: UInt64

    static func < (left: Timed, right: Timed) -> Bool {
        if left.at != right.at { return left.at < right.at }
        if left.rank != right.rank { return left.rank < right.rank }
        return left.id < right.id
    }
}
