import MCPWire

/// A recorded string in which placeholders stand: literal parts and variables.
struct SecretText: Equatable, Sendable {
    enum Part: Equatable, Sendable {
        case literal([UInt8])
        /// The placeholder's text.
        case secret([UInt8])
    }

    var parts: [Part]

    /// Whether a live value has this shape; unbound placeholders are bound to what stands in their place.
    func matches(_ value: [UInt8], bindings: inout SecretBindings) -> Bool {
        var rest = value[...]
        for (index, part) in parts.enumerated() {
            switch part {
            case .literal(let literal):
                guard rest.starts(with: literal) else { return false }
                rest = rest.dropFirst(literal.count)
            case .secret(let placeholder):
                if let bound = bindings.value(of: placeholder) {
                    guard rest.starts(with: bound) else { return false }
                    rest = rest.dropFirst(bound.count)
                } else {
                    let end = endOfSecret(in: rest, nextPart: index + 1, bindings: bindings)
                    guard let end, end > rest.startIndex, bindings.bind(placeholder, to: Array(rest[..<end])) else {
                        return false
                    }
                    rest = rest[end...]
                }
            }
        }
        return rest.isEmpty
    }

    /// An unbound secret reaches to the next known text, or to the end.
    private func endOfSecret(in rest: ArraySlice<UInt8>, nextPart: Int, bindings: SecretBindings) -> Int? {
        guard nextPart < parts.count else { return rest.endIndex }
        let next: [UInt8]
        switch parts[nextPart] {
        case .literal(let literal): next = literal
        case .secret(let placeholder): next = bindings.value(of: placeholder) ?? []
        }
        guard !next.isEmpty else { return rest.endIndex }
        // The last part must end the value, so its last occurrence counts.
        let isLast = nextPart == parts.count - 1
        let starts = rest.indices.lazy.filter { $0 > rest.startIndex && rest[$0...].starts(with: next) }
        return isLast ? (rest.count > next.count ? rest.endIndex - next.count : nil) : starts.first
    }
}

/// Which live value stands for which placeholder, one to one.
struct SecretBindings: Sendable {
    private var values: [[UInt8]: [UInt8]] = [:]
    private var placeholders: [[UInt8]: [UInt8]] = [:]

    func value(of placeholder: [UInt8]) -> [UInt8]? { values[placeholder] }

    /// Binds them unless either is bound to something else; says whether they belong together now.
    mutating func bind(_ placeholder: [UInt8], to value: [UInt8]) -> Bool {
        if let bound = values[placeholder] { return bound == value }
        if let other = placeholders[value] { return other == placeholder }
        values[placeholder] = value
        placeholders[value] = placeholder
        return true
    }

    /// What the client gets to see for a placeholder, escaped as often as strings nest around it.
    ///
    /// Nil for the placeholder itself: minted by the server, it is new to the client, which sends it back.
    mutating func liveValue(of placeholder: [UInt8], escapeCount: Int = 0) -> [UInt8]? {
        guard var value = values[placeholder] else {
            _ = bind(placeholder, to: placeholder)
            return nil
        }
        for _ in 0..<escapeCount {
            var escaped: [UInt8] = []
            JSONString.encode(value.span, into: &escaped)
            value = Array(escaped.dropFirst().dropLast())
        }
        return value
    }
}

/// The placeholders of one recorded value, with what stands around them.
struct SecretPattern: Sendable {
    private(set) var sites: [SecretSite] = []

    init() {}

    /// The placeholders of a frame that stand in the part of it that `document` is.
    init(_ placeholders: [Range<Int>], in part: Range<Int>, document: JSONDocument) {
        let inside =
            placeholders
            .filter { part.lowerBound <= $0.lowerBound && $0.upperBound <= part.upperBound }
            .map { $0.lowerBound - part.lowerBound..<$0.upperBound - part.lowerBound }
        sites = SecretSite.sites(of: inside, in: document)
    }

    /// The places that a live value may fill otherwise.
    var paths: [JSONPath] { sites.map(\.path) }

    /// Whether a live value agrees at these places, given what is bound already; new bindings are noted.
    func agrees(with live: JSONDocument?, bindings: inout SecretBindings) -> Bool {
        guard sites.contains(where: { $0.text != nil }) else { return true }
        guard let live else { return false }
        var trial = bindings
        for site in sites {
            guard let text = site.text else { continue }
            guard let node = site.path.node(in: live) else { return false }
            let isString = live.nodes[node].kind == .string
            let value = isString ? live.string(at: node) : Array(live.raw(at: node))
            guard text.matches(value, bindings: &trial) else { return false }
        }
        bindings = trial
        return true
    }
}

/// One place in a document where placeholders stand.
struct SecretSite {
    /// The string, or the object one of whose keys holds a placeholder.
    var path: JSONPath
    /// The string's parts; nil for a key, which is left out of the comparison with its whole object.
    var text: SecretText?

    /// The sites of all placeholders of a document; `ranges` are offsets in its bytes, ascending.
    static func sites(of ranges: [Range<Int>], in document: JSONDocument) -> [SecretSite] {
        guard !ranges.isEmpty else { return [] }
        var sites: [SecretSite] = []
        collect(0, at: JSONPath(), ranges: ranges[...], in: document, into: &sites)
        return sites
    }

    private static func collect(
        _ node: Int, at path: JSONPath, ranges: ArraySlice<Range<Int>>, in document: JSONDocument,
        into sites: inout [SecretSite]
    ) {
        let own = document.nodes[node].range
        let inside = ranges.filter { own.lowerBound <= $0.lowerBound && $0.upperBound <= own.upperBound }[...]
        guard !inside.isEmpty else { return }
        switch document.nodes[node].kind {
        case .string:
            sites.append(SecretSite(path: path, text: text(of: own, ranges: inside, in: document)))
        case .object:
            for (key, value) in document.members(of: node) {
                let keyRange = document.nodes[key].range
                if inside.contains(where: { $0.overlaps(keyRange) }) {
                    sites.append(SecretSite(path: path))
                } else {
                    collect(
                        value, at: path.appending(document.string(at: key)), ranges: inside, in: document, into: &sites)
                }
            }
        case .array:
            for (index, element) in document.elements(of: node).enumerated() {
                collect(element, at: path.appending(index), ranges: inside, in: document, into: &sites)
            }
        default:
            break
        }
    }

    private static func text(
        of string: Range<Int>, ranges: ArraySlice<Range<Int>>, in document: JSONDocument
    ) -> SecretText {
        var parts: [SecretText.Part] = []
        var position = string.lowerBound + 1
        let end = string.upperBound - 1
        func literal(_ range: Range<Int>) {
            guard !range.isEmpty else { return }
            parts.append(.literal(JSONString.decode(document.bytes[range].span)))
        }
        for range in ranges {
            literal(position..<max(position, range.lowerBound))
            parts.append(.secret(Array(document.bytes[range])))
            position = range.upperBound
        }
        literal(position..<max(position, end))
        return SecretText(parts: parts)
    }
}
