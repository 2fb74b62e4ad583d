import ArgumentParser
import MCPWire

/// What `--format` takes.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

/// JSON for standard output, with keys in the order in which they are given; it always begins with `"schema":1`.
indirect enum JSONOutput {
    case string(String)
    case number(Int64)
    case bool(Bool)
    case array([JSONOutput])
    case object([(String, JSONOutput?)])

    /// The document of a verb's result.
    static func document(_ members: [(String, JSONOutput?)]) -> String {
        var bytes: [UInt8] = []
        JSONOutput.object([("schema", .number(1))] + members).append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Members without a value are left out.
    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .string(let text):
            JSONString.encode(text, into: &bytes)
        case .number(let number):
            bytes += Array(String(number).utf8)
        case .bool(let value):
            bytes += Array((value ? "true" : "false").utf8)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            for case (let key, let value?) in members {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                JSONString.encode(key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                value.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
