/// A parsed JSON text: its own bytes and a flat tape of nodes over them, in the order they are written.
///
/// Nothing is converted: numbers keep their spelling, keys their order and their duplicates. A node takes 16 bytes, so
/// the tape is at most eight times as long as the text.
public struct JSONDocument: Sendable {
    /// One value or key; an object's children alternate between key and value.
    public struct Node: Sendable {
        fileprivate var start: UInt32
        fileprivate var end: UInt32
        /// The parent's index while a container is open, afterwards the index behind the subtree.
        fileprivate var link: UInt32
        /// The kind of the value; a key is a string.
        public var kind: JSONKind
        /// Whether a string or key holds a backslash; false for everything else.
        public var hasEscapes: Bool

        /// The bytes of the value in the text; strings include their quotes.
        public var range: Range<Int> { Int(start)..<Int(end) }
        /// The index of the node that follows this one and all below it.
        public var next: Int { Int(link) }
    }

    /// The longest text that a tape can address, in bytes.
    public static let byteCountMax = Int(UInt32.max)

    /// The text as it was given.
    public let bytes: [UInt8]
    /// What the scanner says of the text.
    public let summary: JSONSummary
    /// All nodes, parents before children; `nodes[0]` is the root.
    public let nodes: [Node]

    /// Parses exactly one JSON value, accepting and refusing as `JSONScanner.summary(of:depthMax:)` does.
    ///
    /// Throws its errors, and `byteCountLimit` for a text longer than `byteCountMax`.
    public init(_ bytes: [UInt8], depthMax: Int = JSONScanner.depthMaxDefault) throws(JSONError) {
        guard bytes.count <= Self.byteCountMax else {
            throw JSONError(offset: Self.byteCountMax, reason: .byteCountLimit(Self.byteCountMax))
        }
        var tape = JSONTape(byteCount: bytes.count)
        summary = try JSONScanner.scan(bytes.span, depthMax: depthMax, into: &tape)
        nodes = tape.nodes
        self.bytes = bytes
    }

    /// The indexes of an array's elements, in order; empty for a node that is no array.
    public func elements(of array: Int) -> [Int] {
        guard nodes.indices.contains(array), nodes[array].kind == .array else { return [] }
        var found: [Int] = []
        var index = array + 1
        while index < nodes[array].next {
            found.append(index)
            index = nodes[index].next
        }
        return found
    }

    /// The indexes of an object's keys and values, in order, duplicates kept; empty for a node that is no object.
    public func members(of object: Int) -> [(key: Int, value: Int)] {
        guard nodes.indices.contains(object), nodes[object].kind == .object else { return [] }
        var found: [(key: Int, value: Int)] = []
        var index = object + 1
        while index < nodes[object].next {
            found.append((key: index, value: index + 1))
            index = nodes[index + 1].next
        }
        return found
    }

    /// The value under a name, compared with decoded keys; the last duplicate wins; nil if absent or no object.
    public func member(_ name: String, of object: Int) -> Int? {
        guard nodes.indices.contains(object), nodes[object].kind == .object else { return nil }
        let wanted = Array(name.utf8)
        var found: Int?
        var index = object + 1
        while index < nodes[object].next {
            if isString(at: index, equalTo: wanted) { found = index + 1 }
            index = nodes[index + 1].next
        }
        return found
    }

    /// The decoded bytes of a string or key, an unpaired surrogate as its WTF-8 form; empty for any other node.
    public func string(at node: Int) -> [UInt8] {
        guard nodes.indices.contains(node), nodes[node].kind == .string else { return [] }
        let contents = contents(at: node)
        return nodes[node].hasEscapes ? JSONString.decode(contents.span) : Array(contents)
    }

    /// A string or key as text, an unpaired surrogate as U+FFFD; empty for any other node.
    public func text(at node: Int) -> String {
        String(decoding: string(at: node), as: UTF8.self)
    }

    /// The bytes of a node as they are written; empty for an index without a node.
    public func raw(at node: Int) -> ArraySlice<UInt8> {
        nodes.indices.contains(node) ? bytes[nodes[node].range] : []
    }

    /// What stands between the quotes of a string node.
    private func contents(at node: Int) -> ArraySlice<UInt8> {
        let range = nodes[node].range
        return bytes[(range.lowerBound + 1)..<(range.upperBound - 1)]
    }

    private func isString(at node: Int, equalTo wanted: [UInt8]) -> Bool {
        if nodes[node].hasEscapes { return string(at: node) == wanted }
        return nodes[node].range.count == wanted.count + 2 && contents(at: node).elementsEqual(wanted)
    }
}

/// Writes the tape while the scanner runs; the chain of open containers is kept in their own links.
private struct JSONTape: JSONSink {
    private static let noParent = UInt32.max

    var nodes: [JSONDocument.Node] = []
    private var innermost = noParent

    init(byteCount: Int) {
        // A node for every 16 bytes is usual for MCP; long texts may be one string, so they begin no larger.
        nodes.reserveCapacity(min(byteCount / 16, 4096) + 1)
    }

    @inline(__always)
    mutating func scalar(_ kind: JSONKind, _ start: Int, _ end: Int, hasEscapes: Bool) {
        let link = UInt32(truncatingIfNeeded: nodes.count &+ 1)
        nodes.append(
            JSONDocument.Node(
                start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end), link: link, kind: kind,
                hasEscapes: hasEscapes))
    }

    @inline(__always)
    mutating func key(_ start: Int, _ end: Int, hasEscapes: Bool) {
        scalar(.string, start, end, hasEscapes: hasEscapes)
    }

    @inline(__always)
    mutating func open(_ kind: JSONKind, _ start: Int) {
        let index = UInt32(truncatingIfNeeded: nodes.count)
        nodes.append(
            JSONDocument.Node(
                start: UInt32(truncatingIfNeeded: start), end: 0, link: innermost, kind: kind, hasEscapes: false))
        innermost = index
    }

    @inline(__always)
    mutating func close(_ end: Int) {
        let index = Int(innermost)
        innermost = nodes[index].link
        nodes[index].end = UInt32(truncatingIfNeeded: end)
        nodes[index].link = UInt32(truncatingIfNeeded: nodes.count)
    }
}
