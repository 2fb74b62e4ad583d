/// A text as a JSON reader would see it if it stood within a string, with the place where each byte comes from.
///
/// Malformed JSON and JSON quoted in prose hold secrets in escaped form, which nobody has validated: what is no escape
/// stands for itself.
struct EscapedView {
    private(set) var bytes: [UInt8] = []
    /// `source[i]` is where byte `i` begins in the text; one more than `bytes` has.
    private(set) var source: [Int] = []

    init(of text: UnsafeBufferPointer<UInt8>) {
        bytes.reserveCapacity(text.count)
        source.reserveCapacity(text.count + 1)
        var position = 0
        while position < text.count {
            let count = append(text, at: position)
            position += count
        }
        source.append(text.count)
    }

    /// A text as a reader of URLs would see it: `%3D` is `=`.
    init(ofPercentEncoded text: UnsafeBufferPointer<UInt8>) {
        bytes.reserveCapacity(text.count)
        source.reserveCapacity(text.count + 1)
        var position = 0
        while position < text.count {
            let byte = text[position] == UInt8(ascii: "%") ? PercentEncoding.byte(in: text, at: position) : nil
            push([byte ?? text[position]], at: position)
            position += byte == nil ? 1 : 3
        }
        source.append(text.count)
    }

    /// A value of a form as its reader would see it: as in a URL, and `+` is a space.
    init(ofForm text: UnsafeBufferPointer<UInt8>) {
        self.init(ofPercentEncoded: text)
        for index in bytes.indices where text[source[index]] == UInt8(ascii: "+") { bytes[index] = 0x20 }
    }

    /// Appends what begins at `position` and returns how many bytes of the text it took.
    private mutating func append(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Int {
        guard text[position] == 0x5C, position + 1 < text.count else {
            push([text[position]], at: position)
            return 1
        }
        switch text[position + 1] {
        case UInt8(ascii: "n"): push([0x0A], at: position)
        case UInt8(ascii: "r"): push([0x0D], at: position)
        case UInt8(ascii: "t"): push([0x09], at: position)
        case UInt8(ascii: "b"): push([0x08], at: position)
        case UInt8(ascii: "f"): push([0x0C], at: position)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): push([text[position + 1]], at: position)
        case UInt8(ascii: "u"):
            guard let unit = Self.unit(text, at: position + 2) else { fallthrough }
            if (0xD800..<0xDC00).contains(unit), position + 7 < text.count, text[position + 6] == 0x5C,
                text[position + 7] == UInt8(ascii: "u"), let low = Self.unit(text, at: position + 8),
                (0xDC00..<0xE000).contains(low)
            {
                pushScalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), at: position)
                return 12
            }
            pushScalar(unit, at: position)
            return 6
        default:
            push([0x5C], at: position)
            return 1
        }
        return 2
    }

    private mutating func push(_ new: [UInt8], at position: Int) {
        bytes += new
        for _ in new { source.append(position) }
    }

    private mutating func pushScalar(_ scalar: UInt32, at position: Int) {
        func tail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 0x3F) }
        switch scalar {
        case 0..<0x80: push([UInt8(scalar)], at: position)
        case 0x80..<0x800: push([UInt8(0xC0 | scalar >> 6), tail(0)], at: position)
        case 0x800..<0x10000: push([UInt8(0xE0 | scalar >> 12), tail(6), tail(0)], at: position)
        default: push([UInt8(0xF0 | scalar >> 18), tail(12), tail(6), tail(0)], at: position)
        }
    }

    private static func unit(_ text: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt32? {
        guard start + 4 <= text.count else { return nil }
        var unit: UInt32 = 0
        for byte in text[start..<(start + 4)] {
            switch byte {
            case 0x30...0x39: unit = unit << 4 | UInt32(byte - 0x30)
            case 0x41...0x46, 0x61...0x66: unit = unit << 4 | UInt32((byte | 0x20) - 0x61 + 10)
            default: return nil
            }
        }
        return unit
    }
}

/// Percent-encoding as queries use it (RFC 3986 section 2.1).
enum PercentEncoding {
    /// The decoded bytes, or nil where nothing is encoded or a `%` begins no escape.
    static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.contains(UInt8(ascii: "%")) else { return nil }
        var bytes: [UInt8] = []
        var position = text.startIndex
        while position < text.endIndex {
            guard text[position] == UInt8(ascii: "%") else {
                bytes.append(text[position])
                position += 1
                continue
            }
            guard position + 2 < text.endIndex, let high = digit(text[position + 1]),
                let low = digit(text[position + 2])
            else { return nil }
            bytes.append(high << 4 | low)
            position += 3
        }
        return bytes
    }

    /// The byte that the escape at `position` stands for, or nil if none is there.
    static func byte(in text: UnsafeBufferPointer<UInt8>, at position: Int) -> UInt8? {
        guard position + 2 < text.count, let high = digit(text[position + 1]), let low = digit(text[position + 2])
        else {
            return nil
        }
        return high << 4 | low
    }

    /// The forms in which encoders write a value into a URL, where they differ from it: with `/` escaped and without.
    static func encodedForms(of value: [UInt8]) -> [[UInt8]] {
        guard value.contains(where: { !isUnreserved($0) }) else { return [] }
        let all = encoded(value, keepingSlash: false)
        let most = encoded(value, keepingSlash: true)
        return all == most ? [all] : most == value ? [all] : [all, most]
    }

    private static func encoded(_ value: [UInt8], keepingSlash: Bool) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in value {
            if isUnreserved(byte) || keepingSlash && byte == UInt8(ascii: "/") {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return text
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46, 0x61...0x66: (byte | 0x20) - 0x61 + 10
        default: nil
        }
    }
}
