import MCPCore

extension YAMLItem {
    /// A duration: a decimal number with a unit, or of seconds; exact to the nanosecond and never negative.
    func duration() throws(ScenarioError) -> Duration { .nanoseconds(try nanoseconds("a duration")) }

    /// How far something is ahead; negative is behind.
    func difference() throws(ScenarioError) -> Duration {
        let what = "a duration"
        guard case .scalar(let text, let isPlain) = content, text.hasPrefix("-") else {
            return .nanoseconds(try nanoseconds(what))
        }
        var positive = self
        positive.content = .scalar(String(text.dropFirst()), isPlain: isPlain)
        return .nanoseconds(-(try positive.nanoseconds(what)))
    }

    /// An instant, counted from the scenario's start.
    func instant() throws(ScenarioError) -> Instant { Instant(nanoseconds: try nanoseconds("an instant")) }

    /// An instant that is not after the scenario's end, where nothing could be observed any more.
    func instant(notAfter end: Instant) throws(ScenarioError) -> Instant {
        let instant = try instant()
        guard instant <= end else { throw error("\(instant) s is after the scenario's end at \(end) s") }
        return instant
    }

    static let units: [(String, Int64)] = [
        ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60_000_000_000),
        ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
    ]

    private func nanoseconds(_ what: String) throws(ScenarioError) -> Int64 {
        let text = try text("\(what) such as 250ms")
        let number = text.prefix { $0 == "." || ("0"..."9").contains($0) }
        let unit = String(text.dropFirst(number.count))
        if text.hasPrefix("-"), Self.isInteger(String(text.prefix(2))) {
            throw error("\(Self.shortened(text)) is negative; expected \(what) from 0")
        }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }), !parts.isEmpty else {
            throw error("expected \(what) such as 250ms, got \(kind)")
        }
        guard let scale = Self.units.first(where: { $0.0 == (unit.isEmpty ? "s" : unit) })?.1 else {
            let words = Self.units.map(\.0)
            throw error(NearestWord.problem("there is no unit \(Self.quoted(unit))", unit, words))
        }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard let whole = Int64(parts[0]), whole <= Int64.max / scale else { throw tooLong(text, what) }
        let (sum, overflow) = (whole * scale).addingReportingOverflow(try nanoseconds(of: fraction, scale: scale))
        if overflow { throw tooLong(text, what) }
        return sum
    }

    private func tooLong(_ text: String, _ what: String) -> ScenarioError {
        error("\(Self.shortened(text)) is too long; expected \(what) of at most 292 years")
    }

    /// The decimals of a unit as nanoseconds, exactly.
    private func nanoseconds(of decimals: Substring, scale: Int64) throws(ScenarioError) -> Int64 {
        var digits = decimals
        while digits.last == "0" { digits.removeLast() }
        guard !digits.isEmpty else { return 0 }
        // No unit is divisible by 10 so often that more decimals could come out whole.
        guard digits.count <= 18, let value = Int64(digits) else { throw tooFine }
        let divisor = (0..<digits.count).reduce(Int64(1)) { power, _ in power * 10 }
        // The value is below the divisor, so that the quotient is below the unit.
        let (quotient, remainder) = divisor.dividingFullWidth(value.multipliedFullWidth(by: scale))
        guard remainder == 0 else { throw tooFine }
        return quotient
    }

    private var tooFine: ScenarioError { error("\(kind) is finer than a nanosecond") }
}
