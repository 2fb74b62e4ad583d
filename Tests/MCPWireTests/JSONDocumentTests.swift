import Testing

@testable import MCPWire

@Suite struct JSONDocumentTests {
    @Test func nodesStandInWrittenOrderWithTheirRanges() throws {
        let text = #"{ "a" : [1, {"b":null}], "c":"\n" }"#
        let document = try JSONDocument(bytes(text))
        let raws = document.nodes.indices.map { String(decoding: document.raw(at: $0), as: UTF8.self) }
        #expect(
            raws == [text, #""a""#, #"[1, {"b":null}]"#, "1", #"{"b":null}"#, #""b""#, "null", #""c""#, #""\n""#])
        #expect(document.nodes.map(\.next) == [9, 2, 7, 4, 7, 6, 7, 8, 9])
        #expect(
            document.nodes.map(\.kind) == [
                .object, .string, .array, .number, .object, .string, .null, .string, .string,
            ])
        #expect(document.nodes.map(\.hasEscapes) == [Bool](repeating: false, count: 8) + [true])
    }

    @Test func membersKeepOrderAndDuplicates() throws {
        let document = try JSONDocument(bytes(#"{"b":1,"a":[2,[3]],"b":{}}"#))
        let members = document.members(of: 0).map { (document.text(at: $0.key), document.text(of: $0.value)) }
        #expect(members.map(\.0) == ["b", "a", "b"])
        #expect(members.map(\.1) == ["1", "[2,[3]]", "{}"])
        let array = try #require(document.member("a", of: 0))
        #expect(document.elements(of: array).map { document.text(of: $0) } == ["2", "[3]"])
    }

    @Test func memberComparesDecodedKeysAndTheLastDuplicateWins() throws {
        let document = try JSONDocument(bytes(#"{"a":1,"\u0061":2,"é":3,"e\u0301":4,"":5}"#))
        let found = { (name: String) in document.member(name, of: 0).map { document.text(of: $0) } }
        #expect(found("a") == "2")
        // Keys are compared by bytes: composed and decomposed é are two names.
        #expect(found("\u{E9}") == "3")
        #expect(found("e\u{301}") == "4")
        #expect(found("") == "5")
        #expect(found("b") == nil)
    }

    @Test func emptyContainersHaveNoChildren() throws {
        let document = try JSONDocument(bytes(#"[[],{},[[]]]"#))
        #expect(document.elements(of: 0) == [1, 2, 3])
        #expect(document.elements(of: 1) == [])
        #expect(document.members(of: 2).isEmpty)
        #expect(document.elements(of: 3) == [4])
    }

    @Test func askingTheWrongNodeGivesNothing() throws {
        let document = try JSONDocument(bytes(#"{"a":"x"}"#))
        #expect(document.elements(of: 0) == [])
        #expect(document.members(of: 1).isEmpty)
        #expect(document.member("a", of: 2) == nil)
        #expect(document.string(at: 0) == [])
        #expect(document.string(at: 99) == [])
        #expect(document.raw(at: -1) == [])
    }

    @Test func stringsAreDecoded() throws {
        let document = try JSONDocument(bytes(#"["\u00e9\ud83d\ude00\"", "\ud83d", "plain"]"#))
        #expect(document.text(at: 1) == "\u{E9}\u{1F600}\"")
        #expect(document.string(at: 2) == [0xED, 0xA0, 0xBD])
        #expect(document.text(at: 2).unicodeScalars.allSatisfy { $0 == "\u{FFFD}" })
        #expect(document.text(at: 3) == "plain")
    }
}

extension JSONDocument {
    fileprivate func text(of node: Int) -> String { String(decoding: raw(at: node), as: UTF8.self) }
}
