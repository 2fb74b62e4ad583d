/// One value of a scenario's file, with its place.
struct YAMLItem {
    /// What stands there.
    enum Content {
        /// As written; `isPlain` is false for quoted text and blocks.
        case scalar(String, isPlain: Bool)
        case list([YAMLItem])
        /// In the order of the file; keys are different from each other.
        case mapping([(key: String, line: Int, value: YAMLItem)])
    }

    /// The keys that lead to an item; made into text only for an error, as long keys stand above many items.
    indirect enum Place {
        case top
        case key(String, in: Place)
        case index(Int, in: Place)

        /// `faults[2].count`.
        var text: String {
            switch self {
            case .top: ""
            case .key(let name, .top): YAMLItem.shortened(name)
            case .key(let name, let outer): "\(outer.text).\(YAMLItem.shortened(name))"
            case .index(let index, let outer): "\(outer.text)[\(index)]"
            }
        }
    }

    var content: Content
    /// The file, as errors name it.
    var path: String
    /// From 1.
    var line: Int
    var place: Place

    /// An error at this item.
    func error(_ problem: String) -> ScenarioError {
        ScenarioError(path: path, line: line, key: place.text, problem: problem)
    }

    /// The value of a key, if it is a mapping that has it.
    subscript(key: String) -> YAMLItem? {
        if case .mapping(let members) = content { members.first { $0.key == key }?.value } else { nil }
    }

    /// Whether it is a mapping with that key.
    func has(_ key: String) -> Bool { self[key] != nil }

    /// "a list", "a mapping", or the text itself in quotation marks.
    var kind: String {
        switch content {
        case .scalar("", isPlain: true): "nothing"
        case .scalar(let text, _): Self.quoted(text)
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    /// The text in quotation marks, cut after 60 characters.
    static func quoted(_ text: String) -> String { "\"\(shortened(text))\"" }

    /// The first 60 characters, without line breaks and other control characters.
    static func shortened(_ text: String) -> String {
        var result = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            guard index < 60 else { return result + "…" }
            result.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
        }
        return result
    }
}
