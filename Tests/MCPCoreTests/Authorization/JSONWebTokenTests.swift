import MCPCore
import MCPWire
import Testing

/// The expiry of tokens that nobody vouches for.
@Suite struct JSONWebTokenTests {
    private static func token(_ payload: String, header: String = #"{"alg":"none"}"#, signature: String = "") -> String
    {
        [header, payload].map { String(decoding: Base64URL.encoded(Array($0.utf8)), as: UTF8.self) }
            .joined(separator: ".") + "." + signature
    }

    @Test(
        "S-142: exp is read as seconds, whole or not, and may be absent",
        arguments: [
            (#"{"exp":1800000300}"#, 1_800_000_300), (#"{"exp":1.8e9}"#, 1_800_000_000), (#"{"exp":300.9}"#, 300),
            (#"{"exp":-1.5}"#, -2), (#"{"exp":1,"exp":2}"#, 2), ("{}", nil), (#"{"iat":1}"#, nil),
        ] as [(String, Int64?)])
    func expiryIsRead(payload: String, expected: Int64?) throws {
        #expect(try JSONWebToken.expiry(of: Self.token(payload)) == expected)
        #expect(try JSONWebToken.expiry(of: Self.token(payload, signature: "c2lnbmF0dXJl")) == expected)
    }

    @Test(
        "S-142: a malformed token throws what is wrong with it",
        arguments: [
            ("", .parts(1)), ("opaque", .parts(1)), ("a.b", .parts(2)), ("a.b.c.d.e", .parts(5)),
            ("..", .part("header")), ("e30.!.", .part("payload")), ("e30.e30", .parts(2)),
            ("W10.e30.", .part("header")),
            (token("[]"), .part("payload")), (token("{"), .part("payload")), (token(#"{"exp":"1"}"#), .expiry),
            (token(#"{"exp":1e300}"#), .expiry), (token(#"{"exp":1e999}"#), .expiry),
            (token(#"{"exp":null}"#), .expiry),
            (
                token(#"{"a":"# + String(repeating: "[", count: 100) + String(repeating: "]", count: 100) + "}"),
                .part("payload")
            ),
            (String(repeating: "a", count: JSONWebToken.byteCountMax + 1), .tooLong),
        ] as [(String, JSONWebToken.Malformation)])
    func aMalformedTokenThrows(text: String, expected: JSONWebToken.Malformation) {
        #expect(throws: expected) { try JSONWebToken.expiry(of: text) }
    }

    @Test("S-142: 20,000 broken tokens are read or refused, and none crashes")
    func brokenTokensNeverCrash() {
        var generator = SplitMix64(seed: 142)
        var (read, refused) = (0, 0)
        let good = Array(Self.token(#"{"exp":1800000300,"sub":"é","aud":["a","b"]}"#, signature: "c2ln").utf8)
        for round in 0..<20_000 {
            var bytes = good
            for _ in 0..<(1 + generator.below(3)) where !bytes.isEmpty {
                let place = generator.below(bytes.count)
                switch generator.below(4) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(UInt8(ascii: "."), at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            if round % 10 == 0 { bytes = generator.bytes(generator.below(64)) }
            do {
                _ = try JSONWebToken.expiry(of: String(decoding: bytes, as: UTF8.self))
                read += 1
            } catch { refused += 1 }
        }
        #expect(read > 100)
        #expect(refused > 10_000, "\(read) were read")
    }
}
