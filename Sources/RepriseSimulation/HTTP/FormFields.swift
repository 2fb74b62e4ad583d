import MCPWire

/// The fields of a form as `application/x-www-form-urlencoded`, in order: a query, or the body of a token request.
struct FormFields: Sendable, Equatable {
    /// The fields, decoded.
    private(set) var fields: [(name: String, value: String)] = []

    /// No fields.
    init() {}

    /// Reads what it can: a percent sign that begins no code stands for itself, bytes that are no UTF-8 become U+FFFD.
    init(_ text: some Collection<UInt8>) {
        for field in text.split(separator: UInt8(ascii: "&")) {
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            fields.append((Self.decoded(parts[0]), parts.count > 1 ? Self.decoded(parts[1]) : ""))
        }
    }

    /// The query of a path.
    init(queryOf path: String) {
        self.init(path.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst())
    }

    /// The value of the first field of that name; nil without one, or if it is empty (RFC 6749, section 3.1).
    subscript(name: String) -> String? {
        fields.first { $0.name == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
    }

    /// Whether a field comes twice, which OAuth forbids.
    var hasDuplicates: Bool {
        let names = fields.map(\.name).sorted()
        return zip(names, names.dropFirst()).contains { $0 == $1 }
    }

    /// Adds a field at the end.
    mutating func append(_ name: String, _ value: String) {
        fields.append((name, value))
    }

    /// The fields as a query, without the question mark.
    var encoded: String {
        fields.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&")
    }

    static func == (left: FormFields, right: FormFields) -> Bool {
        left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    static func decoded(_ text: some Collection<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
