/// What is written next to a client: frames split where reads ended, and joined where one read brought several.
struct OutgoingBytes: Sendable {
    private var pending: [UInt8] = []

    /// Adds a frame and gives the writes that are complete with it; bytes behind the last cut wait for the next frame.
    mutating func append(_ bytes: [UInt8], cuts: [Int]) -> [[UInt8]] {
        var writes: [[UInt8]] = []
        var position = 0
        for cut in cuts where cut >= position {
            pending += bytes[position..<cut]
            position = cut
            if let write = flush() { writes.append(write) }
        }
        pending += bytes[position...]
        return writes
    }

    /// What is still to be written; nil when there is nothing.
    mutating func flush() -> [UInt8]? {
        guard !pending.isEmpty else { return nil }
        defer { pending.removeAll() }
        return pending
    }
}
