import TestSupport

/// Command lines of `reprise`.
enum Command {
    static func record(_ out: String, redact: String? = nil, _ server: [String]) -> [String] {
        [Program.reprise, "record", "--out", out] + (redact.map { ["--redact", $0] } ?? []) + ["--"] + server
    }

    static func replay(_ file: String, _ options: String...) -> [String] {
        [Program.reprise, "replay", file] + options
    }

    static func shell(_ script: String, _ arguments: String...) -> [String] { ["sh", "-c", script] + arguments }

    static let demoServer = [Program.reprise, "demo-server"]
}

/// Lines of JSON-RPC for tests.
enum Line {
    static func request(_ id: Int, _ method: String, _ params: String = "{}") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
    }

    static func call(_ id: Int, _ tool: String, _ arguments: String = "{}") -> String {
        request(id, "tools/call", #"{"name":"\#(tool)","arguments":\#(arguments)}"#)
    }

    static let initialized = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#

    static func initialize(_ id: Int) -> String {
        request(
            id, "initialize",
            #"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}"#)
    }
}
