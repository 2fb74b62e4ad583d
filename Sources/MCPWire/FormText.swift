/// The escapes of queries and form bodies (application/x-www-form-urlencoded; RFC 6749, appendix B).
public enum FormText {
    /// Resolves `+` and percent escapes; an escape that is none stays as it is.
    public static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.endIndex,
                let high = ASCII.hexValue(bytes[index + 1]), let low = ASCII.hexValue(bytes[index + 2])
            {
                output.append(UInt8(high << 4 | low))
                index += 3
            } else {
                output.append(bytes[index] == UInt8(ascii: "+") ? 0x20 : bytes[index])
                index += 1
            }
        }
        return output
    }

    /// A text with everything escaped but the unreserved characters (RFC 3986, section 2.3).
    public static func encode(_ text: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in text {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: output.append(byte)
            default: output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Names and values as a query or form body, in that order.
    public static func encode(_ fields: [(name: String, value: String)]) -> String {
        fields.map { encode($0.name.utf8) + "=" + encode($0.value.utf8) }.joined(separator: "&")
    }

    /// The names and values of a query or form body, in order; a name without `=` has an empty value.
    public static func fields(of text: some Sequence<UInt8>) -> [(name: String, value: String)] {
        Array(text).split(separator: UInt8(ascii: "&")).map { field in
            let equals = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
            let value = field[min(field.endIndex, equals + 1)...]
            return (
                String(decoding: decode(field[..<equals]), as: UTF8.self),
                String(decoding: decode(value), as: UTF8.self)
            )
        }
    }
}
