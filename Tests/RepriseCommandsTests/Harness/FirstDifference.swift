extension Array<UInt8> {
    /// The first place where two texts differ, in a few words; nil for equal ones.
    ///
    /// For long texts: `==` in an expectation would print both, and compute their difference.
    func difference(from expected: [UInt8]) -> String? {
        guard self != expected else { return nil }
        let place = zip(self, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? Swift.min(count, expected.count)
        let here = self[place...].prefix(40), there = expected[place...].prefix(40)
        return "\(count) bytes instead of \(expected.count), from byte \(place) on: "
            + "\(String(reflecting: String(decoding: here, as: UTF8.self))) instead of "
            + "\(String(reflecting: String(decoding: there, as: UTF8.self)))"
    }
}
