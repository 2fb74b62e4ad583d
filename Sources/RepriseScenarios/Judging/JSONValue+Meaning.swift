import MCPWire

extension JSONValue {
    /// Whether two values mean the same: 1 is 1.0, the order of keys is free, and the last of equal keys counts.
    func means(_ other: JSONValue) -> Bool { self == other || canonical == other.canonical }

    private var canonical: JSONValue {
        switch self {
        case .null, .bool, .string: return self
        case .number(let text):
            let bytes = Array(text.utf8)
            return .number(String(decoding: JSONNumber.canonical(bytes.span), as: UTF8.self))
        case .array(let elements): return .array(elements.map(\.canonical))
        case .object(let members):
            var values: [String: JSONValue] = [:]
            for member in members { values[member.key] = member.value.canonical }
            return .object(values.sorted { $0.key < $1.key }.map { Member($0.key, $0.value) })
        }
    }
}
