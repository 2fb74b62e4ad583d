import MCPWire

/// Bytes that are the same for equal JSON values and differ for others, so that equality is one dictionary look-up.
///
/// Equal means: 1 and 1.0 are one number, keys are compared by their decoded bytes and in any order, of duplicate keys
/// the last counts, and strings are compared decoded.
struct JSONKey: Hashable, Sendable {
    private(set) var bytes: [UInt8] = []

    /// The key of the value at `node`, with the places of `mask` left out of the comparison.
    init(_ document: JSONDocument, node: Int = 0, mask: JSONMask = JSONMask()) {
        let paths =
            mask.variable.map { (path: $0.components[...], isVolatile: false) }
            + mask.volatile.map { (path: $0.components[...], isVolatile: true) }
        bytes.reserveCapacity(document.nodes[node].range.count + 32)
        append(node, of: document, masked: paths)
    }

    private typealias MaskedPath = (path: ArraySlice<[UInt8]>, isVolatile: Bool)

    private mutating func append(_ node: Int, of document: JSONDocument, masked: [MaskedPath]) {
        guard !masked.contains(where: { $0.path.isEmpty }) else {
            bytes.append(UInt8(ascii: "*"))
            return
        }
        switch document.nodes[node].kind {
        case .object:
            bytes.append(UInt8(ascii: "{"))
            for (key, value) in Self.sortedMembers(of: node, in: document) {
                let below = masked.isEmpty ? [] : Self.masks(masked, below: key)
                if below.contains(where: { $0.path.isEmpty && $0.isVolatile }) { continue }
                append(string: key)
                append(value, of: document, masked: below)
            }
            bytes.append(UInt8(ascii: "}"))
        case .array:
            bytes.append(UInt8(ascii: "["))
            for (index, element) in document.elements(of: node).enumerated() {
                let below = masked.isEmpty ? [] : Self.masks(masked, below: Array(String(index).utf8))
                append(element, of: document, masked: below)
            }
            bytes.append(UInt8(ascii: "]"))
        case .string:
            append(string: document.string(at: node))
        case .number:
            bytes.append(UInt8(ascii: "n"))
            bytes += JSONNumber.canonical(document.raw(at: node).span)
            bytes.append(UInt8(ascii: ";"))
        case .true:
            bytes.append(UInt8(ascii: "t"))
        case .false:
            bytes.append(UInt8(ascii: "f"))
        case .null:
            bytes.append(UInt8(ascii: "z"))
        }
    }

    private mutating func append(string: [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        bytes += String(string.count).utf8
        bytes.append(UInt8(ascii: ":"))
        bytes += string
    }

    private static func masks(_ masked: [MaskedPath], below component: [UInt8]) -> [MaskedPath] {
        masked.compactMap { $0.path.first == component ? ($0.path.dropFirst(), $0.isVolatile) : nil }
    }

    /// The members sorted by key, the last of duplicates only.
    static func sortedMembers(of object: Int, in document: JSONDocument) -> [(key: [UInt8], value: Int)] {
        var members: [(key: [UInt8], value: Int)] = []
        var isSorted = true
        for member in document.members(of: object) {
            let key = document.string(at: member.key)
            if isSorted, let last = members.last { isSorted = last.key.lexicographicallyPrecedes(key) }
            members.append((key, member.value))
        }
        guard !isSorted else { return members }
        // Later members have higher nodes.
        members.sort { $0.key == $1.key ? $0.value < $1.value : $0.key.lexicographicallyPrecedes($1.key) }
        var unique: [(key: [UInt8], value: Int)] = []
        unique.reserveCapacity(members.count)
        for member in members {
            if unique.last?.key == member.key { unique.removeLast() }
            unique.append(member)
        }
        return unique
    }

    /// Feeds what `==` compares, all bytes at once.
    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
