import MCPWire

/// An access token of the doubles: a JWT (RFC 7519) that carries all that a server wants to know of it.
///
/// Its signature is a digest without a key. So every double knows a token that a double has minted, and nobody else has
/// to: it protects nothing.
struct MintedToken: Sendable, Equatable {
    /// Who minted it: the origin of the authorization server.
    var issuer: String
    /// What scenarios call it: `A`, `B`, …
    var name: String
    /// Whom it was minted for: the client's id, with the number of the grant.
    var subject: String
    /// The resource that it is for; nil is any.
    var audience: String?
    /// What it allows, by spaces.
    var scope: String?
    /// When it was minted, in seconds of Unix time, by the clock of its server.
    var issuedAt: Int64
    /// From when on it is no longer good, in seconds of Unix time.
    var expiresAt: Int64

    /// The token as it stands behind `Bearer`.
    var text: String {
        let header: JSONValue = ["alg": "none+digest", "typ": "JWT"]
        var claims: [JSONValue.Member] = [
            .init("iss", .string(issuer)), .init("sub", .string(subject)), .init("jti", .string(name)),
            .init("iat", .number(String(issuedAt))), .init("exp", .number(String(expiresAt))),
        ]
        if let audience { claims.append(.init("aud", .string(audience))) }
        if let scope { claims.append(.init("scope", .string(scope))) }
        let signed =
            Base64URL.encoded(header.encoded) + [UInt8(ascii: ".")]
            + Base64URL.encoded(JSONValue.object(claims).encoded)
        return String(decoding: signed + [UInt8(ascii: ".")] + Self.signature(of: signed), as: UTF8.self)
    }

    /// What a token says; nil for anything that no double has minted.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, text.utf8.count <= 8192 else { return nil }
        let signed = Array(parts[0]) + [UInt8(ascii: ".")] + Array(parts[1])
        guard Array(parts[2]) == Self.signature(of: signed),
            let claims = Base64URL.decoded(Array(parts[1])[...]).flatMap({ try? JSONValue($0) }),
            let issuer = claims["iss"]?.text, let name = claims["jti"]?.text, let subject = claims["sub"]?.text,
            let issuedAt = claims["iat"]?.integer, let expiresAt = claims["exp"]?.integer
        else { return nil }
        self.init(
            issuer: issuer, name: name, subject: subject, audience: claims["aud"]?.text, scope: claims["scope"]?.text,
            issuedAt: Int64(issuedAt), expiresAt: Int64(expiresAt))
    }

    init(
        issuer: String, name: String, subject: String, audience: String?, scope: String?, issuedAt: Int64,
        expiresAt: Int64
    ) {
        self.issuer = issuer
        self.name = name
        self.subject = subject
        self.audience = audience
        self.scope = scope
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    /// The name of the token with that number from 0: `A`, …, `Z`, `AA`, `AB`, …
    static func name(_ number: Int) -> String {
        var letters: [UInt8] = []
        var rest = number
        repeat {
            letters.insert(UInt8(ascii: "A") + UInt8(rest % 26), at: 0)
            rest = rest / 26 - 1
        } while rest >= 0
        return String(decoding: letters, as: UTF8.self)
    }

    /// The number of a token's name; nil for a name that is of another form.
    static func number(of name: String) -> Int? {
        guard (1...10).contains(name.utf8.count) else { return nil }
        var number = 0
        for byte in name.utf8 {
            guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) else { return nil }
            number = number * 26 + Int(byte - UInt8(ascii: "A")) + 1
        }
        return number - 1
    }

    private static func signature(of signed: [UInt8]) -> [UInt8] {
        var digest = SHA256()
        digest.update(signed)
        return Base64URL.encoded(digest.finishBytes())
    }
}
