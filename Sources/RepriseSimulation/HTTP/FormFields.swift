import MCPWire

/// The fields of a query or of the body of a token request, in order.
struct FormFields: Sendable {
    private var fields: [(name: String, value: String)] = []

    /// No fields.
    init() {}

    /// The fields of a text as `application/x-www-form-urlencoded`.
    init(_ text: some Sequence<UInt8>) {
        fields = FormText.fields(of: text)
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
    var encoded: String { FormText.encode(fields) }
}
