import MCPCore
import MCPWire
import Testing

@testable import MCPTransports

/// Which program a configuration means, in which environment, and what a line of the transport is.
@Suite struct StdioTargetTests {
    @Test("S-006: env is laid over what is inherited, and an empty one changes nothing")
    func theEnvironmentIsLaidOver() throws {
        let inherited = ["PATH=/bin", "SECRET=1", "NODE_OPTIONS=", "HOME=/home"]
        func environment(_ target: JSONValue) throws -> [String] {
            try StdioTarget(target).environment(over: inherited)
        }
        #expect(try environment(["command": "a"]) == inherited)
        #expect(try environment(["command": "a", "env": [:]]) == inherited)
        let options: JSONValue = ["NODE_OPTIONS": "--max-old-space-size=4096"]
        #expect(
            try environment(["command": "a", "env": options])
                == ["PATH=/bin", "SECRET=1", "HOME=/home", "NODE_OPTIONS=--max-old-space-size=4096"])
        let baseline = try environment(["command": "a", "env": ["A": "b=c"], "inheritEnvironment": false])
        #expect(baseline == ["PATH=/bin", "HOME=/home", "A=b=c"])
    }

    @Test(
        "a target that cannot work says which key is wrong",
        arguments: [
            ("{}", "command"), (#"{"command":""}"#, "command"), (#"{"command":7}"#, "command"),
            (#"{"command":"a","args":"b"}"#, "args"), (#"{"command":"a","args":[1]}"#, "args"),
            (#"{"command":"a","env":[]}"#, "env"), (#"{"command":"a","env":{"B":1}}"#, "B"),
            (#"{"command":"a","env":{"B=C":""}}"#, "B=C"), (#"{"command":"a","cwd":1}"#, "cwd"),
            (#"{"command":"a","inheritEnvironment":"no"}"#, "inheritEnvironment"),
            (#"{"command":"a\u0000b"}"#, "NUL"),
        ])
    func aTargetThatCannotWork(text: String, key: String) throws {
        let target = try JSONValue(Array(text.utf8))
        #expect {
            try StdioTarget(target)
        } throws: { error in
            guard case .misconfigured(let reason) = error as? TransportFailure else { return false }
            return reason.contains(key)
        }
    }

    @Test("S-005: whatever stands between the tokens of a message, it is one line, and means the same")
    func aMessageIsOneLine() throws {
        var generator = SplitMix64(seed: 5)
        for _ in 0..<500 {
            let value = Self.value(&generator, depth: 3)
            let spaced = Self.spaced(value, &generator)
            let line = StdioLine.encode(spaced)
            #expect(line.last == 0x0A)
            #expect(line.dropLast().allSatisfy { $0 != 0x0A && $0 != 0x0D })
            #expect(try JSONValue(Array(line.dropLast())) == value)
        }
    }

    @Test func aLineIsAMessageWithoutItsEndAndABlankOneIsNone() {
        #expect(StdioLine.decode(Array("{}\n".utf8)) == Array("{}".utf8))
        #expect(StdioLine.decode(Array("{}\r\n".utf8)) == Array("{}".utf8))
        #expect(StdioLine.decode(Array("{}".utf8)) == Array("{}".utf8))
        for blank in ["", "\n", "\r\n", " \t\r\n"] { #expect(StdioLine.decode(Array(blank.utf8)) == nil) }
    }

    /// Any JSON value, texts with control characters among them.
    private static func value(_ generator: inout SplitMix64, depth: Int) -> JSONValue {
        switch generator.below(depth > 0 ? 6 : 4) {
        case 0: .int(generator.below(1000))
        case 1: .string(String(decoding: generator.bytes(generator.below(12)), as: UTF8.self) + "\n\r\u{2028}")
        case 2: .bool(true)
        case 3: .null
        case 4: .array((0..<generator.below(4)).map { _ in value(&generator, depth: depth - 1) })
        default:
            .object((0..<generator.below(4)).map { .init("k\n\($0)", value(&generator, depth: depth - 1)) })
        }
    }

    /// The value with white space wherever JSON allows it.
    private static func spaced(_ value: JSONValue, _ generator: inout SplitMix64) -> [UInt8] {
        func space() -> [UInt8] {
            (0..<generator.below(3)).map { _ in [0x20, 0x09, 0x0A, 0x0D][generator.below(4)] }
        }
        var bytes = space()
        switch value {
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes += spaced(element, &generator)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes += space() + JSONValue.string(member.key).encoded + space() + [UInt8(ascii: ":")]
                bytes += spaced(member.value, &generator)
            }
            bytes.append(UInt8(ascii: "}"))
        default: bytes += value.encoded
        }
        return bytes + space()
    }
}
