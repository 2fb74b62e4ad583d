/// A recording over HTTP written by hand: a challenge, a login, and a session whose stream is resumed.
enum SampleHTTPRecording {
    static let header =
        #"{"reprise":1,"start":"2026-01-02T03:04:05.678Z","recorder":"reprise 0.1.0","transport":"http","#
        + #""target":{"url":"https://example.com/mcp"},"redaction":"none"}"#

    private static let json = #"["content-type","application/json"]"#
    private static let stream = #"["content-type","text/event-stream"]"#
    private static let session = #"["mcp-session-id","5f0c2a9e4b7d4c31"]"#
    private static let revision = #"["mcp-protocol-version","2025-11-25"]"#
    private static let initialize =
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"#
        + #""clientInfo":{"name":"c","version":"1"}}}"#
    private static let initialized =
        #"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"#
        + #""serverInfo":{"name":"s","version":"2"}}}"#

    /// What an event's line holds behind its time.
    static let events = [
        #""c":1,"d":"c2s","e":"open"}"#,
        // A challenge, where to log in, and a token.
        #""c":1,"x":1,"d":"c2s","e":"request","method":"POST","target":"/mcp","headers":[["Host","127.0.0.1:1"],\#(json)]}"#,
        #""c":1,"x":1,"d":"c2s","e":"body","json":\#(initialize)}"#,
        #""c":1,"x":1,"e":"note","note":"Host is sent on as example.com"}"#,
        #""c":1,"x":1,"d":"s2c","e":"response","status":401,"reason":"Unauthorized","headers":[["WWW-Authenticate","#
            + #""Bearer resource_metadata=\"https://example.com/.well-known/oauth-protected-resource/mcp\""]]}"#,
        #""c":1,"x":1,"d":"s2c","e":"end"}"#,
        #""c":1,"x":2,"d":"c2s","e":"request","method":"GET","target":"/.well-known/oauth-protected-resource/mcp","#
            + #""headers":[["Host","127.0.0.1:1"]]}"#,
        #""c":1,"x":2,"d":"s2c","e":"response","status":200,"reason":"OK","headers":[\#(json)]}"#,
        #""c":1,"x":2,"d":"s2c","e":"body","json":{"resource":"https://example.com/mcp"}}"#,
        #""c":1,"x":2,"d":"s2c","e":"end"}"#,
        #""c":1,"x":3,"d":"c2s","e":"request","method":"POST","target":"/token","#
            + #""headers":[["content-type","application/x-www-form-urlencoded"]]}"#,
        #""c":1,"x":3,"d":"c2s","e":"body","text":"grant_type=authorization_code&code=grey%2Fgoose-77"}"#,
        #""c":1,"x":3,"d":"s2c","e":"response","status":200,"reason":"OK","headers":[\#(json)]}"#,
        #""c":1,"x":3,"d":"s2c","e":"body","json":{"access_token":"blue-goose-78","token_type":"Bearer"}}"#,
        #""c":1,"x":3,"d":"s2c","e":"end"}"#,
        // The session.
        #""c":1,"x":4,"d":"c2s","e":"request","method":"POST","target":"/mcp","#
            + #""headers":[["Authorization","Bearer blue-goose-78"],\#(json)]}"#,
        #""c":1,"x":4,"d":"c2s","e":"body","json":\#(initialize)}"#,
        #""c":1,"x":4,"d":"s2c","e":"response","status":200,"reason":"OK","headers":[\#(json),\#(session)]}"#,
        #""c":1,"x":4,"d":"s2c","e":"body","json":\#(initialized)}"#,
        #""c":1,"x":4,"d":"s2c","e":"end"}"#,
        #""c":1,"x":5,"d":"c2s","e":"request","method":"POST","target":"/mcp","headers":[\#(session),\#(revision)]}"#,
        #""c":1,"x":5,"d":"c2s","e":"body","json":{"jsonrpc":"2.0","method":"notifications/initialized"}}"#,
        #""c":1,"x":5,"d":"s2c","e":"response","status":202,"reason":"Accepted","headers":[]}"#,
        #""c":1,"x":5,"d":"s2c","e":"end"}"#,
        #""c":2,"d":"c2s","e":"open"}"#,
        #""c":2,"x":6,"d":"c2s","e":"request","method":"GET","target":"/mcp","headers":[\#(session),\#(revision)]}"#,
        #""c":2,"x":6,"d":"s2c","e":"response","status":200,"reason":"OK","headers":[\#(stream)]}"#,
        #""c":1,"x":7,"d":"c2s","e":"request","method":"POST","target":"/mcp","headers":[\#(session),\#(revision)]}"#,
        #""c":1,"x":7,"d":"c2s","e":"body","json":{"jsonrpc":"2.0","id":1,"method":"tools/call","#
            + #""params":{"name":"add","arguments":{"a":2,"b":3},"_meta":{"progressToken":1}}}}"#,
        #""c":1,"x":7,"d":"s2c","e":"response","status":200,"reason":"OK","headers":[\#(stream)]}"#,
        #""c":1,"x":7,"d":"s2c","e":"sse","text":"id: 1\nretry: 500\ndata:\n\n"}"#,
        #""c":1,"x":7,"d":"s2c","e":"sse","pre":"id: 2\ndata: ","post":"\n\n","json":{"jsonrpc":"2.0","#
            + #""method":"notifications/progress","params":{"progressToken":1,"progress":0.5}}}"#,
        #""c":2,"x":6,"d":"s2c","e":"sse","pre":"data: ","post":"\n\n","json":{"jsonrpc":"2.0","#
            + #""method":"notifications/tools/list_changed"}}"#,
        #""c":1,"x":7,"d":"s2c","e":"end"}"#,
        #""c":1,"x":8,"d":"c2s","e":"request","method":"GET","target":"/mcp","#
            + #""headers":[\#(session),["last-event-id","2"]]}"#,
        #""c":1,"x":8,"d":"s2c","e":"response","status":200,"reason":"OK","headers":[\#(stream)]}"#,
        #""c":1,"x":8,"d":"s2c","e":"sse","text":": still there\n\n"}"#,
        #""c":1,"x":8,"d":"s2c","e":"sse","pre":"id: 3\ndata: ","post":"\n\n","json":{"jsonrpc":"2.0","id":1,"#
            + #""result":{"content":[{"type":"text","text":"5"}],"isError":false}}}"#,
        #""c":1,"x":8,"d":"s2c","e":"end"}"#,
        // What goes wrong, and the end.
        #""c":1,"x":9,"d":"c2s","e":"request","method":"POST","target":"/mcp","headers":[\#(session),\#(revision)]}"#,
        #""c":1,"x":9,"d":"c2s","e":"body","json":{"jsonrpc":"2.0","id":2,"method":"tools/list"}}"#,
        #""c":1,"x":9,"d":"s2c","e":"close","how":"reset"}"#,
        #""c":1,"x":10,"d":"c2s","e":"request","method":"DELETE","target":"/mcp","headers":[\#(session)]}"#,
        #""c":1,"x":10,"d":"s2c","e":"response","status":200,"reason":"OK","headers":[]}"#,
        #""c":1,"x":10,"d":"s2c","e":"end"}"#,
        #""c":2,"x":6,"d":"c2s","e":"close","how":"eof"}"#,
        #""c":2,"d":"c2s","e":"close","how":"eof"}"#,
        #""c":1,"d":"c2s","e":"close","how":"eof"}"#,
    ]

    static let lines = [header] + events.enumerated().map { #"{"t":\#($0.offset * 500),"# + $0.element }
    static let text = lines.joined(separator: "\n") + "\n"
}
