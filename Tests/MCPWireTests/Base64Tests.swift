import MCPCore
import MCPWire
import Testing

/// Base64 as RFC 4648, section 4 has it, and nothing else.
@Suite struct Base64Tests {
    @Test(
        "RFC 4648, section 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func theVectorsOfTheStandardHold(plain: String, encoded: String) {
        var output: [UInt8] = []
        Base64.encode(bytes(plain), into: &output)
        #expect(output == bytes(encoded))
        #expect(Base64.decode(bytes(encoded)) == bytes(plain))
    }

    @Test func everyByteAndLengthComesBack() {
        var random = SplitMix64(seed: 4648)
        for count in 0..<300 {
            let plain = (0..<count).map { _ in UInt8(random.below(256)) }
            var encoded: [UInt8] = []
            Base64.encode(plain, into: &encoded)
            #expect(encoded.count == (count + 2) / 3 * 4)
            #expect(Base64.decode(encoded) == plain)
        }
    }

    @Test func theAlphabetHasPlusAndSlash() {
        var output: [UInt8] = []
        Base64.encode([0xFB, 0xEF, 0xBE, 0xFF, 0xFF, 0xFF], into: &output)
        #expect(output == bytes("++++////"))
        #expect(Base64.decode(bytes("-_-_")) == nil)
    }

    @Test(
        "what is no canonical base64 is refused",
        arguments: [
            "Z", "Zg", "Zg=", "Zm9", "Zg===", "Zg==Zg==", "=", "==", "====", "A===", "Z=g=", "=Zg=", "Zg==\n", " Zg==",
            "Zm9v Zm9", "Zh==", "Zm9=", "Zm9vYg=a", "é===", "Zm\u{0}v",
        ])
    func whatIsNotCanonicalIsRefused(encoded: String) {
        #expect(Base64.decode(bytes(encoded)) == nil)
    }
}
