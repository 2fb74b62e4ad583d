import MCPWire

/// Which URLs tokens and codes may be sent to: `https`, and loopback without it (OAuth 2.1, section 1.5).
struct EndpointRule: Sendable {
    /// False lets every `http` URL in.
    var requiresHTTPS: Bool

    /// Whether a URL may be used.
    func allows(_ url: HTTPURL) -> Bool {
        !requiresHTTPS || url.origin.scheme == "https" || url.origin.isLoopback
    }

    /// The endpoint under a key of metadata; throws when it is missing and needed, no URL, or not to be used.
    func endpoint(
        _ key: String, in metadata: JSONValue, at place: HTTPURL
    ) throws(AuthorizationError) -> HTTPURL? {
        guard let value = metadata[key], value != .null else { return nil }
        guard let url = value.text.flatMap({ HTTPURL($0) }) else {
            throw AuthorizationError(.metadata, "\(place.plain): \(key) is no URL for HTTP")
        }
        guard allows(url) else {
            throw AuthorizationError(.metadata, "\(place.plain): \(key) is neither https nor loopback")
        }
        return url
    }
}

extension HTTPURL {
    /// The URL without its query, which may hold what is nobody's business.
    var plain: String { HTTPURL(origin, path: path).description }
}
