import MCPCore
import RepriseScenarios

/// How far something may lie from the instant that a scenario names, since real time is not exact.
public struct Tolerance: Sendable, Equatable, CustomStringConvertible {
    /// So much of real time, however fast the scenario's time passes.
    public var base: Duration
    /// So many hundredths of the instant on top.
    public var percent: Int

    /// 100 ms and 5 %.
    public static let standard = Tolerance(base: .milliseconds(100), percent: 5)

    /// So much real time, and so many hundredths of the instant.
    public init(base: Duration, percent: Int) {
        self.base = base
        self.percent = percent
    }

    /// Reads `100ms`, `0.2s` or `100ms+5%`; nil for any other text, and for more than 100 % or an hour.
    public init?(_ text: String) {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let base = Self.duration(first) else { return nil }
        var percent = 0
        if parts.count == 2 {
            guard parts[1].hasSuffix("%"), let number = Int(parts[1].dropLast()), (0...100).contains(number) else {
                return nil
            }
            percent = number
        }
        self.init(base: base, percent: percent)
    }

    private static func duration(_ text: Substring) -> Duration? {
        let (digits, unit) = text.hasSuffix("ms") ? (text.dropLast(2), 0.001) : (text.dropLast(), 1)
        guard text.hasSuffix("s"), let number = Double(digits), number >= 0, number * unit <= 3600 else { return nil }
        return .nanoseconds(Int64(number * unit * 1e9))
    }

    /// How far from `instant` is near enough, in the scenario's time.
    public func span(at instant: Instant, speed: Int) -> Duration {
        base * speed + .nanoseconds(max(0, instant.nanoseconds / 100 * Int64(percent)))
    }

    /// How late a timer of this machine may come, in real time, for a mismatch to count.
    ///
    /// Half of what an instant may be off, since the client may be as late as we are.
    public var latenessMax: Duration { base / 2 }

    /// What mismatches come to, when the latest timer of this machine came so late.
    func verdict(on mismatches: [ScenarioMismatch], lateness: Duration) -> RehearsalResult.Verdict {
        if mismatches.isEmpty { return .held }
        return lateness > latenessMax ? .void : .broken
    }

    /// `100 ms + 5 %`.
    public var description: String {
        "\((base * 1000).secondsText) ms" + (percent > 0 ? " + \(percent) %" : "")
    }
}
