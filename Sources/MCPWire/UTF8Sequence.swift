/// Judges one multi-byte sequence by the table of RFC 3629 section 4 (Unicode 15, table 3-7).
enum UTF8Sequence {
    enum Verdict: Equatable {
        /// Well-formed, this many bytes long (2...4).
        case valid(Int)
        /// Well-formed as far as it goes, but the input ends inside it.
        case truncated
        case invalid
    }

    /// The sequence that begins at `index`, whose byte is above 0x7F; reads nothing at or past `end`.
    @inline(__always)
    static func verdict(_ base: UnsafePointer<UInt8>, at index: Int, end: Int) -> Verdict {
        let lead = base[index]
        var length = 2
        var lower: UInt8 = 0x80
        var upper: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: break
        case 0xE0: (length, lower) = (3, 0xA0)
        case 0xE1...0xEC, 0xEE, 0xEF: length = 3
        case 0xED: (length, upper) = (3, 0x9F)
        case 0xF0: (length, lower) = (4, 0x90)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, upper) = (4, 0x8F)
        default: return .invalid
        }
        var place = 1
        while place < length {
            guard index &+ place < end else { return .truncated }
            let byte = base[index &+ place]
            guard byte >= lower, byte <= upper else { return .invalid }
            (lower, upper) = (0x80, 0xBF)
            place &+= 1
        }
        return .valid(length)
    }

    /// Whether three bytes at `index` encode a surrogate the WTF-8 way (ED A0..BF 80..BF), which UTF-8 forbids.
    @inline(__always)
    static func isSurrogate(_ base: UnsafePointer<UInt8>, at index: Int, end: Int) -> Bool {
        index &+ 2 < end && base[index] == 0xED && base[index &+ 1] >= 0xA0 && base[index &+ 1] <= 0xBF
            && base[index &+ 2] & 0xC0 == 0x80
    }

    /// Appends a code point, surrogates included (their three-byte WTF-8 form).
    static func append(_ codePoint: UInt32, to output: inout [UInt8]) {
        func continuation(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 | (codePoint >> shift) & 0x3F) }
        switch codePoint {
        case ..<0x80:
            output.append(UInt8(truncatingIfNeeded: codePoint))
        case ..<0x800:
            output.append(UInt8(truncatingIfNeeded: 0xC0 | codePoint >> 6))
            output.append(continuation(0))
        case ..<0x1_0000:
            output.append(UInt8(truncatingIfNeeded: 0xE0 | codePoint >> 12))
            output.append(continuation(6))
            output.append(continuation(0))
        default:
            output.append(UInt8(truncatingIfNeeded: 0xF0 | codePoint >> 18))
            output.append(continuation(12))
            output.append(continuation(6))
            output.append(continuation(0))
        }
    }
}
