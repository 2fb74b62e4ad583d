/// A recording written by hand, so that what is shown of it does not depend on clocks.
enum SampleRecording {
    static let header =
        #"{"reprise":1,"start":"2026-01-02T03:04:05.678Z","recorder":"reprise 0.1.0","transport":"stdio","#
        + #""target":{"command":["server","--port","1"]},"redaction":"none"}"#

    /// A short session without an end.
    static let events = [
        #"{"t":10,"c":1,"e":"open"}"#,
        #"{"t":1000,"c":1,"d":"c2s","e":"line","json":{"jsonrpc":"2.0","id":1,"method":"initialize","#
            + #""params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}}"#,
        #"{"t":3500,"c":1,"d":"s2c","e":"line","json":{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"#
            + #""2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"2"}}}}"#,
        #"{"t":4000,"c":1,"d":"c2s","e":"line","json":{"jsonrpc":"2.0","method":"notifications/initialized"}}"#,
        #"{"t":5000,"c":1,"d":"c2s","e":"line","json":{"jsonrpc":"2.0","id":"a","method":"tools/call","#
            + #""params":{"name":"add","arguments":{"a":2,"b":3}}}}"#,
        #"{"t":5500,"c":1,"d":"s2c","e":"stderr","text":"adding\t2"}"#,
        #"{"t":1205000,"c":1,"d":"s2c","e":"line","json":{"jsonrpc":"2.0","id":"a","result":{"content":"#
            + #"[{"type":"text","text":"5"}],"isError":false}}}"#,
        #"{"t":1206000,"c":1,"d":"c2s","e":"line","text":"junk"}"#,
        #"{"t":1300000,"c":1,"d":"c2s","e":"end","pipe":"stdin"}"#,
        #"{"t":1300500,"c":1,"d":"s2c","e":"end","pipe":"stdout"}"#,
        #"{"t":1300600,"c":1,"e":"close","code":0}"#,
    ]

    static let text = ([header] + events).joined(separator: "\n") + "\n"

    /// What the client of the session says.
    static let clientLines = [
        #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"#
            + #""clientInfo":{"name":"c","version":"1"}}}"#,
        Line.initialized,
        #"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"add","arguments":{"a":2,"b":3}}}"#,
        "junk",
    ]

    /// What the server of the session says.
    static let serverLines = [
        #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"#
            + #""serverInfo":{"name":"s","version":"2"}}}"#,
        #"{"jsonrpc":"2.0","id":"a","result":{"content":[{"type":"text","text":"5"}],"isError":false}}"#,
    ]
}
