import MCPCore

/// The ids of the events of a server: they say nothing to a client, and their server where they stand.
///
/// A permutation of 128 bits (a Feistel network keyed by the seed) of what they name, in hexadecimal. Ids are unique
/// over all streams of a server, and one that it never gave is recognised as naming nothing.
struct EventIDs: Sendable {
    /// Where an event stands.
    struct Place: Equatable, Sendable {
        /// The session, from 1.
        var session: UInt32
        /// The stream of the session; 0 is that for messages that answer no request.
        var stream: UInt32
        /// The number of the last message on the stream that whoever knows the id has seen; 0 is none.
        var number: UInt32
        /// Tells the ids of events without a message apart; 0 for those with one.
        var salt: UInt32 = 0
    }

    private let keys: [UInt64]

    init(seed: UInt64, name: String) {
        var random = SplitMix64(seed: seed, stream: "event ids of \(name)")
        keys = (0..<4).map { _ in random.next() }
    }

    /// The id of a place.
    func encode(_ place: Place) -> String {
        var left = UInt64(place.session) << 32 | UInt64(place.stream)
        var right = UInt64(place.number) << 32 | UInt64(place.salt)
        for key in keys { (left, right) = (right, left ^ Self.mixed(right, key)) }
        return Self.hexadecimal(left) + Self.hexadecimal(right)
    }

    /// The place that an id names; nil for a text that cannot be one.
    func decode(_ id: String) -> Place? {
        guard id.utf8.count == 32, id.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            var left = UInt64(id.prefix(16), radix: 16), var right = UInt64(id.suffix(16), radix: 16)
        else { return nil }
        for key in keys.reversed() { (left, right) = (right ^ Self.mixed(left, key), left) }
        return Place(
            session: UInt32(left >> 32), stream: UInt32(truncatingIfNeeded: left), number: UInt32(right >> 32),
            salt: UInt32(truncatingIfNeeded: right))
    }

    private static func mixed(_ value: UInt64, _ key: UInt64) -> UInt64 {
        var random = SplitMix64(seed: value ^ key)
        return random.next()
    }

    /// Sixteen digits.
    static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
