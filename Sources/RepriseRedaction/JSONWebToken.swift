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

    private static func isTokenByte(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") || Base64.value(byte) != nil }

    private static func decoded(_ part: ArraySlice<UInt8>) -> [UInt8]? { Base64.decoded(part) }

    private static func encoded(_ bytes: [UInt8]) -> [UInt8] { Base64.encodedForURL(bytes) }
}

/// Base64 as tokens and Basic credentials use it (RFC 4648 sections 4 and 5, either alphabet, padding optional).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x41...0x5A: UInt32(byte) - 0x41
        case 0x61...0x7A: UInt32(byte) - 0x61 + 26
        case 0x30...0x39: UInt32(byte) - 0x30 + 52
        case UInt8(ascii: "-"), UInt8(ascii: "+"): 62
        case UInt8(ascii: "_"), UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// The bytes of a text, or nil where a byte is of no alphabet or one digit is left over.
    static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var digits = text
        while digits.last == UInt8(ascii: "=") { digits.removeLast() }
        guard digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount = 0
        for digit in digits {
            guard let value = value(digit) else { return nil }
            bits = (bits << 6 | value) & 0xFFFF
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        return bytes
    }

    static func encodedForURL(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for byte in bytes {
            bits = (bits << 8 | UInt32(byte)) & 0xFFFF
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(alphabet[Int(bits >> bitCount & 63)])
            }
        }
        if bitCount > 0 { text.append(alphabet[Int(bits << (6 - bitCount) & 63)]) }
        return text
    }
}
