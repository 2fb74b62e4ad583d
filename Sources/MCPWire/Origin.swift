/// Scheme, host and port of an HTTP server (RFC 6454, section 4).
public struct Origin: Equatable, Sendable, CustomStringConvertible {
    /// `http` or `https`.
    public let scheme: String
    /// The host in lower case; an IPv6 address in brackets.
    public let host: String
    /// The port, also where the URL leaves it to the scheme.
    public let port: Int

    /// Makes an origin from its parts; the host is put in lower case.
    public init(scheme: String, host: String, port: Int) {
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
    }

    /// The origin of an absolute `http` or `https` URL; nil for any other text, one with user information included.
    public init?(url: some StringProtocol) {
        guard let length = Self.length(in: url) else { return nil }
        let text = url.prefix(length)
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = text[..<colon].lowercased()
        self.init(scheme: scheme, authority: text[colon...].dropFirst(3))
    }

    /// The origin that a `Host` value names under a scheme; nil for one that is no host with an optional port.
    public init?(scheme: String, authority: some StringProtocol) {
        guard let port = Self.defaultPort(of: scheme), !authority.isEmpty else { return nil }
        var host = Substring(authority)
        var number = port
        let bracket = host.lastIndex(of: "]")
        if let colon = host.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
            let digits = host[colon...].dropFirst()
            guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
            if !digits.isEmpty {
                guard let given = Int(digits), (1...65_535).contains(given) else { return nil }
                number = given
            }
            host = host[..<colon]
        }
        let isAddress = host.first == "[" && host.last == "]" && host.utf8.count > 2
        let plain = isAddress ? host.dropFirst().dropLast() : host
        guard !plain.isEmpty, plain.utf8.allSatisfy({ Self.isHostByte($0) || isAddress && $0 == 0x3A }) else {
            return nil
        }
        self.init(scheme: scheme, host: String(host), port: number)
    }

    /// Host, and port unless it is the scheme's own, as a `Host` field has them (RFC 9110, section 7.2).
    public var authority: String { port == Self.defaultPort(of: scheme) ? host : "\(host):\(port)" }

    /// The origin as the beginning of a URL, without a slash at its end.
    public var description: String { "\(scheme)://\(authority)" }

    /// Whether the host is this machine's loopback interface by name or address.
    public var isLoopback: Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// How many characters of a URL make up scheme and authority; nil for a text that does not begin so.
    public static func length(in url: some StringProtocol) -> Int? {
        guard let scheme = ["http://", "https://"].first(where: { url.prefix($0.count).lowercased() == $0 }) else {
            return nil
        }
        let authority = url.dropFirst(scheme.count).prefix { !"/?#\\".contains($0) }
        return scheme.count + authority.count
    }

    private static func defaultPort(of scheme: String) -> Int? {
        switch scheme {
        case "http": 80
        case "https": 443
        default: nil
        }
    }

    /// Unreserved and sub-delims of RFC 3986, section 3.2.2, and `%`; what ends or splits an authority is none of them.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~!$&'()*+,;=%".utf8.contains(byte)
        }
    }
}
