import MCPWire

/// What a client reads of a JSON Web Token (RFC 7519), without trusting it: nobody checks the signature here (S-142).
public enum JSONWebToken {
    /// The longest text that is read, in bytes.
    public static let byteCountMax = 65_536
    /// The deepest nesting that is read.
    public static let depthMax = 32

    /// Why a text is no token whose expiry can be read.
    public enum Malformation: Error, Sendable, Equatable {
        /// Longer than ``JSONWebToken/byteCountMax``.
        case tooLong
        /// Not three parts with dots between.
        case parts(Int)
        /// A part that is not Base64 for URLs, or no JSON object.
        case part(String)
        /// `exp` is no number of seconds.
        case expiry
    }

    /// The `exp` claim in whole seconds of Unix time, rounded down; nil without one. Throws what the token is not.
    public static func expiry(of token: String) throws(Malformation) -> Int64? {
        guard token.utf8.count <= byteCountMax else { throw .tooLong }
        let parts = Array(token.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .parts(parts.count) }
        _ = try object(parts[0], name: "header")
        guard let claim = try object(parts[1], name: "payload")["exp"] else { return nil }
        // RFC 7519 allows fractions; beyond 2^53 a Double is no whole second any more.
        guard case .number(let text) = claim, let seconds = Double(text), abs(seconds) <= 9_007_199_254_740_992 else {
            throw .expiry
        }
        return Int64(seconds.rounded(.down))
    }

    private static func object(_ part: ArraySlice<UInt8>, name: String) throws(Malformation) -> JSONValue {
        guard let bytes = Base64URL.decoded(part), let value = try? JSONValue(bytes, depthMax: depthMax),
            value.members != nil
        else { throw .part(name) }
        return value
    }
}
