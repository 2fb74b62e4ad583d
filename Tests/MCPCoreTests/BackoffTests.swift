import MCPCore
import Testing

/// Delays between attempts.
@Suite struct BackoffTests {
    private static func delays(_ jitter: ConnectionPolicy.Jitter, seed: UInt64, count: Int = 5) -> [Duration] {
        var policy = ConnectionPolicy()
        policy.jitter = jitter
        var generator = SplitMix64(seed: seed)
        return (1...count).map { Backoff(policy).delay(beforeRetry: $0, retryAfter: nil, using: &generator) }
    }

    @Test("S-032: delays double from one second, to a bound and without overflow")
    func delaysDouble() {
        #expect(Self.delays(.none, seed: 1) == [1, 2, 4, 8, 16].map { .seconds($0) })
        let late = Self.delays(.none, seed: 1, count: 100)
        #expect(late[99] == late[98] && late[99] == .seconds(1 << 30))
        var policy = ConnectionPolicy()
        policy.backoffBase = .nanoseconds(Int64.max)
        policy.jitter = .half
        var generator = SplitMix64(seed: 3)
        let delay = Backoff(policy).delay(beforeRetry: 40, retryAfter: nil, using: &generator)
        #expect(delay > .seconds(1_000_000_000))
    }

    @Test("S-032: jitter keeps to its range and depends on the seed alone")
    func jitterKeepsToItsRange() {
        for seed in UInt64(0)..<200 {
            for (retry, delay) in Self.delays(.half, seed: seed).enumerated() {
                let full = Double(1 << retry)
                #expect(delay >= .seconds(full / 2) && delay <= .seconds(full * 3 / 2))
            }
            for (retry, delay) in Self.delays(.full, seed: seed).enumerated() {
                #expect(delay >= .zero && delay <= .seconds(1 << retry))
            }
            #expect(Self.delays(.half, seed: seed) == Self.delays(.half, seed: seed))
        }
        #expect(Set((0..<200).map { Self.delays(.half, seed: $0)[0] }).count > 190)
    }

    @Test(
        "RS-11: Retry-After is read as whole seconds and nothing else",
        arguments: [
            ("30", 30), (" 30 ", 30), ("0", 0), ("007", 7), ("", nil), ("-1", nil), ("+1", nil), ("1.5", nil),
            ("3O", nil), ("1 2", nil), ("99999999999999999999", nil), ("Wed, 21 Oct 2015 07:28:00 GMT", nil),
        ] as [(String, Int64?)])
    func retryAfterIsRead(header: String, seconds: Int64?) {
        #expect(Backoff.delay(asWritten: header) == seconds.map { .seconds($0) })
    }

    @Test("RS-11: the longer of backoff and header counts")
    func theLongerCounts() {
        var generator = SplitMix64(seed: 1)
        let backoff = Backoff(ConnectionPolicy())
        #expect(backoff.delay(beforeRetry: 1, retryAfter: "30", using: &generator) == .seconds(30))
        #expect(backoff.delay(beforeRetry: 4, retryAfter: "3", using: &generator) == .seconds(8))
        let endless = backoff.delay(beforeRetry: 1, retryAfter: "9223372036854775807", using: &generator)
        #expect(Instant.zero.advanced(by: endless) == Instant(nanoseconds: .max))
    }
}
