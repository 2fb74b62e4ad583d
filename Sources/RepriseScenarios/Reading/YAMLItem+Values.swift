import MCPWire

extension YAMLItem {
    /// Text, quoted or not; `what` says in an error what was expected.
    func text(_ what: String) throws(ScenarioError) -> String {
        guard case .scalar(let text, let isPlain) = content, !(isPlain && text.isEmpty) else {
            throw error("expected \(what), got \(kind)")
        }
        return text
    }

    /// Text, which may be empty if it is quoted.
    func textOrNothing(_ what: String) throws(ScenarioError) -> String {
        if case .scalar("", isPlain: false) = content { "" } else { try text(what) }
    }

    /// A decimal integer within limits.
    func integer(in range: ClosedRange<Int>, _ what: String = "a number") throws(ScenarioError) -> Int {
        guard case .scalar(let text, isPlain: true) = content, Self.isInteger(text) else {
            throw error("expected \(what), got \(kind)")
        }
        guard let number = Int(text), range.contains(number) else {
            let isBelow = text.hasPrefix("-") || Int(text).map { $0 < range.lowerBound } == true
            let limit = isBelow ? "small; the least is \(range.lowerBound)" : "large; the most is \(range.upperBound)"
            throw error("\(Self.shortened(text)) is too \(limit)")
        }
        return number
    }

    /// `true` or `false`.
    func boolean() throws(ScenarioError) -> Bool {
        switch content {
        case .scalar("true", isPlain: true): return true
        case .scalar("false", isPlain: true): return false
        default: throw error("expected true or false, got \(kind)")
        }
    }

    /// One of the words.
    func word<Value>(_ what: String, _ words: [(String, Value)]) throws(ScenarioError) -> Value {
        let text = try text("a \(what) (\(words.map(\.0).joined(separator: ", ")))")
        if let found = words.first(where: { $0.0 == text }) { return found.1 }
        throw error(NearestWord.problem("there is no \(what) \(Self.quoted(text))", text, words.map(\.0)))
    }

    /// One of the cases, by raw value.
    func word<Value: RawRepresentable<String> & CaseIterable>(
        _ what: String, _ type: Value.Type = Value.self
    ) throws(ScenarioError) -> Value {
        try word(what, Value.allCases.map { ($0.rawValue, $0) })
    }

    /// A name among those that exist.
    func name(_ what: String, of names: [String]) throws(ScenarioError) -> String {
        let text = try text("a \(what)")
        guard names.contains(text) else {
            throw error(NearestWord.problem("there is no \(what) \(Self.quoted(text))", text, names))
        }
        return text
    }

    /// The items of a list.
    func list(_ what: String) throws(ScenarioError) -> [YAMLItem] {
        guard case .list(let items) = content else { throw error("expected a list of \(what), got \(kind)") }
        return items
    }

    /// The members of a mapping whose keys are free.
    func members(_ what: String) throws(ScenarioError) -> [(key: String, line: Int, value: YAMLItem)] {
        guard case .mapping(let members) = content else { throw error("expected a mapping of \(what), got \(kind)") }
        return members
    }

    /// The value as JSON: unquoted `true`, `false`, `null` and JSON numbers are those, every other scalar is text.
    var json: JSONValue {
        switch content {
        case .scalar(let text, isPlain: false): .string(text)
        case .scalar("true", _): true
        case .scalar("false", _): false
        case .scalar("null", _), .scalar("", _), .scalar("~", _): .null
        case .scalar(let text, _): Self.isJSONNumber(text) ? .number(text) : .string(text)
        case .list(let items): .array(items.map(\.json))
        case .mapping(let members): .object(members.map { JSONValue.Member($0.key, $0.value.json) })
        }
    }

    /// Whether the text is digits, perhaps after a minus sign.
    static func isInteger(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        return !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func isJSONNumber(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return false }
        guard first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        guard let value = try? JSONValue(Array(text.utf8)), case .number(let number) = value else { return false }
        return number == text
    }
}
