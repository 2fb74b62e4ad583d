import Foundation
import MCPWire

/// Throughput of the JSON readers beside Foundation's, on typical messages of about 1 KiB and 64 KiB.
enum ScannerMeasurement {
    private static let secondsPerFigure = 0.02

    static func run(rounds: Int) throws {
        for (name, text) in [("1 KiB", message(ofBytes: 1024)), ("64 KiB", message(ofBytes: 65_536))] {
            let bytes = Array(text.utf8)
            let data = Data(bytes)
            let decoder = JSONDecoder()
            let readers: [(String, () throws -> Void)] = [
                ("JSONScanner.summary", { use(try JSONScanner.summary(of: bytes.span)) }),
                ("Message.read", { use(Message.read(bytes.span)) }),
                ("JSONDocument", { use(try JSONDocument(bytes)) }),
                ("JSONDecoder to an enum JSONValue", { use(try decoder.decode(JSONValue.self, from: data)) }),
                ("JSONDecoder to a struct of 3 fields", { use(try decoder.decode(Envelope.self, from: data)) }),
                ("JSONSerialization", { use(try JSONSerialization.jsonObject(with: data)) }),
            ]
            var figures = Figures()
            for _ in 0..<rounds {
                for (reader, read) in readers {
                    let once = max(try seconds(read), 1e-7)
                    let count = max(1, Int(secondsPerFigure / once))
                    let time = try seconds { for _ in 0..<count { try read() } }
                    figures.add(Double(bytes.count * count) / time / 1e6, to: "\(reader), \(name)")
                }
            }
            figures.print(unit: "MB/s", digits: 0)
        }
    }

    /// The result of `tools/list`: names, prose with a few escapes and non-ASCII letters, and schemas.
    private static func message(ofBytes byteCount: Int) -> String {
        var tools: [String] = []
        var size = 64
        while size < byteCount {
            let tool =
                #"{"name":"search_\#(tools.count)","description":"Search the \"notes\" of a project — titles and text,"#
                + #" newest first.\nAt most 50 results come back; use the cursor for more.","inputSchema":{"type":"#
                + #""object","properties":{"query":{"type":"string","minLength":1,"maxLength":256},"limit":{"type":"#
                + #""integer","default":10,"maximum":50},"since":{"type":"number","description":"Seconds since 1970"#
                + #", 1.7e9 for instance"},"archived":{"type":"boolean","default":false}},"required":["query"]}}"#
            tools.append(tool)
            size += tool.utf8.count + 1
        }
        return #"{"jsonrpc":"2.0","id":17,"result":{"tools":["# + tools.joined(separator: ",")
            + #"],"nextCursor":null}}"#
    }

    private struct Envelope: Decodable {
        var jsonrpc: String
        var id: Int?
        var method: String?
    }
}

/// JSON as code that uses JSONDecoder commonly models it.
private enum JSONValue: Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }
}
