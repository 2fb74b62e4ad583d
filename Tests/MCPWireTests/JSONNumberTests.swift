import Testing
import MCPCore

@testable import MCPWire

@Suite struct JSONNumberTests {
    @Test(arguments: [
        ["1", "1.0", "10e-1", "0.1e1", "1e0", "1E+0", "1e-0", "100e-2", "0.001e3", "1.000"],
        ["0", "-0", "0.0", "-0.000", "0e99999999999999999999999999", "-0e-5"],
        ["-1", "-1.0", "-10e-1"], ["100", "1e2", "1.00e2", "0.1e3"], ["0.05", "5e-2", "0.5e-1", "50e-3"],
        ["123456789012345678901234567890", "12345678901234567890123456789e1", "123456789012345678901234567890.0"],
        ["1e1000000000000000000000001", "10e1000000000000000000000000", "0.1e1000000000000000000000002"],
        ["1e-1000000000000000000000000", "10e-1000000000000000000000001", "0.01e-999999999999999999999998"],
        ["1e9999999999999999999", "10e9999999999999999998"], ["1e10000000000000000000", "10e9999999999999999999"],
        ["1e99999999999999999999", "0.1e100000000000000000000"],
    ])
    func equalValuesShareAKey(texts: [String]) {
        #expect(Set(texts.map(canonical)).count == 1, "\(texts.map(canonical))")
    }

    @Test func differentValuesHaveDifferentKeys() {
        let texts = [
            "0", "1", "-1", "10", "1.1", "1e1000000000000000000000000", "1e1000000000000000000000001",
            "1e-1000000000000000000000000", "9007199254740993", "9007199254740992", "0.1", "0.10000000000000001",
            "1e18446744073709551616", "1e18446744073709551615", "123", "321", "1.23", "12.3",
        ]
        #expect(Set(texts.map(canonical)).count == texts.count)
    }

    @Test func writesSignDigitsAndExponent() {
        let table = [
            ("1", "1e0"), ("-12.50", "-125e-1"), ("1200", "12e2"), ("-0", "0"), ("5e-2", "5e-2"),
            ("1e0009", "1e9"), ("10e-1", "1e0"), ("1e-1", "1e-1"), ("100e-1", "1e1"),
        ]
        for (text, key) in table { #expect(canonical(text) == key, "\(text)") }
    }

    @Test func hugeExponentsAndLongNumbersStayShort() {
        let huge = "1e" + String(repeating: "9", count: 100_000)
        #expect(canonical(huge).utf8.count <= huge.utf8.count + 24)
        let long = String(repeating: "9", count: 100_000) + "." + String(repeating: "0", count: 100_000)
        #expect(canonical(long).utf8.count <= 100_024)
    }

    @Test func agreesWithIntegerArithmetic() {
        var random = SplitMix64(seed: 2)
        for _ in 0..<2_000 {
            let value = random.below(2_000_000) - 1_000_000
            let shift = random.below(6)
            let scaled = "\(value)" + String(repeating: "0", count: shift)
            #expect(canonical("\(value)") == canonical("\(scaled)e-\(shift)"))
            #expect(
                canonical("\(value)") == canonical("\(scaled).\(String(repeating: "0", count: shift + 1))e-\(shift)"))
            #expect(canonical("\(value)") != canonical("\(value + 1)"))
        }
    }

    private func canonical(_ text: String) -> String {
        let written = bytes(text)
        return String(decoding: JSONNumber.canonical(written.span), as: UTF8.self)
    }
}
