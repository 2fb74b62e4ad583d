import MCPWire
import Testing

@testable import RepriseReplay

/// Where two JSON values differ, as a person reads it.
@Suite struct JSONDifferenceTests {
    private func differences(_ first: String, _ second: String, _ mask: JSONMask = JSONMask()) -> [String] {
        JSONDifference.between(bytes(first), bytes(second), below: "", mask: mask).map(\.description)
    }

    struct Sample: CustomTestStringConvertible, Sendable {
        var first: String
        var second: String
        var differences: [String]

        init(_ first: String, _ second: String, _ differences: String...) {
            self.first = first
            self.second = second
            self.differences = differences
        }

        var testDescription: String { "\(first.prefix(40)) and \(second.prefix(40))" }
    }

    static let samples: [Sample] = [
        Sample("1", "1.0"), Sample(#"{"a":1,"b":[true,"é"]}"#, #"{"b":[true,"\u00e9"],"a":1e0}"#),
        Sample("1", "2", "(whole value): 1 -> 2"), Sample("1", "\"1\"", "(whole value): 1 -> \"1\""),
        Sample("[]", "{}", "(whole value): [] -> {}"), Sample("null", "false", "(whole value): null -> false"),
        Sample(#"{"a":{"b":[0,{"c":1}]}}"#, #"{"a":{"b":[0,{"c":2}]}}"#, "/a/b/1/c: 1 -> 2"),
        Sample(#"{"a":1}"#, #"{"b":1}"#, "/a: removed 1", "/b: added 1"),
        Sample(#"{"z":1,"m":1,"a":1}"#, #"{"z":2,"m":2,"a":2}"#, "/a: 1 -> 2", "/m: 1 -> 2", "/z: 1 -> 2"),
        Sample(
            #"{"a/b":{"c~d":1,"~1":2,"":3}}"#, #"{"a/b":{"c~d":0,"~1":0,"":0}}"#, "/a~1b/: 3 -> 0",
            "/a~1b/c~0d: 1 -> 0", "/a~1b/~01: 2 -> 0"),
        Sample(#"{"a":1,"a":2}"#, #"{"a":1}"#, "/a: 2 -> 1"),
        Sample(#"{"a":"x\ny"}"#, #"{"a":"x\tz"}"#, #"/a: "x\ny" -> "x\tz""#),
        // One element of an array.
        Sample("[1,2,3]", "[1,3]", "/1: removed 2"), Sample("[1,3]", "[1,2,3]", "/1: added 2"),
        Sample("[1,2,3]", "[1,9,3]", "/1: 2 -> 9"), Sample("[1,2]", "[1,2,3]", "/2: added 3"),
        Sample("[]", "[0]", "/0: added 0"),
        Sample("[1,1,1]", "[1,1]", "/2: removed 1"), Sample("[[1],[2]]", "[[1],[3]]", "/1/0: 2 -> 3"),
        Sample(#"["a","b","c"]"#, #"["a","x","y","c"]"#, #"/1: "b" -> "x""#, #"/2: added "y""#),
        Sample("[1,2]", "[2,1]", "/0: removed 1", "/1: added 1"),
        // Elements of lists are known by their names.
        Sample(
            #"[{"name":"a","v":1},{"name":"b","v":1}]"#, #"[{"name":"x","v":1},{"name":"b","v":2}]"#,
            #"/0/name: "a" -> "x""#, "/1/v: 1 -> 2"),
        Sample(
            #"[{"name":"a","v":1},{"name":"b","v":1}]"#, #"[{"name":"b","v":2}]"#, #"/0: removed {"name":"a","v":1}"#,
            "/0/v: 1 -> 2"),
        Sample(#"[{"uri":"a","v":1}]"#, #"[{"uri":"a","v":2}]"#, "/0/v: 1 -> 2"),
        Sample(#"[{"id":"a"}]"#, #"[{"id":"b"}]"#, #"/0/id: "a" -> "b""#),
    ]

    @Test(arguments: samples)
    func everyPlaceIsNamed(sample: Sample) {
        #expect(differences(sample.first, sample.second) == sample.differences)
    }

    @Test func anAbsentValueIsAddedOrRemoved() {
        #expect(JSONDifference.between([], bytes("{}"), below: "/params").map(\.description) == ["/params: added {}"])
        #expect(JSONDifference.between(bytes("1"), [], below: "/params").map(\.description) == ["/params: removed 1"])
        #expect(JSONDifference.between([], [], below: "/params").isEmpty)
    }

    @Test func longValuesAreCutAndSaySo() {
        let long = "[" + String(repeating: "1,", count: 200) + "1]"
        let found = differences(#"{"a":1}"#, #"{"a":\#(long)}"#)
        #expect(found == ["/a: 1 -> \(long.prefix(JSONDifference.valueByteCountMax))… (403 bytes)"])
    }

    @Test func longStringsAreShownAroundTheirFirstDifference() {
        let head = String(repeating: "a", count: 1000)
        let tail = String(repeating: "z", count: 1000)
        let found = differences("\"\(head)X\(tail)\"", "\"\(head)Y\(tail)\"")
        let part = String(repeating: "a", count: 40)
        let rest = String(repeating: "z", count: 119)
        #expect(
            found == [
                "(whole value): \"\(part)X\(rest)\" (from byte 960 of 2001) -> \"\(part)Y\(rest)\" (from byte 960 of 2001)"
            ])
        // One that is the other's beginning.
        let shorter = differences("\"\(head)\"", "\"\(head)!\"")
        #expect(
            shorter == ["(whole value): \"\(part)\" (from byte 960 of 1000) -> \"\(part)!\" (from byte 960 of 1001)"])
    }

    @Test func maskedPlacesAreNoDifference() {
        let mask = JSONMask(variable: [JSONPath(keys: "a")], volatile: [JSONPath(keys: "b", "c")])
        #expect(differences(#"{"a":1,"b":{"c":1}}"#, #"{"a":{"x":2},"b":{}}"#, mask).isEmpty)
        #expect(differences(#"{"a":1,"b":{}}"#, #"{"b":{"c":2}}"#, mask) == ["/a: removed 1"])
        #expect(differences(#"{"b":{"d":1}}"#, #"{"b":{"d":2}}"#, mask) == ["/b/d: 1 -> 2"])
        let element = JSONMask(variable: [JSONPath(keys: "l", "1")])
        #expect(differences(#"{"l":[1,"x"]}"#, #"{"l":[1,"y"]}"#, element).isEmpty)
    }

    @Test func whatIsEqualByKeyHasNoDifferenceAndTheOtherWayRound() throws {
        let values = JSONKeyTests.different + ["1.0", #"{"a":1.0}"#, #"{"b":1,"a":1}"#, "[1e0,2]"]
        for first in values {
            for second in values {
                let isEqual = try JSONKey(JSONDocument(bytes(first))) == JSONKey(JSONDocument(bytes(second)))
                #expect(differences(first, second).isEmpty == isEqual, "\(first) and \(second)")
            }
        }
    }
}
