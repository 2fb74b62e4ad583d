import MCPWire

/// One place where two JSON values differ.
public struct JSONDifference: Equatable, Sendable, CustomStringConvertible {
    /// What differs there.
    public enum Change: Equatable, Sendable {
        /// Another value stands there.
        case changed(from: String, to: String)
        /// Only the second value has something there.
        case added(String)
        /// Only the first value has something there.
        case removed(String)
    }

    /// JSON pointer (RFC 6901) to the place; of a removed array element, its place in the first value.
    public var pointer: String
    /// What differs, the values as JSON cut to ``valueByteCountMax`` bytes.
    public var change: Change

    /// Longest value that is shown whole.
    public static let valueByteCountMax = 160

    /// One line: pointer, then what was and what is.
    public var description: String {
        let place = pointer.isEmpty ? "(whole value)" : pointer
        return switch change {
        case .changed(let from, let to): "\(place): \(from) -> \(to)"
        case .added(let value): "\(place): added \(value)"
        case .removed(let value): "\(place): removed \(value)"
        }
    }

    /// Every place where `second` differs from `first`, members in the order of their keys; equality as in matching.
    ///
    /// An array element that was put in or taken out is one difference: its neighbours are aligned by equality, then
    /// by their `name`, `uri` or `id`.
    static func between(
        _ first: JSONDocument, _ second: JSONDocument, below pointer: String = "", mask: JSONMask = JSONMask()
    ) -> [JSONDifference] {
        var comparison = Comparison(first: first, second: second, prefix: pointer, mask: mask)
        comparison.compare(0, 0, at: JSONPath())
        return comparison.differences
    }

    /// As ``between(_:_:below:mask:)``, where either value may be absent (empty bytes) or no JSON.
    static func between(
        _ first: [UInt8], _ second: [UInt8], below pointer: String, mask: JSONMask = JSONMask()
    ) -> [JSONDifference] {
        let left = try? JSONDocument(first)
        let right = try? JSONDocument(second)
        switch (left, right) {
        case (let left?, let right?): return between(left, right, below: pointer, mask: mask)
        case (nil, let right?): return [JSONDifference(pointer: pointer, change: .added(shown(right, 0)))]
        case (let left?, nil): return [JSONDifference(pointer: pointer, change: .removed(shown(left, 0)))]
        case (nil, nil): return []
        }
    }

    static func shown(_ document: JSONDocument, _ node: Int) -> String {
        shown(document.raw(at: node))
    }

    static func shown(_ raw: ArraySlice<UInt8>) -> String {
        guard raw.count > valueByteCountMax else { return String(decoding: raw, as: UTF8.self) }
        return String(decoding: raw.prefix(valueByteCountMax), as: UTF8.self) + "… (\(raw.count) bytes)"
    }
}

extension JSONDifference {
    /// The place of two different frames that need not be JSON, as strings.
    static func between(frame first: [UInt8], frame second: [UInt8]) -> JSONDifference {
        let (from, to) = excerpts(first, second)
        return JSONDifference(pointer: "", change: .changed(from: from, to: to))
    }

    /// Two different strings as JSON; of long ones the parts around the first difference.
    fileprivate static func excerpts(_ a: [UInt8], _ b: [UInt8]) -> (String, String) {
        guard max(a.count, b.count) > valueByteCountMax else { return (quoted(a[...]), quoted(b[...])) }
        let common = zip(a, b).prefix { $0 == $1 }.count
        let start = max(0, common - 40)
        func excerpt(_ bytes: [UInt8]) -> String {
            let part = bytes[start..<min(bytes.count, start + valueByteCountMax)]
            return quoted(part) + " (from byte \(start) of \(bytes.count))"
        }
        return (excerpt(a), excerpt(b))
    }

    private static func quoted(_ bytes: ArraySlice<UInt8>) -> String {
        var output: [UInt8] = []
        JSONString.encode(String(decoding: bytes, as: UTF8.self), into: &output)
        return String(decoding: output, as: UTF8.self)
    }
}

/// Walks two documents side by side.
private struct Comparison {
    let first: JSONDocument
    let second: JSONDocument
    let prefix: String
    let mask: JSONMask
    var differences: [JSONDifference] = []

    mutating func compare(_ a: Int, _ b: Int, at path: JSONPath) {
        guard !mask.contains(path) else { return }
        let kinds = (first.nodes[a].kind, second.nodes[b].kind)
        switch kinds {
        case (.object, .object):
            compareObjects(a, b, at: path)
        case (.array, .array):
            compareArrays(a, b, at: path)
        case (.string, .string) where first.string(at: a) != second.string(at: b):
            let (from, to) = JSONDifference.excerpts(first.string(at: a), second.string(at: b))
            note(path, .changed(from: from, to: to))
        default:
            guard JSONKey(first, node: a) != JSONKey(second, node: b) else { return }
            note(path, .changed(from: JSONDifference.shown(first, a), to: JSONDifference.shown(second, b)))
        }
    }

    private mutating func note(_ path: JSONPath, _ change: JSONDifference.Change) {
        differences.append(JSONDifference(pointer: prefix + path.description, change: change))
    }

    private mutating func compareObjects(_ a: Int, _ b: Int, at path: JSONPath) {
        let right = JSONKey.sortedMembers(of: b, in: second)
        let rightByKey = Dictionary(right.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        var leftKeys: Set<[UInt8]> = []
        for (key, value) in JSONKey.sortedMembers(of: a, in: first) {
            leftKeys.insert(key)
            let place = path.appending(key)
            if let other = rightByKey[key] {
                compare(value, other, at: place)
            } else if !mask.volatile.contains(place) {
                note(place, .removed(JSONDifference.shown(first, value)))
            }
        }
        for (key, value) in right where !leftKeys.contains(key) && !mask.volatile.contains(path.appending(key)) {
            note(path.appending(key), .added(JSONDifference.shown(second, value)))
        }
    }

    private mutating func compareArrays(_ a: Int, _ b: Int, at path: JSONPath) {
        let left = first.elements(of: a)
        let right = second.elements(of: b)
        let alignment = Alignment.of(
            left.map { JSONKey(first, node: $0) }, right.map { JSONKey(second, node: $0) },
            labels: (left.map { label(of: $0, in: first) }, right.map { label(of: $0, in: second) }))
        for pair in alignment {
            switch (pair.first, pair.second) {
            case (let i?, let j?): compare(left[i], right[j], at: path.appending(j))
            case (let i?, nil): note(path.appending(i), .removed(JSONDifference.shown(first, left[i])))
            case (nil, let j?): note(path.appending(j), .added(JSONDifference.shown(second, right[j])))
            case (nil, nil): break
            }
        }
    }

    /// What names an element of a list of tools, resources, prompts or roots; nil for other values.
    private func label(of node: Int, in document: JSONDocument) -> [UInt8]? {
        for key in ["name", "uri", "id"] {
            if let member = document.member(key, of: node) { return document.string(at: member) }
        }
        return nil
    }
}
