import MCPCore
import MCPWire
import Testing

/// What is said on one connection, frame by frame.
@Suite struct ConnectionSessionTests {
    private struct Peer {
        var session = ConnectionSession(server: "a", revision: "2025-11-25")
        var ids = ConnectionSession.RequestIDs()

        mutating func receive(_ text: String, at seconds: Int64 = 0) -> [ConnectionSession.Action] {
            session.receive(Array(text.utf8), at: Self.instant(seconds), &ids)
        }

        mutating func discover() -> [ConnectionSession.Action] { session.discover(at: .zero, &ids) }

        mutating func expire(at seconds: Int64) -> [ConnectionSession.Action] {
            session.expire(at: Self.instant(seconds), &ids)
        }

        static func instant(_ seconds: Int64) -> Instant { Instant.zero.advanced(by: .seconds(seconds)) }

        /// A session after the handshake.
        static func connected(
            _ capabilities: String, revision: String = "2025-11-25", policy: ConnectionPolicy = .init(),
            client: ClientCapabilities = .init()
        ) -> Peer {
            var peer = Peer(
                session: ConnectionSession(server: "a", revision: "2025-11-25", policy: policy, client: client))
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
            case .gaveUp(let id): "gave up \(id)"
            case .progressed(let token, let progress): "progress \(progress.progress) of \(token ?? 0)"
            case .notification(let method, _): method
            case .handle(let number, let request): "handle \(number) \(request.method)"
            case .stopHandling(let number): "stop \(number)"
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

    @Test("S-190: a list of too many bytes meets a limit, over all its pages")
    func listOfTooManyBytes() throws {
        var listing = Listing(.tools, byteCountMax: 100)
        #expect(try listing.receive(["tools": [], "nextCursor": "1"], byteCount: 60) == .next(cursor: "1"))
        let error = #expect(throws: MalformedAnswer.self) { try listing.receive(["tools": []], byteCount: 41) }
        #expect(error?.reason.contains("limit of 100") == true)
        listing.restart()
        #expect(try listing.receive(["tools": []], byteCount: 100) == .complete([]))
    }

    @Test("S-039: a server that says with every list that it has changed is asked five times, then once a second")
    func listThatAlwaysChanges() {
        var peer = Peer.connected(#"{"tools":{}}"#)
        _ = peer.discover()
        let changed = #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#
        func page(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":{"tools":[]}}"# }
        for id in 2...6 {
            #expect(peer.receive(changed) == [])
            #expect(Self.names(peer.receive(page(id))) == ["tools 0", "tools/list"])
        }
        #expect(peer.receive(changed) == [])
        #expect(Self.names(peer.receive(page(7))) == ["tools 0", "tools settled"])
        for second in 1...3 {
            let now = Instant(nanoseconds: Int64(second) * 1_000_000_000)
            #expect(peer.session.nextDeadline == now)
            #expect(Self.names(peer.session.expire(at: now, &peer.ids)) == ["tools/list"])
            #expect(Self.names(peer.session.receive(Array(page(7 + second).utf8), at: now, &peer.ids)).count == 2)
            #expect(peer.session.receive(Array(changed.utf8), at: now, &peer.ids) == [])
        }
        // A user who asks need not wait.
        let now = Instant(nanoseconds: 3_000_000_001)
        #expect(Self.names(peer.session.refresh(at: now, &peer.ids)).first == "tools/list")
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

    @Test("a page that never comes is given up, and the list is read again after 1, 2 and 4 s, three times")
    func discoveryHasADeadline() {
        var peer = Peer.connected(#"{"tools":{}}"#)
        _ = peer.discover()
        var due: [String] = []
        var actions: [String] = []
        while let deadline = peer.session.nextDeadline, due.count < 20 {
            due.append(deadline.description)
            actions += Self.names(peer.session.expire(at: deadline, &peer.ids))
        }
        #expect(due == ["60", "61", "121", "123", "183", "187", "247"])
        let again = ["tools/list", "notifications/cancelled"]
        #expect(
            actions == ["notifications/cancelled", "gave up 2"] + again + ["gave up 3"] + again + ["gave up 4"] + again
                + ["gave up 5", "tools settled"])
        #expect(peer.expire(at: 1000) == [])
    }

    @Test("a list whose request failed is read again, and complete at last")
    func failedPage() {
        var peer = Peer.connected(#"{"tools":{}}"#)
        _ = peer.discover()
        #expect(peer.session.requestFailed(9, .lost(.reset), at: .zero) == nil)
        #expect(peer.session.requestFailed(2, .lost(.reset), at: .zero) == [])
        #expect(peer.session.nextDeadline == Peer.instant(1))
        #expect(Self.names(peer.expire(at: 1)) == ["tools/list"])
        let page = #"{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"a"}]}}"#
        #expect(Self.names(peer.receive(page, at: 2)) == ["tools 1", "tools settled"])
        #expect(peer.session.nextDeadline == nil)
    }

    @Test("S-039: an explicit refresh reads all lists once more, after those that are being read")
    func refresh() {
        var peer = Peer.connected(#"{"tools":{},"prompts":{}}"#)
        _ = peer.discover()
        _ = peer.receive(#"{"jsonrpc":"2.0","id":3,"result":{"prompts":[]}}"#)
        #expect(
            Self.names(peer.session.refresh(at: .zero, &peer.ids)) == ["prompts/list", "resources settled"])
        let page = #"{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"a"}]}}"#
        #expect(Self.names(peer.receive(page)) == ["tools 1", "tools/list"])
    }

    @Test("what a client declares and answers follows from its handler, and from the revision")
    func declaration() throws {
        let client = ClientCapabilities(roots: ["listChanged": true], sampling: [:], elicitation: [:])
        for (revision, keys) in [
            ("2025-03-26", ["roots", "sampling"]), ("2025-06-18", ["roots", "sampling", "elicitation"]),
        ] {
            var session = ConnectionSession(server: "a", revision: revision, client: client)
            var ids = ConnectionSession.RequestIDs()
            let request = try JSONValue(session.begin(&ids))
            #expect(request["params"]?["capabilities"]?.members?.map(\.key) == keys)
        }
        for (revision, isKnown) in [("2025-03-26", false), ("2025-06-18", true)] {
            var peer = Peer.connected("{}", revision: revision, client: client)
            let actions = peer.receive(#"{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}"#)
            #expect(Self.names(actions) == [isKnown ? "handle 1 elicitation/create" : "answer"])
        }
    }

    @Test("requests of a server are handled up to a limit, each until its answer or its cancellation")
    func handling() throws {
        var policy = ConnectionPolicy()
        policy.serverRequestMax = 2
        var peer = Peer.connected("{}", policy: policy, client: .init(roots: [:]))
        func roots(_ id: String) -> String { #"{"jsonrpc":"2.0","id":\#(id),"method":"roots/list"}"# }
        #expect(Self.names(peer.receive(roots("1"))) == ["handle 1 roots/list"])
        #expect(Self.names(peer.receive(roots("1"))) == ["violation"])
        #expect(Self.names(peer.receive(roots(#""x""#))) == ["handle 2 roots/list"])
        guard case .send(let bytes) = peer.receive(roots("3")).first else {
            Issue.record("no answer")
            return
        }
        #expect(try JSONValue(bytes)["error"]?["message"]?.text?.contains("limit of 2") == true)
        let cancelled = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}"#
        #expect(Self.names(peer.receive(cancelled)) == ["stop 2"])
        #expect(peer.receive(cancelled) == [])
        let request = ServerRequest(
            server: "a", id: MessageID(text: Array("1".utf8)), method: "roots/list", params: .null)
        let answer = peer.session.handled(1, request, .success(["roots": []]))
        #expect(answer == Array(#"{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}"#.utf8))
        #expect(peer.session.handled(1, request, .success([:])) == nil)
    }

    @Test("notifications that are no business of the session are told, with their parameters")
    func notifications() {
        var peer = Peer.connected("{}")
        #expect(
            peer.receive(#"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":1}}"#)
                == [.notification(method: "notifications/message", params: ["data": 1])])
        #expect(
            peer.receive(
                #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1.5}}"#)
                == [.progressed(token: 7, RequestProgress(progress: 1.5))])
        for params in [#"{"progressToken":7}"#, #"{"progressToken":7,"progress":"1"}"#] {
            let frame = #"{"jsonrpc":"2.0","method":"notifications/progress","params":\#(params)}"#
            #expect(Self.names(peer.receive(frame)) == ["violation"])
        }
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
