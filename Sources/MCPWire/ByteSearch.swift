/// Searches eight bytes at a time; every function stays inside `start..<end` and returns `end` when nothing is found.
///
/// A lane of the word is the byte at the same place in memory (little-endian load). The subtractions may set the top
/// bit of lanes above a hit by their borrow, never of lanes below it, so the lowest set bit is always exact.
enum ByteSearch {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    static func word(_ base: UnsafePointer<UInt8>, _ index: Int) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
    }

    /// Lanes that end the plain run of a JSON string: quote, backslash, below 0x20, above 0x7F.
    ///
    /// A byte above 0x7F needs no test of its own: its top bit survives at least one of the subtractions.
    @inline(__always)
    static func stringStops(_ word: UInt64) -> UInt64 {
        let quotes = (word ^ (ones &* UInt64(ASCII.quote))) &- ones
        let backslashes = (word ^ (ones &* UInt64(ASCII.backslash))) &- ones
        let controls = word &- (ones &* 0x20)
        return (quotes | backslashes | controls) & tops
    }

    /// Lanes equal to a byte below 0x80.
    @inline(__always)
    private static func equals(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & tops
    }

    /// The first byte of a string that is not plain: a quote, a backslash, a control character or non-ASCII.
    @inline(__always)
    static func stringStop(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        var index = start
        while index &+ 8 <= end {
            let stops = stringStops(word(base, index))
            if stops != 0 { return index &+ stops.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < end {
            let byte = base[index]
            if byte < 0x20 || byte > 0x7F || byte == ASCII.quote || byte == ASCII.backslash { return index }
            index &+= 1
        }
        return end
    }

    /// The first line feed.
    static func lineFeed(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        var index = start
        while index &+ 8 <= end {
            let hits = equals(word(base, index), ASCII.lineFeed)
            if hits != 0 { return index &+ hits.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < end, base[index] != ASCII.lineFeed { index &+= 1 }
        return index
    }

    /// The first carriage return or line feed.
    static func lineEnd(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        var index = start
        while index &+ 8 <= end {
            let lanes = word(base, index)
            let hits = equals(lanes, ASCII.lineFeed) | equals(lanes, ASCII.carriageReturn)
            if hits != 0 { return index &+ hits.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < end, base[index] != ASCII.lineFeed, base[index] != ASCII.carriageReturn { index &+= 1 }
        return index
    }
}
