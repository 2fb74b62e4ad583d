import Testing

@Suite struct SwiftCodeTests {
    private func words(_ text: String) -> [String] { SwiftCode(text).tokens.map(\.text) }

    @Test func commentsAreNoCode() {
        #expect(words("a // b\nc /* d /* e */ f */ g") == ["a", "c", "g"])
    }

    @Test func contentsOfStringsAreNoCodeButInterpolationsAre() {
        #expect(words(#"f("a \" b", c)"#) == ["f", "(", "\"", "\"", ",", "c", ")"])
        #expect(words(#""a \(b("c")) d" e"#) == ["\"", "(", "b", "(", "\"", "\"", ")", ")", "\"", "e"])
        #expect(words("##\"a \"# \\(b) \\##(c) \"## d").filter { $0.count == 1 && $0 >= "a" } == ["c", "d"])
    }

    @Test func aStringOfSeveralLinesKeepsTheLinesBehindItInPlace() {
        let code = SwiftCode("let a = \"\"\"\n  // \" b\n  \"\"\"\nlet c")
        #expect(code.tokens.last == .init(text: "c", line: 4, offset: 31))
        #expect(!code.tokens.contains { $0.text == "b" })
    }

    @Test func offsetsAreThoseOfTheText() {
        let text = "x(\"é\") // é\ny"
        let code = SwiftCode(text)
        #expect(code.bytes.count == text.utf8.count)
        #expect(code.tokens.last?.line == 2)
    }

    @Test func aBracketFindsItsPartner() {
        let code = SwiftCode("f([a], { b })")
        #expect(code.closing(1) == code.tokens.count - 1)
        #expect(SwiftCode("f(").closing(1) == nil)
    }
}
