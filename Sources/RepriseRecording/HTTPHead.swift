/// One header field of an HTTP request or response, with its name as it was spelled.
public struct HTTPField: Equatable, Sendable {
    /// The name, in the sender's spelling.
    public var name: String
    /// The value; bytes that are not UTF-8 are replaced by U+FFFD.
    public var value: String
    /// Where placeholders of redacted secrets stand in the value's UTF-8, ascending and disjoint.
    public var placeholders: [Range<Int>]

    /// Makes a field from its parts.
    public init(_ name: String, _ value: String, placeholders: [Range<Int>] = []) {
        self.name = name
        self.value = value
        self.placeholders = placeholders
    }
}

extension [HTTPField] {
    /// The values of every field of this name in order; names are compared without case (RFC 9110, section 5.1).
    public func values(of name: String) -> [String] {
        compactMap { $0.name.equalsIgnoringCase(name) ? $0.value : nil }
    }

    /// The value of the first field of this name.
    public func first(_ name: String) -> String? {
        first { $0.name.equalsIgnoringCase(name) }?.value
    }
}

extension String {
    /// Whether two names are equal but for the case of ASCII letters.
    public func equalsIgnoringCase(_ other: String) -> Bool {
        func folded(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
        return utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8) { folded($0) == folded($1) }
    }
}

/// What an HTTP request says before its body.
public struct RequestHead: Equatable, Sendable {
    /// The method, as sent.
    public var method: String
    /// The request target, as the client sent it: usually path and query.
    public var target: String
    /// Where placeholders of redacted secrets stand in the target's UTF-8.
    public var targetPlaceholders: [Range<Int>]
    /// The header fields in the order sent, duplicates included.
    public var fields: [HTTPField]

    /// Makes a head from its parts.
    public init(method: String, target: String, targetPlaceholders: [Range<Int>] = [], fields: [HTTPField] = []) {
        self.method = method
        self.target = target
        self.targetPlaceholders = targetPlaceholders
        self.fields = fields
    }

    /// The target up to its query.
    public var path: String { String(target.prefix { $0 != "?" }) }
}

/// What an HTTP response says before its body.
public struct ResponseHead: Equatable, Sendable {
    /// The status code.
    public var status: Int
    /// The reason phrase, often empty.
    public var reason: String
    /// The header fields in the order sent, duplicates included.
    public var fields: [HTTPField]

    /// Makes a head from its parts.
    public init(status: Int, reason: String = "", fields: [HTTPField] = []) {
        self.status = status
        self.reason = reason
        self.fields = fields
    }

    /// Whether the body is a stream of server-sent events.
    public var isEventStream: Bool {
        guard let type = fields.first("content-type") else { return false }
        let essence = type.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
        return String(essence).equalsIgnoringCase("text/event-stream")
    }
}
