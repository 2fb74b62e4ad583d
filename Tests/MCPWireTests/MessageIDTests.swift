import Testing

@testable import MCPWire

@Suite struct MessageIDTests {
    @Test func stringsAreEqualByWhatTheyStandFor() {
        for (left, right) in [
            (#""a""#, #""\u0061""#), (#""é""#, #""\u00e9""#), (#""\u00E9""#, #""\u00e9""#), (#""/""#, #""\/""#),
        ] {
            #expect(id(left) == id(right))
            #expect(Set([id(left), id(right)]).count == 1)
        }
    }

    @Test func everythingElseIsComparedAsWritten() {
        let texts = [
            "1", "1.0", "\"1\"", "1e0", "-1", "null", "\"null\"", "123456789012345678901234567890",
            "123456789012345678901234567891", "\"\"", #""\\u0061""#, #""é""#, #""e\#u{301}""#, #""\n""#, #""n""#,
        ]
        let ids = texts.map(id)
        #expect(Set(ids).count == texts.count)
        #expect(ids == texts.map(id))
    }

    @Test func onlyTheLiteralNullIsNull() {
        #expect(id("null").isNull)
        #expect(!id("\"null\"").isNull)
        #expect(!id("0").isNull)
    }

    @Test func describesItselfAsWritten() {
        #expect(id(#""\u0061""#).description == #""\u0061""#)
        #expect("\(id("7"))" == "7")
    }

    private func id(_ text: String) -> MessageID { MessageID(text: bytes(text)) }
}
