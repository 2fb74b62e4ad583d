/// Why a text is no JSON value (RFC 8259), and the first byte that shows it.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong at the offset; a limit carries its value.
    public enum Reason: Equatable, Sendable {
        /// Nothing but white space; the offset is the end.
        case empty
        /// A byte that cannot stand outside a string at this place; a byte-order mark is one (RFC 8259 section 8.1).
        case unexpectedByte(UInt8)
        /// The text ends inside a value; the offset is the end.
        case unexpectedEnd
        /// Something other than white space follows the value.
        case trailingBytes
        /// A string holds bytes that are no UTF-8 (RFC 3629); the offset is the sequence's first byte.
        case invalidUTF8
        /// A backslash followed by something that RFC 8259 section 7 does not list; the offset is the backslash.
        case invalidEscape
        /// A byte below 0x20 inside a string, where it must be escaped.
        case controlCharacter(UInt8)
        /// A number against the grammar of RFC 8259 section 6; the offset is the byte that breaks it.
        case invalidNumber
        /// Nested deeper than the limit; the offset is the bracket that is too many.
        case depthLimit(Int)
        /// A document of more bytes than a tape can address; the offset is the limit.
        case byteCountLimit(Int)
    }

    /// Offset in bytes from the start of the text, at most its length.
    public var offset: Int
    /// What is wrong there.
    public var reason: Reason

    /// Joins a reason with its place.
    public init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }

    /// One phrase that names reason, limit and place, such as "invalid UTF-8 at byte 17".
    public var description: String {
        switch reason {
        case .empty: "no value, only white space, up to byte \(offset)"
        case .unexpectedByte(let byte): "unexpected \(Self.name(of: byte)) at byte \(offset)"
        case .unexpectedEnd: "the text ends inside a value at byte \(offset)"
        case .trailingBytes: "something follows the value at byte \(offset)"
        case .invalidUTF8: "invalid UTF-8 at byte \(offset)"
        case .invalidEscape: "invalid escape at byte \(offset)"
        case .controlCharacter(let byte): "unescaped control character \(Self.name(of: byte)) at byte \(offset)"
        case .invalidNumber: "invalid number at byte \(offset)"
        case .depthLimit(let limit): "nested deeper than \(limit) levels at byte \(offset)"
        case .byteCountLimit(let limit): "longer than \(limit) bytes"
        }
    }

    /// Printable ASCII as a quoted character, everything else as two hexadecimal digits.
    private static func name(of byte: UInt8) -> String {
        if byte > 0x20, byte < 0x7F { return "'\(Character(UnicodeScalar(byte)))'" }
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "0x0\(digits)" : "0x\(digits)"
    }
}
