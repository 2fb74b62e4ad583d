import HTTPTypes
import MCPCore
import MCPWire
import Testing

/// What a client sends: headers, redirects, limits.
@Suite struct StreamableHTTPRequestTests {
    private typealias Rehearsal = HTTPRehearsal

    @Test(
        "each request has the headers of its method and revision",
        arguments: ["2025-03-26", "2025-06-18", "2025-11-25"])
    func headers(_ revision: String) {
        var rehearsal = Rehearsal.standing(revision)
        rehearsal.request(7)
        rehearsal.feed(.close)
        #expect(rehearsal.begun.map(\.method) == ["POST", "POST", "GET", "POST", "DELETE"])
        let both = "application/json, text/event-stream"
        #expect(rehearsal.begun.map { $0["Accept"] } == [both, both, "text/event-stream", both, nil])
        let json = "application/json"
        #expect(rehearsal.begun.map { $0["Content-Type"] } == [json, json, nil, json, nil])
        #expect(rehearsal.begun.map { $0["Mcp-Session-Id"] } == [nil, "s-1", "s-1", "s-1", "s-1"])
        let version = revision == "2025-03-26" ? nil : revision
        #expect(rehearsal.begun.map { $0["MCP-Protocol-Version"] } == [nil, version, version, version, version])
        #expect(rehearsal.begun.allSatisfy { $0["Last-Event-ID"] == nil && $0.request.path == "/mcp" })
        #expect(rehearsal.begun[3].message == #"{"jsonrpc":"2.0","id":7,"method":"tools/call"}"#)
        #expect(rehearsal.begun[2].body.isEmpty && rehearsal.begun[4].body.isEmpty)
    }

    @Test("a server without sessions gets no session id and no DELETE")
    func noSession() {
        var rehearsal = Rehearsal.standing(session: nil)
        rehearsal.feed(.close)
        #expect(rehearsal.isFinished)
        #expect(rehearsal.begun.allSatisfy { $0["Mcp-Session-Id"] == nil && $0.method != "DELETE" })
    }

    @Test("a session id that is none breaks the protocol", arguments: ["a b", "größe", "", "long"])
    func badSessionIDs(_ text: String) {
        var limits = StreamableHTTPLimits()
        limits.idByteCountMax = 100
        var rehearsal = HTTPRehearsal(limits: limits)
        let sessionID = text == "long" ? String(repeating: "x", count: 101) : text
        rehearsal.answer(
            rehearsal.send(Rehearsal.initialize), Rehearsal.initialized("2025-11-25"), ["Mcp-Session-Id": sessionID])
        guard case .closed(.protocolBroken(let reason)) = rehearsal.events.first else {
            Issue.record("\(rehearsal.events)")
            return
        }
        #expect(reason.contains(text == "long" ? "the limit of 100 bytes" : "visible ASCII"))
        #expect(rehearsal.events.count == 1)
    }

    @Test("the stream of initialize is resumed too, with the session that it began")
    func initializeIsResumed() {
        var rehearsal = HTTPRehearsal()
        let first = rehearsal.send(Rehearsal.initialize)
        rehearsal.head(first, 200, "text/event-stream", ["Mcp-Session-Id": "s-1"])
        rehearsal.body(first, "id: 1\ndata:\n\n")
        rehearsal.end(first, .reset)
        rehearsal.pass(.seconds(1))
        #expect(rehearsal.last.method == "GET")
        #expect(rehearsal.last["Mcp-Session-Id"] == "s-1")
        #expect(rehearsal.last["Last-Event-ID"] == "1")
        rehearsal.events(rehearsal.last.exchange, Rehearsal.event("2", Rehearsal.initialized("2025-06-18")))
        rehearsal.send(Rehearsal.notification("notifications/initialized"))
        #expect(rehearsal.last["MCP-Protocol-Version"] == "2025-06-18")
    }

    @Test("S-181: a redirect is followed within the origin, with method, body and headers", arguments: [307, 308])
    func redirects(_ status: Int) {
        var rehearsal = Rehearsal.standing(headers: [.cookie: "secret"])
        rehearsal.request(7)
        for location in ["/mcp/", "/a/../b/./c?d#e", "?q", "x/y", "HTTP://SERVER.test:80/mcp"] {
            rehearsal.head(rehearsal.last.exchange, status, nil, ["Location": location])
        }
        let paths = rehearsal.begun.suffix(6).map(\.request.path)
        #expect(paths == ["/mcp", "/mcp/", "/b/c?d", "/b/c?q", "/b/x/y", "/mcp"])
        for request in rehearsal.begun.suffix(6) {
            #expect(request.method == "POST" && request.body == rehearsal.begun[3].body)
            #expect(request["Cookie"] == "secret" && request.request.authority == "server.test")
        }
        rehearsal.head(rehearsal.last.exchange, status, nil, ["Location": "/once-more"])
        #expect(
            rehearsal.events == [
                .requestFailed(id: id(7), .refused(status: status, text: "the server redirects more than 5 times"))
            ])
    }

    @Test(
        "S-181: nothing goes to another origin",
        arguments: [
            "https://server.test/mcp", "http://other.test/mcp", "//server.test:8080/mcp", "http://me@server.test/",
            "ftp://server.test/", "http://", "/a b", "http://server.test.evil.test/",
        ])
    func foreignRedirects(_ location: String) {
        var rehearsal = Rehearsal.standing(headers: [.cookie: "secret"])
        let get = rehearsal.last.exchange
        let call = rehearsal.request(7)
        for status in [307, 302] { rehearsal.head(status == 307 ? call : get, status, nil, ["Location": location]) }
        guard case .requestFailed(_, .refused(307, let text)) = rehearsal.events.first,
            case .pushDegraded(let reason) = rehearsal.events.last
        else {
            Issue.record("\(rehearsal.events)")
            return
        }
        #expect(text == reason && text.hasPrefix("the server redirects to "))
        #expect(rehearsal.begun.count == 4)
        var beginning = HTTPRehearsal(headers: [.cookie: "secret"])
        beginning.head(beginning.send(Rehearsal.initialize), 308, nil, ["Location": location])
        #expect(beginning.events == [.closed(.misconfigured(text))])
    }

    @Test(
        "a POST that is redirected by 301, 302 or 303 would lose its body, and is refused", arguments: [301, 302, 303])
    func oldRedirects(_ status: Int) {
        var rehearsal = Rehearsal.standing()
        let get = rehearsal.last.exchange
        let call = rehearsal.request(7)
        rehearsal.head(call, status, nil, ["Location": "/elsewhere"])
        rehearsal.end(call)
        #expect(rehearsal.events == [.requestFailed(id: id(7), .refused(status: status, text: ""))])
        rehearsal.head(get, status, nil, ["Location": "/elsewhere"])
        #expect(rehearsal.last.method == "GET" && rehearsal.last.request.path == "/elsewhere")
    }

    // MARK: Order and limits

    @Test("requests take turns, and a request that is cancelled while it waits is never sent")
    func turns() {
        var limits = StreamableHTTPLimits()
        limits.exchangeCountMax = 2
        var rehearsal = Rehearsal.standing(limits: limits)
        let first = rehearsal.request(1)
        for number in 2...5 { rehearsal.request(number) }
        #expect(rehearsal.begun.count == 5)
        rehearsal.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#)
        #expect(rehearsal.begun.count == 5)
        rehearsal.answer(first, Rehearsal.result(1))
        #expect(rehearsal.begun.count == 6)
        #expect(rehearsal.last.message.contains(#""id":4"#))
        // A notification does not wait for requests.
        rehearsal.send(Rehearsal.notification("notifications/roots/list_changed"))
        #expect(rehearsal.begun.count == 7)
        // What waits when the connection goes was never sent.
        rehearsal.feed(.failed(exchange: rehearsal.last.exchange, HTTPFailure(.refused, mayHaveArrived: false)))
        #expect(rehearsal.events.suffix(2) == [.requestFailed(id: id(5), .notSent(.refused)), .closed(.refused)])
    }

    @Test("only so many messages wait")
    func waitingMessagesAreBounded() {
        var limits = StreamableHTTPLimits()
        limits.exchangeCountMax = 1
        limits.waitingCountMax = 3
        var rehearsal = Rehearsal.standing(limits: limits)
        for number in 1...10 { rehearsal.request(number) }
        let failure = TransportFailure.protocolBroken("more than 3 messages wait for the server")
        #expect(rehearsal.rejections == Array(repeating: failure, count: 6))
    }

    @Test("responses to notifications that do not end are not opened without limit", arguments: [(202, 5), (400, 30)])
    func endlessResponsesAreBounded(_ status: Int, _ seconds: Int) {
        var limits = StreamableHTTPLimits()
        limits.exchangeCountMax = 1
        var rehearsal = Rehearsal.standing(limits: limits)
        let endless = rehearsal.send(Rehearsal.notification("notifications/roots/list_changed"))
        rehearsal.head(endless, status)
        rehearsal.send(Rehearsal.notification("notifications/roots/list_changed"))
        #expect(rehearsal.last.exchange == endless)
        rehearsal.pass(.seconds(seconds))
        #expect(rehearsal.ended.last == endless)
        #expect(rehearsal.trace.last == "POST@\(seconds)")
    }

    @Test("a notification whose response never comes makes room after the connect timeout")
    func silentNotificationsMakeRoom() {
        var limits = StreamableHTTPLimits()
        limits.exchangeCountMax = 1
        var rehearsal = Rehearsal.standing(limits: limits)
        let silent = rehearsal.send(Rehearsal.notification("notifications/roots/list_changed"))
        rehearsal.send(Rehearsal.notification("notifications/roots/list_changed"))
        #expect(rehearsal.last.exchange == silent)
        rehearsal.pass(.seconds(30))
        #expect(rehearsal.ended.last == silent)
        #expect(rehearsal.trace.last == "POST@30")
    }

    @Test("an exchange that goes on after its answer is ended five seconds later, and makes room at once")
    func answeredStreamsEnd() {
        var limits = StreamableHTTPLimits()
        limits.exchangeCountMax = 1
        var rehearsal = Rehearsal.standing(limits: limits)
        let call = rehearsal.request(1)
        rehearsal.events(call, "data: \(Rehearsal.result(1))\n\n")
        let other = rehearsal.request(2)
        #expect(other != call)
        rehearsal.body(call, "data: \(Rehearsal.log(1))\n\n")
        #expect(rehearsal.messages.last == Rehearsal.log(1))
        rehearsal.pass(.seconds(5))
        #expect(rehearsal.ended.last == call)
        rehearsal.body(call, "data: \(Rehearsal.log(2))\n\n")
        #expect(rehearsal.messages.count == 2)
    }

    @Test("a body or an event beyond the limit loses its request, names the limit, and is not resumed")
    func longBodies() {
        var limits = StreamableHTTPLimits()
        (limits.bodyByteCountMax, limits.eventByteCountMax) = (1000, 500)
        var rehearsal = Rehearsal.standing(limits: limits)
        let push = rehearsal.last.exchange
        let json = rehearsal.request(7)
        rehearsal.head(json, 200, "application/json")
        for _ in 1...11 { rehearsal.body(json, String(repeating: " ", count: 100)) }
        let body = TransportFailure.protocolBroken("a body is longer than the limit of 1000 bytes")
        #expect(rehearsal.events == [.requestFailed(id: id(7), .lost(body))])
        let call = rehearsal.request(8)
        rehearsal.events(call, Rehearsal.event("1", Rehearsal.log(1)) + String(repeating: "data: x\n", count: 70))
        let event = "an event is longer than the limit of 500 bytes"
        #expect(rehearsal.events.last == .requestFailed(id: id(8), .lost(.protocolBroken(event))))
        rehearsal.events(push, "data: " + String(repeating: "x", count: 500))
        #expect(rehearsal.events.last == .pushDegraded(event))
        #expect(rehearsal.machine.nextDeadline == nil)
    }

    @Test("what is reported of exchanges that are over changes nothing")
    func lateReports() {
        var rehearsal = Rehearsal.standing()
        let call = rehearsal.request(7)
        rehearsal.answer(call, Rehearsal.result(7))
        let count = rehearsal.begun.count
        rehearsal.events(call, "data: \(Rehearsal.log(1))\n\n")
        rehearsal.end(call, .reset)
        rehearsal.feed(.failed(exchange: call, HTTPFailure(.refused, mayHaveArrived: false)))
        rehearsal.feed(.recovered(exchange: call, .signIn("no")))
        #expect(rehearsal.messages == [Rehearsal.result(7)])
        #expect(rehearsal.events.count == 1 && rehearsal.begun.count == count)
    }

    @Test("a cancelled request is let go when the server has heard of it, and not sent again after a refusal")
    func cancelledRequests() {
        var rehearsal = Rehearsal.standing()
        let cancel = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#
        let call = rehearsal.request(7)
        rehearsal.head(call, 401)
        let cancellation = rehearsal.send(cancel)
        #expect(!rehearsal.ended.contains(call))
        let count = rehearsal.begun.count
        rehearsal.feed(.recovered(exchange: call, .retry(AccessToken("B", issue: 2))))
        rehearsal.accept(cancellation)
        #expect(rehearsal.begun.count == count)
        #expect(rehearsal.ended.contains(call))
        let other = rehearsal.request(7)
        rehearsal.accept(rehearsal.send(cancel))
        #expect(rehearsal.ended.contains(other))
        #expect(rehearsal.events.isEmpty)
    }

    @Test("whatever a server does, a machine neither stops nor asks more often than its limits allow")
    func randomServers() {
        for seed in 1...300 as ClosedRange<UInt64> {
            var generator = SplitMix64(seed: seed, stream: "server")
            var rehearsal = Rehearsal.standing(["2025-03-26", "2025-06-18", "2025-11-25"][generator.below(3)])
            let types = ["application/json", "text/event-stream", "text/plain", nil]
            let texts = [
                "data: \(Rehearsal.log(1))\n\n", "id: 5\ndata:\n\n", "retry: 0\n\n", Rehearsal.result(7), "\r", "[1]",
            ]
            for step in 0..<100 {
                let exchange = rehearsal.begun[generator.below(rehearsal.begun.count)].exchange
                switch generator.below(9) {
                case 0: rehearsal.request(step)
                case 1: rehearsal.send(Rehearsal.notification("notifications/roots/list_changed"))
                case 2, 3:
                    let status = [200, 200, 200, 202, 307, 400, 401, 404, 405, 410, 503][generator.below(11)]
                    rehearsal.head(
                        exchange, status, types[generator.below(4)], ["Location": "/x", "Retry-After": "-1"])
                case 4: rehearsal.body(exchange, texts[generator.below(texts.count)])
                case 5: rehearsal.end(exchange, generator.below(2) == 0 ? nil : .reset)
                case 6:
                    let cause: TransportFailure = generator.below(2) == 0 ? .refused : .reset
                    rehearsal.feed(.failed(exchange: exchange, HTTPFailure(cause, mayHaveArrived: cause == .reset)))
                case 7:
                    let token = AccessToken("B", issue: step)
                    rehearsal.feed(.recovered(exchange: exchange, .retry(token)))
                default: rehearsal.pass(.milliseconds(generator.below(20_000)))
                }
            }
            #expect(rehearsal.begun.count < 400)
            rehearsal.feed(.close)
            rehearsal.pass(.seconds(5))
            #expect(rehearsal.isFinished && rehearsal.machine.nextDeadline == nil)
            let closings = rehearsal.events.count { if case .closed = $0 { true } else { false } }
            #expect(closings <= 1)
        }
    }
}
