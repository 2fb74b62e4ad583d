/// Where requests go: a URL of `http` or `https`, taken apart (RFC 3986), without fragment and credentials.
public struct HTTPEndpoint: Sendable, Equatable, CustomStringConvertible {
    /// `http` or `https`.
    public let scheme: String
    /// Host, in lower case, and port if it is not the scheme's own.
    public let authority: String
    /// Path and query; begins with a slash.
    public let path: String

    /// Scheme, host and port, to which alone credentials may go (RFC 6454).
    public var origin: String { "\(scheme)://\(authority)" }

    /// The URL.
    public var description: String { origin + path }

    /// Reads a URL; throws `misconfigured`, with what is wrong and without the URL, which may hold a secret.
    public init(_ text: String) throws(TransportFailure) {
        func wrong(_ reason: String) -> TransportFailure { .misconfigured("the URL \(reason)") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw wrong("holds a space, a control character or a letter beyond ASCII that is not percent-encoded")
        }
        guard let colon = text.firstIndex(of: ":") else { throw wrong("has no scheme") }
        let scheme = text[..<colon].lowercased()
        guard scheme == "http" || scheme == "https" else { throw wrong("is neither http nor https") }
        let rest = text[text.index(after: colon)...]
        guard rest.hasPrefix("//") else { throw wrong("has no host") }
        let afterSlashes = rest.dropFirst(2)
        let end = afterSlashes.firstIndex { "/?#".contains($0) } ?? afterSlashes.endIndex
        guard let authority = Self.authority(afterSlashes[..<end], scheme: scheme) else {
            throw wrong("has no host, credentials before it, or a port that is no number up to 65535")
        }
        self.init(scheme: scheme, authority: authority, path: Self.path(afterSlashes[end...]))
    }

    private init(scheme: String, authority: String, path: String) {
        self.scheme = scheme
        self.authority = authority
        self.path = path
    }

    /// What a reference in a `Location` header stands for, seen from here; nil if it cannot be read.
    public func resolving(_ reference: String) -> HTTPEndpoint? {
        guard reference.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        if reference.hasPrefix("//") { return try? HTTPEndpoint("\(scheme):\(reference)") }
        let first = reference.firstIndex { ":/?#".contains($0) }
        if let first, reference[first] == ":" { return try? HTTPEndpoint(reference) }
        let ownPath = path.prefix { $0 != "?" }
        let target: String
        if reference.isEmpty || reference.hasPrefix("#") {
            target = path
        } else if reference.hasPrefix("/") {
            target = reference
        } else if reference.hasPrefix("?") {
            target = ownPath + reference
        } else {
            let folder = ownPath.lastIndex(of: "/").map { ownPath[...$0] } ?? "/"
            target = folder + reference
        }
        return HTTPEndpoint(
            scheme: scheme, authority: authority, path: Self.withoutDotSegments(Self.path(target[...])))
    }

    /// Host and port in their one spelling; nil if they cannot be read.
    private static func authority(_ text: Substring, scheme: String) -> String? {
        guard !text.contains("@"), !text.contains("\\") else { return nil }
        let hostEnd: Substring.Index
        if text.hasPrefix("[") {
            guard let bracket = text.firstIndex(of: "]") else { return nil }
            hostEnd = text.index(after: bracket)
        } else {
            hostEnd = text.firstIndex(of: ":") ?? text.endIndex
        }
        let host = text[..<hostEnd].lowercased()
        let rest = text[hostEnd...]
        guard !host.isEmpty else { return nil }
        if rest.isEmpty || rest == ":" { return host }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = UInt16(digits)
        else { return nil }
        return port == (scheme == "https" ? 443 : 80) ? host : "\(host):\(port)"
    }

    /// What stands behind the authority, from its slash to before its fragment.
    private static func path(_ text: Substring) -> String {
        let path = text.prefix { $0 != "#" }
        return path.hasPrefix("/") ? String(path) : "/" + path
    }

    /// The path without `.` and `..` (RFC 3986, 5.2.4).
    private static func withoutDotSegments(_ target: String) -> String {
        let query = target.firstIndex(of: "?") ?? target.endIndex
        let segments = target[..<query].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var kept: [Substring] = []
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            if segment == ".." { _ = kept.popLast() }
            if segment != ".", segment != ".." {
                kept.append(segment)
            } else if isLast {
                kept.append("")
            }
        }
        return "/" + kept.joined(separator: "/") + target[query...]
    }
}
