/// An absolute `http` or `https` URL, as far as a client needs it: origin, path and query (RFC 3986).
public struct HTTPURL: Sendable, Equatable, CustomStringConvertible {
    /// Scheme, host and port.
    public var origin: Origin
    /// Begins with a slash, or is empty; as it was written.
    public var path: String
    /// What stands behind the question mark, as it was written; nil without one.
    public var query: String?

    /// The longest URL that is read, in bytes.
    public static let byteCountMax = 8192

    /// Reads a URL; nil for another scheme, user information, a fragment, or a byte that no URL has.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.byteCountMax, let origin = Origin(url: text),
            let length = Origin.length(in: text),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"#\"<>\\^`{|}".utf8.contains($0) })
        else { return nil }
        let rest = text.dropFirst(length)
        let mark = rest.firstIndex(of: "?")
        self.origin = origin
        path = String(rest[..<(mark ?? rest.endIndex)])
        query = mark.map { String(rest[$0...].dropFirst()) }
    }

    /// A URL made of its parts; `path` is empty or begins with a slash.
    public init(_ origin: Origin, path: String, query: String? = nil) {
        self.origin = origin
        self.path = path
        self.query = query
    }

    /// The `:path` of a request: path and query, the path at least a slash.
    public var target: String { (path.isEmpty ? "/" : path) + (query.map { "?" + $0 } ?? "") }

    /// The URL, scheme and host in lower case, the scheme's own port left out.
    public var description: String { origin.description + path + (query.map { "?" + $0 } ?? "") }

    /// Names and values added to the query.
    public func adding(_ fields: [(name: String, value: String)]) -> HTTPURL {
        var url = self
        let added = FormText.encode(fields)
        url.query = query.map { $0.isEmpty ? added : "\($0)&\(added)" } ?? added
        return url
    }

    /// The first value of a name in the query, decoded.
    public func value(of name: String) -> String? {
        FormText.fields(of: (query ?? "").utf8).first { $0.name == name }?.value
    }
}
