/// How fast recorded frames are sent once they are due.
public enum ReplayPace: Equatable, Sendable {
    /// As fast as causality allows.
    case fast
    /// With the recorded delays divided by this factor; 1 is as recorded.
    case recorded(speed: Double)

    /// The microseconds to wait where the recording shows so many.
    func delay(_ recorded: Int64) -> Int64 {
        guard case .recorded(let speed) = self, recorded > 0 else { return 0 }
        // An edited recording may hold any time; thirty years are as good as never.
        let scaled = min(Double(recorded) / speed, 1e15)
        return scaled > 0 ? Int64(scaled.rounded()) : 0
    }
}
