import MCPWire

/// JSON Web Tokens (RFC 7519): told by their shape, and given a placeholder that keeps their times.
enum JSONWebToken {
    /// The placeholder's first two parts with the dot behind them, or nil if `value` is no token in compact form.
    ///
    /// Kept are `iat`, `exp` and `nbf` (RFC 7519 section 4.1) as written, where they are numbers.
    static func placeholderHead(of value: [UInt8]) -> [UInt8]? {
        guard value.count <= tokenByteCountMax, value.starts(with: Array("ey".utf8)) else { return nil }
        let parts = value.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 || parts.count == 5, value.allSatisfy(isTokenByte),
            let header = decoded(parts[0]), let document = try? JSONDocument(header), document.nodes[0].kind == .object
        else { return nil }
        var payload: [UInt8] = [UInt8(ascii: "{")]
        if parts.count == 3, let claims = decoded(parts[1]), let document = try? JSONDocument(claims) {
            for name in ["iat", "exp", "nbf"] {
                guard let node = document.member(name, of: 0), document.nodes[node].kind == .number,
                    document.nodes[node].range.count <= 32
                else { continue }
                if payload.count > 1 { payload.append(UInt8(ascii: ",")) }
                payload += Array("\"\(name)\":".utf8) + document.raw(at: node)
            }
        }
        payload.append(UInt8(ascii: "}"))
        return encoded(Array(#"{"alg":"none"}"#.utf8)) + [UInt8(ascii: ".")] + encoded(payload) + [UInt8(ascii: ".")]
    }

    /// A longer text is no token worth parsing.
    private static let tokenByteCountMax = 1 << 16

    private static func isTokenByte(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") || Base64URL.value(byte) != nil }

    private static func decoded(_ part: ArraySlice<UInt8>) -> [UInt8]? { Base64URL.decoded(part) }

    private static func encoded(_ bytes: [UInt8]) -> [UInt8] { Base64URL.encoded(bytes) }
}
