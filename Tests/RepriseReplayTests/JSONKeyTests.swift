import MCPWire
import Testing

@testable import RepriseReplay

/// When two JSON values are the same.
@Suite struct JSONKeyTests {
    private func key(_ json: String, _ mask: JSONMask = JSONMask()) throws -> JSONKey {
        JSONKey(try JSONDocument(bytes(json)), mask: mask)
    }

    @Test(arguments: [
        ["1", "1.0", "1e0", "10e-1", "0.1E1", "1.000", "100e-2"], ["0", "-0", "0.0", "0e99", "-0e-5"],
        ["-12.5", "-125e-1", "-1.25e+1"], ["1e400", "10e399"],
        ["123456789012345678901234567890", "1.2345678901234567890123456789e29"],
        [
            #"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#, #"{ "a" : 1.0 , "\u0062" : 2 }"#, #"{"a":9,"b":2,"a":1}"#,
            #"{"\u0061":0,"b":2,"a":1}"#,
        ],
        [#""é/\n😀""#, #""\u00e9\/\u000a\ud83d\ude00""#], [#""\ud83d""#, #""\uD83D""#], ["[]", "[ ]"], ["{}", "{ }"],
        [#"[{"a":[1,{"b":null}]}]"#, #"[ {"a":[1.0,{"b":null}]} ]"#],
    ])
    func theseAreEqual(spellings: [String]) throws {
        let first = try key(spellings[0])
        for other in spellings.dropFirst() { #expect(try key(other) == first, "\(other)") }
        #expect(try Set(spellings.map { try key($0) }).count == 1)
    }

    /// No two of these are equal.
    static let different = [
        "0", "1", "-1", "10", "1e1000", "9007199254740992", "9007199254740993", "\"1\"", "\"\"", "true", "\"true\"",
        "false", "null",
        "[]", "{}", "[[]]", "[1]", "[1,1]", "[\"1\"]", "[null]", "[1,2]", "[2,1]", "[[1],2]", "[1,[2]]", "[12]",
        "[1,\"2\"]",
        #"{"a":1}"#, #"{"A":1}"#, #"{"a":1,"b":1}"#, #"{"a":{"b":1}}"#, #"{"a":null}"#, #"{"a":"1"}"#, #"["a",1]"#,
        #"{"":1}"#,
        #""é""#, #""e\u0301""#, #""\ud83d""#, #""\ufffd""#, #""a\u0000""#, #""a""#, #""*""#, #"["a","b"]"#,
        #"["a\",\"b"]"#,
    ]

    @Test func theseAreAllDifferent() throws {
        #expect(try Set(Self.different.map { try key($0) }).count == Self.different.count)
    }

    @Test func aVariablePlaceMustBeFilledButWithAnything() throws {
        let mask = JSONMask(variable: [JSONPath(keys: "a", "b"), JSONPath(keys: "l", "1")])
        #expect(try key(#"{"a":{"b":1}}"#, mask) == key(#"{"a":{"b":["x"]}}"#, mask))
        #expect(try key(#"{"a":{"b":1}}"#, mask) != key(#"{"a":{}}"#, mask))
        #expect(try key(#"{"a":{"b":1,"c":1}}"#, mask) != key(#"{"a":{"b":1,"c":2}}"#, mask))
        #expect(try key(#"{"b":1}"#, mask) != key(#"{"b":2}"#, mask))
        #expect(try key(#"{"l":[0,1,2]}"#, mask) == key(#"{"l":[0,{},2]}"#, mask))
        #expect(try key(#"{"l":[0,1,2]}"#, mask) != key(#"{"l":[0,1,3]}"#, mask))
        #expect(try key(#"{"l":[0,1,2]}"#, mask) != key(#"{"l":[0]}"#, mask))
        let whole = JSONMask(variable: [JSONPath()])
        #expect(try key("1", whole) == key("{}", whole))
    }

    @Test func aVolatilePlaceMayAlsoBeEmpty() throws {
        let mask = JSONMask(volatile: [JSONPath(keys: "a", "b")])
        #expect(try key(#"{"a":{"b":1}}"#, mask) == key(#"{"a":{}}"#, mask))
        #expect(try key(#"{"a":{"b":1}}"#, mask) == key(#"{"a":{"\u0062":{}}}"#, mask))
        #expect(try key(#"{"a":{"b":1,"c":1}}"#, mask) != key(#"{"a":{"b":1}}"#, mask))
    }

    @Test func nestingAsDeepAsIsReadIsNoProblem() throws {
        func nested(_ inner: String) -> String {
            String(repeating: #"{"a":["#, count: 512) + inner + String(repeating: "]}", count: 512)
        }
        #expect(try key(nested("1")) == key(nested("1.0")))
        #expect(try key(nested("1")) != key(nested("2")))
        let differences = try JSONDifference.between(JSONDocument(bytes(nested("1"))), JSONDocument(bytes(nested("2"))))
        #expect(differences.map(\.pointer) == [String(repeating: "/a/0", count: 512)])
    }
}
