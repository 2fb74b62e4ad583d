/// A point in time, in nanoseconds since the start of the program or of the simulation.
///
/// One concrete type, because instants of `any Clock` cannot be compared. Arithmetic stops at the ends of `Int64`
/// (292 years) instead of trapping.
public struct Instant: InstantProtocol, Hashable, Sendable, CustomStringConvertible {
    /// Nanoseconds since the start.
    public var nanoseconds: Int64

    /// The instant so many nanoseconds after the start.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The start.
    public static let zero = Instant(nanoseconds: 0)

    /// The instant that lies `duration` later.
    public func advanced(by duration: Duration) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        guard overflow else { return Instant(nanoseconds: sum) }
        return Instant(nanoseconds: duration.wholeNanoseconds < 0 ? .min : .max)
    }

    /// How long it is from here to `other`.
    public func duration(to other: Instant) -> Duration {
        let (difference, overflow) = other.nanoseconds.subtractingReportingOverflow(nanoseconds)
        guard overflow else { return .nanoseconds(difference) }
        return .nanoseconds(other < self ? Int64.min : Int64.max)
    }

    /// Earlier comes first.
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Seconds with as many decimals as it takes: `7`, `31.005`.
    public var description: String { Duration.nanoseconds(nanoseconds).secondsText }
}

extension Duration {
    /// Whole nanoseconds, towards zero; the ends of `Int64` for what does not fit.
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds with as many decimals as it takes, to the nanosecond: `7`, `0.2`, `-1.5`.
    public var secondsText: String {
        let magnitude = wholeNanoseconds.magnitude
        let (seconds, rest) = magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        let sign = wholeNanoseconds < 0 ? "-" : ""
        guard rest > 0 else { return "\(sign)\(seconds)" }
        var digits = String(rest)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(sign)\(seconds).\(digits)"
    }
}
