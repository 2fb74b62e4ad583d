import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// What servers ask and tell, and who hears of it.
@Suite struct ServerRequestTests {
    /// Answers after `delay`, or as `fails` says; keeps what it was asked and how that ended.
    private final class Handler: ServerRequestHandler, @unchecked Sendable {
        let capabilities: ClientCapabilities
        var simulation: Simulation?
        var delay = Duration.zero
        var error: (any Error)?
        private(set) var requests: [ServerRequest] = []
        private(set) var cancelledCount = 0

        init(_ capabilities: ClientCapabilities = .init(roots: [:], sampling: [:], elicitation: [:])) {
            self.capabilities = capabilities
        }

        func answer(_ request: ServerRequest) async throws -> JSONValue {
            requests.append(request)
            do {
                if let simulation, delay > .zero {
                    try await simulation.sleep(until: simulation.now.advanced(by: delay), phase: .timer)
                }
            } catch {
                cancelledCount += 1
                throw error
            }
            if let error { throw error }
            return ["of": .string(request.method)]
        }
    }

    private struct Oops: Error {}

    private static func ask(_ id: Int, _ method: String) -> JSONValue {
        ["jsonrpc": "2.0", "id": .int(id), "method": .string(method), "params": ["x": 1]]
    }

    /// Runs a manager with that handler; `body` gets the stream of its connection.
    private static func run(
        _ handler: Handler?, policy: ConnectionPolicy = .init(),
        _ body: @escaping @Sendable (Rehearsal, ScriptedStream) async throws -> Void
    ) throws {
        try Rehearsal.run(policy: policy, handler: handler) { _, _ in
            .accept()
        } body: { rehearsal in
            handler?.simulation = rehearsal.simulation
            try await rehearsal.manager.ready("a")
            try await body(rehearsal, rehearsal.network.streams[0])
        }
    }

    private static func answers(_ stream: ScriptedStream) -> [JSONValue] {
        stream.messages.filter { $0["method"] == nil }
    }

    @Test("requests of a server are answered by the handler, each in its own time")
    func answered() throws {
        let handler = Handler()
        handler.delay = .seconds(2)
        try Self.run(handler) { rehearsal, stream in
            let initialize = stream.messages[0]["params"]?["capabilities"]
            #expect(initialize == ["roots": [:], "sampling": [:], "elicitation": [:]])
            let methods = ["roots/list", "sampling/createMessage", "elicitation/create"]
            for (id, method) in methods.enumerated() { stream.deliver(Self.ask(id, method), after: .seconds(id)) }
            stream.deliver(Self.ask(9, "ping"), after: .seconds(1))
            try await rehearsal.advance(to: 1)
            #expect(Self.answers(stream).map { $0["id"] } == [9])
            try await rehearsal.advance(to: 10)
            #expect(Self.answers(stream).map { $0["id"] } == [9, 0, 1, 2])
            #expect(Self.answers(stream).dropFirst().map { $0["result"]?["of"]?.text } == methods)
            #expect(handler.requests.map(\.method) == methods && handler.requests[0].params == ["x": 1])
        }
    }

    @Test("what the handler does not declare, or nobody handles, is an unknown method")
    func unknown() throws {
        for handler in [nil, Handler(.init(roots: ["listChanged": true]))] {
            try Self.run(handler) { rehearsal, stream in
                let initialize = stream.messages[0]["params"]?["capabilities"]
                #expect(initialize == (handler == nil ? [:] : ["roots": ["listChanged": true]]))
                stream.deliver(Self.ask(1, "sampling/createMessage"))
                try await rehearsal.advance(to: 1)
                #expect(Self.answers(stream).map { $0["error"]?["code"] } == [-32601])
            }
        }
    }

    @Test("what a handler throws goes to the server: a refusal as it is, anything else as an internal error")
    func refused() throws {
        for (error, code, message) in [
            (ServerRequestRefusal(code: -1, message: "no, thank you"), -1, "no, thank you"),
            (Oops(), -32603, "Internal error"),
        ] as [(any Error, Int, String)] {
            let handler = Handler()
            handler.error = error
            try Self.run(handler) { rehearsal, stream in
                stream.deliver(Self.ask(1, "roots/list"))
                try await rehearsal.advance(to: 1)
                #expect(Self.answers(stream).map { $0["error"]?["code"]?.integer } == [code])
                #expect(Self.answers(stream).map { $0["error"]?["message"]?.text } == [message])
            }
        }
    }

    @Test("a request that the server cancels is stopped, and has no answer")
    func cancelledByTheServer() throws {
        let handler = Handler()
        handler.delay = .seconds(60)
        try Self.run(handler) { rehearsal, stream in
            stream.deliver(Self.ask(1, "roots/list"))
            stream.deliver(
                ["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 1]], after: .seconds(1))
            try await rehearsal.advance(to: 1)
            #expect(handler.cancelledCount == 1)
            try await rehearsal.advance(to: 100)
            #expect(Self.answers(stream).isEmpty)
            handler.delay = .zero
            stream.deliver(Self.ask(1, "roots/list"))
            try await rehearsal.advance(to: 101)
            #expect(Self.answers(stream).count == 1)
        }
    }

    @Test("with the connection, and with the manager, its requests are stopped", arguments: [0, 1, 2])
    func stopped(kind: Int) throws {
        let handler = Handler()
        handler.delay = .seconds(60)
        try Self.run(handler) { rehearsal, stream in
            stream.deliver(Self.ask(1, "roots/list"))
            try await rehearsal.advance(to: 1)
            switch kind {
            case 0: stream.emit(.closed(.reset))
            case 1: try await rehearsal.manager.toggle("a", false)
            default: await rehearsal.manager.stop()
            }
            try await rehearsal.advance(to: 1)
            #expect(handler.cancelledCount == 1)
            #expect(Self.answers(stream).isEmpty)
        }
    }

    @Test("more requests than the limit are refused, and a flood of them stays bounded")
    func flood() throws {
        let handler = Handler()
        handler.delay = .seconds(60)
        try Self.run(handler) { rehearsal, stream in
            for id in 0..<500 { stream.deliver(Self.ask(id, "roots/list")) }
            try await rehearsal.advance(to: 1)
            #expect(handler.requests.count == 16)
            let errors = Self.answers(stream).compactMap { $0["error"]?["message"]?.text }
            #expect(errors.count == 484 && errors.allSatisfy { $0.contains("limit of 16") })
            try await rehearsal.advance(to: 100)
            #expect(Self.answers(stream).count == 500)
        }
    }

    @Test("S-019: subscribers hear of notifications in order, but not of those that are the manager's business")
    func notifications() throws {
        try Self.run(nil) { rehearsal, stream in
            for (index, method) in [
                "notifications/message", "notifications/tools/list_changed", "notifications/resources/updated",
                "notifications/progress", "notifications/cancelled", "notifications/of/my/own",
            ].enumerated() {
                let params: JSONValue = ["progress": 1, "progressToken": 1, "requestId": 1]
                stream.deliver(
                    ["jsonrpc": "2.0", "method": .string(method), "params": params], after: .seconds(index + 1))
            }
            try await rehearsal.advance(to: 10)
            let heard = rehearsal.events.compactMap {
                if case .notification(let notification) = $0 { notification } else { nil }
            }
            #expect(
                heard.map(\.method)
                    == ["notifications/message", "notifications/resources/updated", "notifications/of/my/own"])
            #expect(heard.map(\.at.description) == ["1", "3", "6"])
            #expect(heard.allSatisfy { $0.server == "a" && $0.params["progress"] == 1 })
            let revisions = heard.map(\.revision)
            #expect(revisions == revisions.sorted())
        }
    }

    @Test("users are told once that a server needs sign-in, when it took that state by itself")
    func signInNeeded() throws {
        @Sendable func notices(_ rehearsal: Rehearsal) -> [String] {
            rehearsal.events.compactMap {
                if case .notice(let notice) = $0 {
                    "\(notice.server) \(notice.kind.rawValue)@\(notice.at)"
                } else {
                    nil
                }
            }
        }
        let servers: [ServerConfiguration] = [
            .init(name: "a"), .init(name: "b", load: .withoutCredential), .init(name: "c"),
            .init(name: "d", hasStaticAuthorization: true),
        ]
        try Rehearsal.run(servers) { server, number in
            switch server {
            case "a": .accept(.init(loss: (.seconds(5), .unauthorized(status: 401))))
            case "c": .refuse(.misconfigured("x"))
            default: .refuse(.unauthorized(status: 401))
            }
        } body: { rehearsal in
            try await rehearsal.advance(to: 1)
            try await rehearsal.manager.beginSignIn("c")
            try await rehearsal.advance(to: 60)
            #expect(try await rehearsal.manager.status(of: "a") == .needsAuth)
            #expect(try await rehearsal.manager.status(of: "c") == .needsAuth)
            #expect(notices(rehearsal) == ["a sign-in-needed@5"])
            try await rehearsal.manager.completeSignIn("a", succeeded: true)
            try await rehearsal.advance(to: 100)
            #expect(notices(rehearsal) == ["a sign-in-needed@5", "a sign-in-needed@65"])
        }
    }
}
