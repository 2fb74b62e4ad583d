/// How long to wait before a retry: twice as long each time, spread by jitter, and never less than the server asks.
public struct Backoff: Sendable, Equatable {
    /// The delay before the first retry.
    public var base: Duration
    /// How delays are spread.
    public var jitter: ConnectionPolicy.Jitter

    /// Doublings after which a delay grows no further: with a base of one second, 34 years.
    private static let doublingMax = 30

    /// Takes what a policy says of delays.
    public init(_ policy: ConnectionPolicy) {
        base = policy.backoffBase
        jitter = policy.jitter
    }

    /// The delay before retry number `retry`, the first of which is 1 (S-032).
    ///
    /// `retryAfter` is the header as the server wrote it: the longer of the two delays counts (RS-11). The generator
    /// is used once, and not at all without jitter.
    public func delay(
        beforeRetry retry: Int, retryAfter: String?, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let factor = Int64(1) << min(max(retry - 1, 0), Self.doublingMax)
        let (product, overflow) = base.wholeNanoseconds.multipliedReportingOverflow(by: factor)
        // A quarter of what fits, so that half as much again is still a delay.
        let full = overflow ? Int64.max / 4 : max(0, min(product, Int64.max / 4))
        let spread: Int64 =
            switch jitter {
            case .none: full
            case .half: Int64.random(in: (full / 2)...(full + full / 2), using: &generator)
            case .full: Int64.random(in: 0...full, using: &generator)
            }
        let own = Duration.nanoseconds(spread)
        return max(own, retryAfter.flatMap(Self.delay(asWritten:)) ?? .zero)
    }

    /// The seconds of a `Retry-After` header (RFC 9110, 10.2.3); nil for anything but digits.
    ///
    /// The header's other form, a date, is refused too, since nothing here knows the date.
    public static func delay(asWritten header: String) -> Duration? {
        let trimmed = header.utf8.drop { $0 == 0x20 || $0 == 0x09 }
        let digits = trimmed.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard !digits.isEmpty, trimmed.dropFirst(digits.count).allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else {
            return nil
        }
        guard let seconds = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
        return .seconds(seconds)
    }
}
