import MCPCore
import MCPWire
import Testing

/// Base64 of tokens: RFC 4648, sections 5 and 10.
@Suite struct Base64URLTests {
    @Test(
        "the test vectors of RFC 4648 hold, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func theVectorsHold(text: String, encoded: String) {
        #expect(Base64URL.encoded(Array(text.utf8)) == Array(encoded.utf8))
        #expect(Base64URL.decoded(Array(encoded.utf8)[...]) == Array(text.utf8))
        #expect(Base64URL.decoded(Array((encoded + "==").utf8)[...]) == Array(text.utf8))
    }

    @Test func whatIsEncodedIsDecodedAgainAndFitsIntoURLs() {
        var generator = SplitMix64(seed: 1)
        for count in 0..<200 {
            let bytes = generator.bytes(count)
            let text = Base64URL.encoded(bytes)
            #expect(text.allSatisfy { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "=") })
            #expect(Base64URL.decoded(text[...]) == bytes)
        }
    }

    @Test func foreignBytesAndALeftOverDigitAreRefused() {
        for text in ["A", "AAAAA", "AA A", "AA.A", "AA=A", "é"] {
            #expect(Base64URL.decoded(Array(text.utf8)[...]) == nil, "\(text)")
        }
        #expect(Base64URL.decoded(Array("-_+/".utf8)[...]) == Base64URL.decoded(Array("+/-_".utf8)[...]))
    }
}
