import MCPCore
import MCPWire
import Testing

/// What is said on one connection, frame by frame.
@Suite struct ConnectionSessionTests {
    private struct Peer {
        var session = ConnectionSession(server: "a", revision: "2025-11-25")
        var ids = ConnectionSession.RequestIDs()

        mutating func receive(_ text: String) -> [ConnectionSession.Action] {
            session.receive(Array(text.utf8), &ids)
        }

        mutating func discover() -> [ConnectionSession.Action] { session.discover(&ids) }

        /// A session after the handshake.
        static func connected(_ capabilities: String, revision: String = "2025-11-25") -> Peer {
            var peer = Peer()
            _ = peer.session.begin(&peer.ids)
            let result = #"{"protocolVersion":"\#(revision)","capabilities":\#(capabilities)}"#
            _ = peer.receive(#"{"jsonrpc":"2.0","id":1,"result":\#(result)}"#)
            return peer
        }
    }

    /// The methods that are sent, and the names of what else happens.
    private static func names(_ actions: [ConnectionSession.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .send(let bytes): (try? JSONValue(bytes))?["method"]?.text ?? "answer"
            case .established: "established"
            case .failed: "failed"
            case .listed(let kind, let items): "\(kind) \(items.count)"
            case .settled(let kind): "\(kind) settled"
            case .answered(let id, _, _): "answered \(id)"
            case .violation: "violation"
            }
        }
    }

    @Test(
        "the handshake accepts each of the four revisions that have one", arguments: ServerCapabilities.legacyRevisions)
    func handshake(revision: String) throws {
        var peer = Peer()
        let first = try JSONValue(peer.session.begin(&peer.ids))
        #expect(first["method"]?.text == "initialize")
        #expect(first["params"]?["protocolVersion"]?.text == "2025-11-25")
        let result = #"{"protocolVersion":"\#(revision)","capabilities":{}}"#
        let actions = peer.receive(#"{"jsonrpc":"2.0","id":1,"result":\#(result)}"#)
        #expect(Self.names(actions) == ["notifications/initialized", "established"])
        #expect(peer.session.capabilities?.revision == revision)
    }

    @Test(
        "a handshake fails for a reason that is said",
        arguments: [
            (#""result":{"protocolVersion":"2026-07-28","capabilities":{}}"#, "2026-07-28"),
            (#""result":{"capabilities":{}}"#, "protocolVersion"),
            (#""result":{"protocolVersion":"2025-11-25"}"#, "capabilities"),
            (#""result":[]"#, "protocolVersion"), (#""error":{"code":-32602,"message":"no"}"#, "-32602 no"),
        ])
    func failedHandshake(answer: String, word: String) throws {
        var peer = Peer()
        _ = peer.session.begin(&peer.ids)
        guard case .failed(.protocolBroken(let reason)) = peer.receive(#"{"jsonrpc":"2.0","id":1,\#(answer)}"#).first
        else {
            Issue.record("not refused: \(answer)")
            return
        }
        #expect(reason.contains(word))
    }

    @Test("S-001, S-185: only what was declared is asked for")
    func onlyWhatWasDeclared() {
        var none = Peer.connected("{}")
        #expect(Self.names(none.discover()) == ["tools settled", "prompts settled", "resources settled"])
        var some = Peer.connected(#"{"tools":{},"resources":{}}"#)
        #expect(Self.names(some.discover()) == ["tools/list", "prompts settled", "resources/list"])
        var odd = Peer.connected(#"{"tools":true,"prompts":null}"#)
        #expect(Self.names(odd.discover()) == ["tools settled", "prompts settled", "resources settled"])
    }

    @Test("S-190: pages are read to the end and listed once")
    func pages() {
        var peer = Peer.connected(#"{"tools":{}}"#)
        _ = peer.discover()
        let first = peer.receive(#"{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"a"}],"nextCursor":"x"}}"#)
        #expect(Self.names(first) == ["tools/list"])
        let last = peer.receive(#"{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"b"}]}}"#)
        #expect(Self.names(last) == ["tools 2", "tools settled"])
    }

    @Test("S-190: a cursor that comes twice ends the reading, and nothing is listed")
    func cursorTwice() {
        var peer = Peer.connected(#"{"tools":{}}"#)
        _ = peer.discover()
        for id in 2...3 {
            let actions = peer.receive(
                #"{"jsonrpc":"2.0","id":\#(id),"result":{"tools":[{"name":"a"}],"nextCursor":"x"}}"#)
            #expect(Self.names(actions) == (id == 2 ? ["tools/list"] : ["violation", "tools settled"]))
        }
    }

    @Test(
        "S-190: a page that is none is a violation",
        arguments: [#"{}"#, #"{"tools":{}}"#, #"{"tools":[{}]}"#, #"{"tools":[1]}"#, #"{"tools":[],"nextCursor":7}"#])
    func brokenPages(page: String) {
        var peer = Peer.connected(#"{"tools":{}}"#)
        _ = peer.discover()
        let actions = peer.receive(#"{"jsonrpc":"2.0","id":2,"result":\#(page)}"#)
        #expect(Self.names(actions) == ["violation", "tools settled"])
    }

    @Test("S-190: a list without end meets a limit")
    func listWithoutEnd() throws {
        var listing = Listing(.tools, pageMax: 3)
        for page in 1...2 {
            #expect(try listing.receive(["tools": [], "nextCursor": .string("\(page)")]) == .next(cursor: "\(page)"))
        }
        let error = #expect(throws: MalformedAnswer.self) {
            try listing.receive(["tools": [], "nextCursor": "3"])
        }
        #expect(error?.reason.contains("limit of 3") == true)
    }

    @Test("S-039: a change is read again, once after the reading that is under way")
    func listChanged() {
        var peer = Peer.connected(#"{"tools":{}}"#)
        _ = peer.discover()
        let changed = #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#
        #expect(peer.receive(changed) == [])
        #expect(peer.receive(changed) == [])
        let page = #""result":{"tools":[{"name":"a"}]}}"#
        #expect(Self.names(peer.receive(#"{"jsonrpc":"2.0","id":2,"# + page)) == ["tools 1", "tools/list"])
        #expect(Self.names(peer.receive(#"{"jsonrpc":"2.0","id":3,"# + page)) == ["tools 1", "tools settled"])
        #expect(Self.names(peer.receive(changed)) == ["tools/list"])
        let other = #"{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}"#
        #expect(peer.receive(other) == [])
    }

    @Test("requests of the server are answered: ping with a result, any other as unknown, under the id as it came")
    func requestsOfTheServer() {
        var peer = Peer.connected("{}")
        #expect(
            peer.receive(#"{"jsonrpc":"2.0","id":"p\u0031","method":"ping"}"#)
                == [.send(Array(#"{"jsonrpc":"2.0","id":"p\u0031","result":{}}"#.utf8))])
        guard case .send(let bytes) = peer.receive(#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#).first else {
            Issue.record("not answered")
            return
        }
        #expect((try? JSONValue(bytes))?["error"]?["code"]?.integer == -32601)
    }

    @Test(
        "S-186: what breaks the format is a violation with its bytes, and what follows is handled",
        arguments: [
            "", "{", #"{"id":1,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            #"{"jsonrpc":"2.0","id":"x","result":{}}"#, #"{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}"#,
            #"{"jsonrpc":"2.0","id":1.5,"result":{}}"#, #"[{"jsonrpc":"2.0","method":"x"}]"#,
        ])
    func violations(frame: String) {
        var peer = Peer.connected("{}")
        guard case .violation(let reason, let bytes) = peer.receive(frame).first else {
            Issue.record("accepted: \(frame)")
            return
        }
        #expect(!reason.isEmpty)
        #expect(String(decoding: bytes, as: UTF8.self) == frame)
        #expect(Self.names(peer.receive(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)) == ["answer"])
    }

    @Test func batchesAreReadInTheOneRevisionThatHasThem() {
        var peer = Peer.connected(#"{"tools":{}}"#, revision: "2025-03-26")
        _ = peer.discover()
        let actions = peer.receive(
            #"""
            [{"jsonrpc":"2.0","id":5,"method":"ping"},{"jsonrpc":"2.0","id":2,"result":{"tools":[]}},
             {"jsonrpc":"2.0","id":9,"result":{}}]
            """#)
        #expect(Self.names(actions) == ["answer", "tools 0", "tools settled", "answered 9"])
    }

    @Test func anAnswerThatCannotBeReadLeavesOpenWhatWasDone() {
        var peer = Peer.connected("{}")
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        guard
            case .answered(9, .failure(.outcomeUnknown(server: "a", let cause)), _) =
                peer.receive(#"{"jsonrpc":"2.0","id":9,"result":\#(deep)}"#).first
        else {
            Issue.record("not answered")
            return
        }
        guard case .protocolBroken = cause else {
            Issue.record("\(cause)")
            return
        }
    }
}
