/// Strings and numbers, the two tokens with a grammar of their own.
extension JSONScanner {
    /// Where a string ends (past its closing quote) and what it holds.
    struct StringEnd {
        var end: Int
        var hasEscapes = false
        var hasUnpairedSurrogate = false
    }

    /// Reads a string whose opening quote is just before `start`.
    @inline(__always)
    static func string(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) throws(JSONError) -> StringEnd {
        let stop = ByteSearch.stringStop(base, from: start, to: end)
        if stop < end, base[stop] == ASCII.quote { return StringEnd(end: stop &+ 1) }
        return try richString(base, stop, end)
    }

    /// Reads on from the first byte of a string that is not plain ASCII.
    @inline(never)
    private static func richString(
        _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int
    ) throws(JSONError) -> StringEnd {
        var result = StringEnd(end: 0)
        var index = start
        while index < end {
            let byte = base[index]
            if byte > 0x7F {
                switch UTF8Sequence.verdict(base, at: index, end: end) {
                case .valid(let length): index &+= length
                case .truncated: throw JSONError(offset: end, reason: .unexpectedEnd)
                case .invalid: throw JSONError(offset: index, reason: .invalidUTF8)
                }
            } else if byte == ASCII.quote {
                result.end = index &+ 1
                return result
            } else if byte == ASCII.backslash {
                result.hasEscapes = true
                index = try escape(base, index, end, &result.hasUnpairedSurrogate)
            } else if byte < 0x20 {
                throw JSONError(offset: index, reason: .controlCharacter(byte))
            } else {
                index = ByteSearch.stringStop(base, from: index, to: end)
            }
        }
        throw JSONError(offset: end, reason: .unexpectedEnd)
    }

    /// Reads the escape whose backslash is at `start`; a surrogate pair counts as one escape.
    @inline(__always)
    private static func escape(
        _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ hasUnpairedSurrogate: inout Bool
    ) throws(JSONError) -> Int {
        guard start &+ 1 < end else { throw JSONError(offset: end, reason: .unexpectedEnd) }
        switch base[start &+ 1] {
        case ASCII.quote, ASCII.backslash, ASCII.slash, UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start &+ 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(base, start, end)
            guard unit & 0xF800 == 0xD800 else { return start &+ 6 }
            let partner = start &+ 6
            if unit < 0xDC00, partner &+ 1 < end, base[partner] == ASCII.backslash,
                base[partner &+ 1] == UInt8(ascii: "u")
            {
                // The second escape is judged as a unit of its own when it is no partner, so errors keep their place.
                if try codeUnit(base, partner, end) & 0xFC00 == 0xDC00 { return partner &+ 6 }
            }
            hasUnpairedSurrogate = true
            return start &+ 6
        default:
            throw JSONError(offset: start, reason: .invalidEscape)
        }
    }

    /// The UTF-16 code unit of an escape `\uXXXX` whose backslash is at `start`.
    @inline(__always)
    private static func codeUnit(
        _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int
    ) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for index in (start &+ 2)..<(start &+ 6) {
            guard index < end else { throw JSONError(offset: end, reason: .unexpectedEnd) }
            guard let value = ASCII.hexValue(base[index]) else {
                throw JSONError(offset: start, reason: .invalidEscape)
            }
            unit = unit &<< 4 | value
        }
        return unit
    }

    /// Reads a number that begins at `start` with a digit or a minus sign.
    @inline(__always)
    static func number(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) throws(JSONError) -> Int {
        var index = start
        if base[index] == ASCII.minus { index &+= 1 }
        if index < end, base[index] == ASCII.zero {
            index &+= 1
            // RFC 8259 section 6 allows no leading zeros.
            if index < end, ASCII.isDigit(base[index]) { throw JSONError(offset: index, reason: .invalidNumber) }
        } else {
            index = try digits(base, index, end)
        }
        guard index < end else { return index }
        if base[index] == ASCII.period { index = try digits(base, index &+ 1, end) }
        if index < end, base[index] | 0x20 == UInt8(ascii: "e") {
            index &+= 1
            if index < end, base[index] == ASCII.plus || base[index] == ASCII.minus { index &+= 1 }
            index = try digits(base, index, end)
        }
        return index
    }

    /// Reads one digit or more.
    @inline(__always)
    private static func digits(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) throws(JSONError) -> Int {
        guard start < end else { throw JSONError(offset: end, reason: .unexpectedEnd) }
        guard ASCII.isDigit(base[start]) else { throw JSONError(offset: start, reason: .invalidNumber) }
        var index = start &+ 1
        while index < end, ASCII.isDigit(base[index]) { index &+= 1 }
        return index
    }
}
