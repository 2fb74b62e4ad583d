import MCPCore
import Testing

/// Arithmetic and spelling of instants.
@Suite struct InstantTests {
    @Test(
        "seconds are written with as many decimals as it takes",
        arguments: [
            (0, "0"), (7_000_000_000, "7"), (31_005_000_000, "31.005"), (-1_500_000_000, "-1.5"), (1, "0.000000001"),
        ])
    func secondsAreWrittenShort(nanoseconds: Int64, text: String) {
        #expect(Instant(nanoseconds: nanoseconds).description == text)
    }

    @Test func arithmeticStopsAtTheEnds() {
        let last = Instant(nanoseconds: .max)
        #expect(last.advanced(by: .seconds(1)) == last)
        #expect(Instant.zero.advanced(by: .seconds(Int64.max)) == last)
        #expect(Instant(nanoseconds: .min).advanced(by: .seconds(-1)).nanoseconds == .min)
        #expect(Instant(nanoseconds: .min).duration(to: last) == .nanoseconds(Int64.max))
        #expect(Instant.zero.advanced(by: .milliseconds(1500)).duration(to: .zero) == .milliseconds(-1500))
    }
}
