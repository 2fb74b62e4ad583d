import Foundation
import TestSupport
import Testing

/// A recording served over HTTP by `reprise replay`, and as many clients as are asked for.
final class ReplayedServer {
    let process: RunningProcess
    let folder: TestFolder
    /// Where it listens.
    let port: Int
    let deadline: Deadline

    /// Serves a recording of these lines, of which the first is the header.
    init(_ lines: [String], options: [String] = []) throws {
        deadline = Deadline(seconds: 60)
        folder = try TestFolder()
        try folder.write(lines.joined(separator: "\n") + "\n", to: "a.jsonl")
        process = try RunningProcess(
            [Program.reprise, "replay", "a.jsonl"] + options, in: folder, deadline: 60)
        try process.waitForError("/mcp\n")
        let said = process.errorSoFar.firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+)\/mcp/)
        guard let found = said.flatMap({ Int($0.1) }) else { throw HarnessError("no port: \(process.errorSoFar)") }
        port = found
    }

    func connect(receiveBuffer: Int32? = nil) throws -> Socket {
        try Socket.connect(port, receiveBuffer: receiveBuffer, deadline: deadline)
    }

    /// Sends one request on a connection of its own and reads the whole response.
    func response(to request: String) throws -> (head: String, body: String) {
        let client = try connect()
        try client.send(request)
        return try client.readResponse()
    }

    /// Stops it.
    func stop() throws -> Finished {
        kill(process.id, SIGTERM)
        return try process.finish()
    }

    /// The lines of a recording: a header and these events, `t` given by their order.
    static func lines(_ events: [String]) -> [String] {
        let header =
            #"{"reprise":1,"start":"2026-01-02T03:04:05Z","recorder":"reprise 0.1.0","transport":"http","#
            + #""target":{"url":"http://upstream.test/mcp"},"redaction":"none"}"#
        return [header] + events.enumerated().map { #"{"t":\#($0.offset * 10),"c":1,"# + $0.element }
    }

    /// A POST of a message in exchange `x`.
    static func post(_ x: Int, _ message: String) -> [String] {
        [
            #""x":\#(x),"d":"c2s","e":"request","method":"POST","target":"/mcp","headers":[]}"#,
            #""x":\#(x),"d":"c2s","e":"body","json":\#(message)}"#,
        ]
    }

    static func head(_ x: Int, _ type: String, status: Int = 200) -> String {
        #""x":\#(x),"d":"s2c","e":"response","status":\#(status),"reason":"OK","headers":[["content-type","\#(type)"]]}"#
    }

    static func body(_ x: Int, _ json: String) -> String { #""x":\#(x),"d":"s2c","e":"body","json":\#(json)}"# }

    static func event(_ x: Int, id: Int, _ json: String) -> String {
        #""x":\#(x),"d":"s2c","e":"sse","pre":"id: \#(id)\ndata: ","post":"\n\n","json":\#(json)}"#
    }

    static func end(_ x: Int) -> String { #""x":\#(x),"d":"s2c","e":"end"}"# }
}
