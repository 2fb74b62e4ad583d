/// The text that stands in a recording where a secret was: `reprise-secret-1`, or a JWT that ends with it.
public enum Placeholder {
    /// What every placeholder begins with, before its number, which counts from 1.
    public static let prefix = Array("reprise-secret-".utf8)

    /// The marked ranges if each stands on a placeholder; otherwise, as the line was edited, every placeholder found.
    static func located(in payload: Frame.Payload, marked: [Range<Int>]) -> [Range<Int>] {
        guard case .bytes(let bytes) = payload else { return [] }
        return marked.allSatisfy { isPlaceholder($0, in: bytes) } ? marked : places(in: bytes)
    }

    /// Whether a range is exactly a placeholder, and not one with what stands beside it.
    private static func isPlaceholder(_ range: Range<Int>, in bytes: [UInt8]) -> Bool {
        guard range.upperBound <= bytes.count else { return false }
        let digits = bytes[range].reversed().prefix(while: isDigit).count
        let start = range.upperBound - digits - prefix.count
        guard digits > 0, start >= range.lowerBound, bytes[start..<start + prefix.count].elementsEqual(prefix) else {
            return false
        }
        return start == range.lowerBound || jwtStart(before: start, in: bytes) == range.lowerBound
    }

    /// Every place where a placeholder stands, ascending and disjoint.
    public static func places(in bytes: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var index = 0
        while index + prefix.count < bytes.count {
            guard bytes[index] == prefix[0], bytes[index..<index + prefix.count].elementsEqual(prefix) else {
                index += 1
                continue
            }
            let end = bytes[(index + prefix.count)...].prefix(while: isDigit).endIndex
            if end > index + prefix.count {
                let start = jwtStart(before: index, in: bytes)
                ranges.append((start < ranges.last?.upperBound ?? 0 ? index : start)..<end)
            }
            index = end
        }
        return ranges
    }

    /// Where a JWT-shaped placeholder begins whose signature begins at `index`; `index` itself for a plain one.
    private static func jwtStart(before index: Int, in bytes: [UInt8]) -> Int {
        let isTokenByte: (UInt8) -> Bool = { byte in
            isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
                || byte == 0x5F
        }
        let dot = UInt8(ascii: ".")
        let before = bytes[..<index]
        guard before.last == dot else { return index }
        let claims = before.dropLast().reversed().prefix(while: isTokenByte).count
        let middle = index - 1 - claims
        guard claims > 0, middle > 0, bytes[middle - 1] == dot else { return index }
        let head = bytes[..<(middle - 1)].reversed().prefix(while: isTokenByte).count
        let start = middle - 1 - head
        return head >= 2 && bytes[start] == 0x65 && bytes[start + 1] == 0x79 ? start : index
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
