import RepriseRecording

/// One name and value of a query or of a form body (application/x-www-form-urlencoded), decoded.
struct FormField: Equatable, Sendable {
    var name: String
    var value: String
    /// The value with its placeholders as variables.
    var text: SecretText

    /// The fields of an encoded text in order; `placeholders` are offsets in its UTF-8.
    static func fields(of encoded: [UInt8], placeholders: [Range<Int>] = []) -> [FormField] {
        var fields: [FormField] = []
        var start = 0
        while start <= encoded.count {
            let end = encoded[start...].firstIndex(of: UInt8(ascii: "&")) ?? encoded.count
            defer { start = end + 1 }
            guard start < end else { continue }
            let equals = encoded[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
            let value = min(end, equals + 1)..<end
            var parts: [SecretText.Part] = []
            var position = value.lowerBound
            for place in placeholders where value.lowerBound <= place.lowerBound && place.upperBound <= value.upperBound
            {
                if position < place.lowerBound { parts.append(.literal(decode(encoded[position..<place.lowerBound]))) }
                parts.append(.secret(Array(encoded[place])))
                position = place.upperBound
            }
            if position < value.upperBound { parts.append(.literal(decode(encoded[position..<value.upperBound]))) }
            fields.append(
                FormField(
                    name: String(decoding: decode(encoded[start..<equals]), as: UTF8.self),
                    value: String(decoding: decode(encoded[value]), as: UTF8.self), text: SecretText(parts: parts)))
        }
        return fields
    }

    /// The query of a request target.
    static func query(of head: RequestHead) -> [FormField] {
        let target = Array(head.target.utf8)
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        let shift = mark + 1
        return fields(
            of: Array(target[shift...]),
            placeholders: head.targetPlaceholders.filter { $0.lowerBound >= shift }
                .map { $0.lowerBound - shift..<$0.upperBound - shift })
    }

    /// Resolves `+` and percent escapes; an escape that is none stays as it is.
    private static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.endIndex, let high = digit(bytes[index + 1]),
                let low = digit(bytes[index + 2])
            {
                output.append(high << 4 | low)
                index += 3
            } else {
                output.append(bytes[index] == UInt8(ascii: "+") ? 0x20 : bytes[index])
                index += 1
            }
        }
        return output
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// A text with everything escaped but the unreserved characters (RFC 3986, section 2.3).
    static func encode(_ text: some Sequence<UInt8>) -> String {
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
}
