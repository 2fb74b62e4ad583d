import ArgumentParser
import MCPWire

/// What `--format` takes.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

extension JSONValue {
    /// An object of the members that have a value, in the order in which they are given.
    static func record(_ members: [(String, JSONValue?)]) -> JSONValue {
        .object(members.compactMap { key, value in value.map { Member(key, $0) } })
    }

    /// The text of a verb's result for a program: an object that begins with `"schema":1`.
    static func document(_ members: [(String, JSONValue?)]) -> String {
        record([("schema", 1)] + members).description
    }
}
