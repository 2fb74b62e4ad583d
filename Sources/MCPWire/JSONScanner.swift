/// The seven kinds of JSON value (RFC 8259 section 3).
public enum JSONKind: UInt8, Sendable {
    /// `{…}`
    case object
    /// `[…]`
    case array
    /// `"…"`
    case string
    /// Any number; its spelling is kept, never read as a double.
    case number
    /// `true`
    case `true`
    /// `false`
    case `false`
    /// `null`
    case null
}

/// What one pass over a text learns about the JSON value in it.
public struct JSONSummary: Equatable, Sendable {
    /// The kind of the value.
    public var kind: JSONKind
    /// Byte offsets of the value without surrounding white space.
    public var range: Range<Int>
    /// Levels of nesting: 0 for a scalar, 1 for `[]`, 2 for `[[]]`.
    public var depth: Int
    /// Whether any string or key holds an escape `\uD800`…`\uDFFF` without its partner.
    public var hasUnpairedSurrogate: Bool
    /// Whether a CR or LF stands anywhere in the text, also around the value.
    public var hasLineBreak: Bool
}

/// A validating JSON scanner (RFC 8259): one pass, no recursion, no tree, memory of one bit per level of nesting.
///
/// Strings must be UTF-8 (RFC 3629), numbers may have any length, duplicate keys and unpaired surrogate escapes are
/// accepted, a byte-order mark is refused.
public enum JSONScanner {
    /// Levels of nesting accepted where nothing else is said.
    public static let depthMaxDefault = 1024

    /// Validates a text as exactly one JSON value, surrounded by white space at most.
    ///
    /// Throws the first offence; `depthMax` counts brackets open at once.
    public static func summary(
        of bytes: Span<UInt8>, depthMax: Int = depthMaxDefault
    ) throws(JSONError) -> JSONSummary {
        var sink = JSONNullSink()
        return try scan(bytes, depthMax: depthMax, into: &sink)
    }
}

/// Hears of every token of a text while it is scanned; what was told before an error is void.
protocol JSONSink {
    /// A scalar outside the key place; strings include their quotes.
    mutating func scalar(_ kind: JSONKind, _ start: Int, _ end: Int, hasEscapes: Bool)
    /// An object's key, quotes included; its value follows.
    mutating func key(_ start: Int, _ end: Int, hasEscapes: Bool)
    /// An opening bracket at `start`.
    mutating func open(_ kind: JSONKind, _ start: Int)
    /// The bracket that closes the innermost open container, ending at `end`.
    mutating func close(_ end: Int)
}

struct JSONNullSink: JSONSink {
    @inline(__always) mutating func scalar(_ kind: JSONKind, _ start: Int, _ end: Int, hasEscapes: Bool) {}
    @inline(__always) mutating func key(_ start: Int, _ end: Int, hasEscapes: Bool) {}
    @inline(__always) mutating func open(_ kind: JSONKind, _ start: Int) {}
    @inline(__always) mutating func close(_ end: Int) {}
}

/// Which of the open containers are objects: one bit a level, 64 of them without allocating.
struct JSONContainerStack {
    private var bits: UInt64 = 0
    private var spilled: [UInt64] = []
    private(set) var depth = 0

    @inline(__always)
    var innermostIsObject: Bool { bits & 1 != 0 }

    @inline(__always)
    mutating func push(isObject: Bool) {
        if depth & 63 == 0, depth > 0 { spilled.append(bits) }
        bits = bits &<< 1 | (isObject ? 1 : 0)
        depth &+= 1
    }

    @inline(__always)
    mutating func pop() {
        depth &-= 1
        if depth & 63 == 0, depth > 0 { bits = spilled.removeLast() } else { bits &>>= 1 }
    }
}
