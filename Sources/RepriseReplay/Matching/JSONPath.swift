import MCPWire

/// A place in a JSON value: the keys and array indexes that lead to it from the root.
struct JSONPath: Hashable, Sendable, CustomStringConvertible {
    /// Decoded keys, or array indexes as decimal text.
    var components: [[UInt8]]

    init(_ components: [[UInt8]] = []) {
        self.components = components
    }

    /// The path with these keys.
    init(keys: String...) {
        components = keys.map { Array($0.utf8) }
    }

    func appending(_ component: [UInt8]) -> JSONPath { JSONPath(components + [component]) }

    func appending(_ index: Int) -> JSONPath { appending(Array(String(index).utf8)) }

    /// The JSON pointer (RFC 6901): `/params/arguments/a~1b`, empty for the root.
    var description: String {
        components.map { component in
            let text = String(decoding: component, as: UTF8.self)
            return "/" + text.reduce(into: "") { $0 += $1 == "~" ? "~0" : $1 == "/" ? "~1" : String($1) }
        }.joined()
    }

    /// The node at this path below `node`; nil where there is none. Of duplicate keys the last counts.
    func node(in document: JSONDocument, from node: Int = 0) -> Int? {
        var current = node
        for component in components {
            switch document.nodes[current].kind {
            case .object:
                guard
                    let member = document.members(of: current).last(where: { document.string(at: $0.key) == component })
                else { return nil }
                current = member.value
            case .array:
                let elements = document.elements(of: current)
                guard let index = Int(String(decoding: component, as: UTF8.self)), elements.indices.contains(index)
                else { return nil }
                current = elements[index]
            default:
                return nil
            }
        }
        return current
    }
}

/// Places in a value that do not take part in a comparison.
struct JSONMask: Hashable, Sendable {
    /// Something must stand there, but anything may.
    var variable: [JSONPath] = []
    /// Whether anything stands there does not matter either.
    var volatile: [JSONPath] = []

    func contains(_ path: JSONPath) -> Bool { variable.contains(path) || volatile.contains(path) }
}
