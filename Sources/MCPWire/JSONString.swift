/// Between the contents of a JSON string as written and the bytes they stand for (RFC 8259 section 7).
///
/// An escaped surrogate without its partner stands for its three-byte WTF-8 form (ED A0 80 … ED BF BF), so that
/// nothing is lost on the way through `decode` and `encode`.
public enum JSONString {
    /// Resolves the escapes of what stands between the quotes.
    ///
    /// `contents` should have passed the scanner; in any other, what is no escape is copied as it stands.
    public static func decode(_ contents: Span<UInt8>) -> [UInt8] {
        contents.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return [] }
            var output: [UInt8] = []
            output.reserveCapacity(buffer.count)
            forEachPiece(base, buffer.count) { piece in
                switch piece {
                case .plain(let range): output.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[range]))
                case .escape(let codePoint, _): UTF8Sequence.append(codePoint, to: &output)
                }
            }
            return output
        }
    }

    /// As `decode`, with the place in `contents` where each decoded byte begins.
    ///
    /// `source` has one entry more than `bytes`: the last is `contents.count`. All bytes of one escape, or of one
    /// surrogate pair, map to its first backslash.
    public static func decodeMapped(_ contents: Span<UInt8>) -> (bytes: [UInt8], source: [Int]) {
        contents.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return ([], [0]) }
            var output: [UInt8] = []
            var source: [Int] = []
            output.reserveCapacity(buffer.count)
            source.reserveCapacity(buffer.count + 1)
            forEachPiece(base, buffer.count) { piece in
                switch piece {
                case .plain(let range):
                    output.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[range]))
                    source.append(contentsOf: range)
                case .escape(let codePoint, let start):
                    UTF8Sequence.append(codePoint, to: &output)
                    while source.count < output.count { source.append(start) }
                }
            }
            source.append(buffer.count)
            return (output, source)
        }
    }

    /// Appends a JSON string, quotes included, that stands for UTF-8 or WTF-8 bytes.
    ///
    /// Escapes only what must be: quote, backslash and control characters (the short form where there is one). A WTF-8
    /// surrogate becomes `\udXXX`; a byte that belongs to neither encoding becomes U+FFFD.
    public static func encode(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        bytes.withUnsafeBufferPointer { encode($0, into: &output) }
    }

    /// Appends a JSON string, quotes included, that stands for a text.
    public static func encode(_ text: String, into output: inout [UInt8]) {
        let done: Void? = text.utf8.withContiguousStorageIfAvailable { encode($0, into: &output) }
        if done == nil { Array(text.utf8).withUnsafeBufferPointer { encode($0, into: &output) } }
    }

    private static func encode(_ buffer: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
        output.append(ASCII.quote)
        defer { output.append(ASCII.quote) }
        guard let base = buffer.baseAddress else { return }
        let end = buffer.count
        var plainStart = 0
        var index = 0
        while true {
            index = ByteSearch.stringStop(base, from: index, to: end)
            var length = 1
            if index < end, base[index] > 0x7F {
                if case .valid(let count) = UTF8Sequence.verdict(base, at: index, end: end) {
                    index &+= count
                    continue
                }
                if UTF8Sequence.isSurrogate(base, at: index, end: end) { length = 3 }
            }
            output.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[plainStart..<index]))
            guard index < end else { return }
            appendEscape(base, index, length, to: &output)
            index &+= length
            plainStart = index
        }
    }

    /// Appends what stands for a byte that a string cannot hold, or for the three bytes of a surrogate.
    private static func appendEscape(
        _ base: UnsafePointer<UInt8>, _ index: Int, _ length: Int, to output: inout [UInt8]
    ) {
        let byte = base[index]
        switch byte {
        case ASCII.quote, ASCII.backslash: output += [ASCII.backslash, byte]
        case ASCII.lineFeed: output += [ASCII.backslash, UInt8(ascii: "n")]
        case ASCII.carriageReturn: output += [ASCII.backslash, UInt8(ascii: "r")]
        case ASCII.tab: output += [ASCII.backslash, UInt8(ascii: "t")]
        case ASCII.backspace: output += [ASCII.backslash, UInt8(ascii: "b")]
        case ASCII.formFeed: output += [ASCII.backslash, UInt8(ascii: "f")]
        case ..<0x20: appendUnit(UInt32(byte), to: &output)
        default:
            guard length == 3 else {
                UTF8Sequence.append(0xFFFD, to: &output)
                return
            }
            appendUnit(0xD000 | UInt32(base[index + 1] & 0x3F) << 6 | UInt32(base[index + 2] & 0x3F), to: &output)
        }
    }

    private static func appendUnit(_ unit: UInt32, to output: inout [UInt8]) {
        output += [ASCII.backslash, UInt8(ascii: "u")]
        for shift: UInt32 in [12, 8, 4, 0] { output.append(ASCII.hexDigit(unit >> shift)) }
    }

    private enum Piece {
        case plain(Range<Int>)
        /// What an escape stands for, and where its backslash is.
        case escape(UInt32, Int)
    }

    /// Cuts contents into plain runs and escapes, in order, leaving nothing out.
    @inline(__always)
    private static func forEachPiece(_ base: UnsafePointer<UInt8>, _ end: Int, _ body: (Piece) -> Void) {
        var plainStart = 0
        var index = 0
        while index < end {
            guard base[index] == ASCII.backslash, let escape = escape(base, index, end) else {
                index &+= 1
                continue
            }
            if plainStart < index { body(.plain(plainStart..<index)) }
            body(.escape(escape.codePoint, index))
            index &+= escape.length
            plainStart = index
        }
        if plainStart < end { body(.plain(plainStart..<end)) }
    }

    /// The escape whose backslash is at `start`, nil if it is none.
    private static func escape(
        _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int
    ) -> (codePoint: UInt32, length: Int)? {
        guard start &+ 1 < end else { return nil }
        switch base[start &+ 1] {
        case ASCII.quote, ASCII.backslash, ASCII.slash: return (UInt32(base[start &+ 1]), 2)
        case UInt8(ascii: "b"): return (UInt32(ASCII.backspace), 2)
        case UInt8(ascii: "f"): return (UInt32(ASCII.formFeed), 2)
        case UInt8(ascii: "n"): return (UInt32(ASCII.lineFeed), 2)
        case UInt8(ascii: "r"): return (UInt32(ASCII.carriageReturn), 2)
        case UInt8(ascii: "t"): return (UInt32(ASCII.tab), 2)
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(base, start, end) else { return nil }
            if unit & 0xFC00 == 0xD800, let low = codeUnit(base, start &+ 6, end), low & 0xFC00 == 0xDC00 {
                return (0x1_0000 + ((unit & 0x3FF) << 10 | low & 0x3FF), 12)
            }
            return (unit, 6)
        default: return nil
        }
    }

    /// The code unit of `\uXXXX` at `start`, nil if there is none.
    private static func codeUnit(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
        guard start &+ 6 <= end, base[start] == ASCII.backslash, base[start &+ 1] == UInt8(ascii: "u") else {
            return nil
        }
        var unit: UInt32 = 0
        for index in (start &+ 2)..<(start &+ 6) {
            guard let value = ASCII.hexValue(base[index]) else { return nil }
            unit = unit << 4 | value
        }
        return unit
    }
}
