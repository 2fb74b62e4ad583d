import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// What the manager does when a server has forgotten the session, or has no answer to one request.
@Suite struct SessionExpiryTests {
    /// A server whose connections up to number `expiring` refuse every call as one of a session that they do not know.
    private static func forgetful(_ number: Int, expiring: Int) -> ScriptedNetwork.Answer {
        .accept(
            .init(
                tools: [tool("t")],
                handle: { stream, method, message in
                    guard method == "tools/call", number <= expiring, let id = message["id"]?.integer else {
                        return false
                    }
                    stream.expire(id)
                    return true
                }))
    }

    /// A server that answers the first calls of a connection with failures, and the others as ever.
    private static func failing(_ failures: [RequestFailure], isIdempotent: Bool) -> ScriptedNetwork.Answer {
        .accept(
            .init(
                tools: [tool("t", isIdempotent: isIdempotent)],
                handle: { stream, method, message in
                    let count = stream.sent.count { $0 == "tools/call" }
                    guard method == "tools/call", count <= failures.count, let id = message["id"]?.integer else {
                        return false
                    }
                    stream.fail(id, failures[count - 1], after: .seconds(1))
                    return true
                }))
    }

    @Test("SR-14: a forgotten session is begun anew in the same instant, and the call is sent once more")
    func expiredOnce() throws {
        try Rehearsal.run { _, number in
            Self.forgetful(number, expiring: 1)
        } body: { rehearsal in
            try await rehearsal.advance(to: 20)
            let result = try await rehearsal.manager.callTool("t", on: "a", arguments: ["x": 1])
            #expect(result == ["content": []])
            #expect(rehearsal.trace(withTimes: true) == "P@0,C@0,F@20,P@20,C@20")
            #expect(rehearsal.changes()[2].status == .failed(.network, willRetry: true))
            #expect(rehearsal.changes()[3].status == .pending(attempt: 0, maxAttempts: 5))
            #expect(rehearsal.network.connectTimes() == ["0", "20"])
            #expect(rehearsal.network.sent(to: "a").count { $0 == "initialize" } == 2)
            let calls = rehearsal.network.streams.flatMap(\.messages).filter { $0["method"]?.text == "tools/call" }
            #expect(calls.count == 2 && Set(calls.compactMap { $0["id"]?.integer }).count == 2)
            #expect(calls[0]["params"] == calls[1]["params"])
            #expect(rehearsal.network.streams.map(\.closeCount) == [1, 0])
        }
    }

    @Test("SR-14: when the new session is forgotten too, the call fails at once, and nothing more is sent")
    func expiredTwice() throws {
        try Rehearsal.run { _, number in
            Self.forgetful(number, expiring: 2)
        } body: { rehearsal in
            try await rehearsal.advance(to: 20)
            let error = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
            #expect(error == .notConnected(server: "a"))
            #expect(rehearsal.simulation.now.description == "20")
            try await rehearsal.advance(to: 86_400)
            #expect(rehearsal.trace(withTimes: true) == "P@0,C@0,F@20,P@20,C@20,F@20")
            #expect(try await rehearsal.manager.status(of: "a") == .failed(.network, willRetry: false))
            #expect(rehearsal.network.connects.count == 2)
            #expect(rehearsal.network.sent(to: "a").count { $0 == "tools/call" } == 2)
            #expect(rehearsal.simulation.sleeperCount == 0)
        }
    }

    @Test("SR-14: a session that stood for the stability window may be forgotten again")
    func expiredAgainLater() throws {
        try Rehearsal.run { _, number in
            Self.forgetful(number, expiring: 2)
        } body: { rehearsal in
            try await rehearsal.advance(to: 20)
            rehearsal.network.streams[0].emit(.closed(.sessionExpired))
            try await rehearsal.advance(to: 30)
            _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:])
            #expect(rehearsal.network.connectTimes() == ["0", "20", "30"])
            #expect(rehearsal.trace() == "P,C,F,P,C,F,P,C")
        }
    }

    @Test("SR-14: the late expiry of a session that was replaced changes nothing")
    func lateExpiry() throws {
        try Rehearsal.run { _, number in
            Self.forgetful(number, expiring: 0)
        } body: { rehearsal in
            try await rehearsal.advance(to: 20)
            try await rehearsal.manager.reconnect("a")
            rehearsal.network.streams[0].emit(.closed(.sessionExpired))
            try await rehearsal.advance(to: 60)
            #expect(try await rehearsal.manager.status(of: "a") == .connected(generation: 2))
            #expect(rehearsal.network.connects.count == 2)
        }
    }

    @Test("RS-09: a call lost on a connection that stands is sent once more at once if it may be, and else is unknown")
    func lostOnAStandingConnection() throws {
        let unknown = ConnectionError.outcomeUnknown(server: "a", cause: .reset)
        for (isIdempotent, lossCount, expected, second) in [
            (false, 1, unknown, "1"), (true, 1, nil, "1"), (true, 2, unknown, "2"),
        ] as [(Bool, Int, ConnectionError?, String)] {
            try Rehearsal.run { _, _ in
                Self.failing(Array(repeating: .lost(.reset), count: lossCount), isIdempotent: isIdempotent)
            } body: { rehearsal in
                try await rehearsal.manager.ready("a")
                let error = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
                #expect(error == expected)
                #expect(rehearsal.simulation.now.description == second)
                let ids = rehearsal.network.streams[0].messages.filter { $0["method"]?.text == "tools/call" }
                    .compactMap { $0["id"]?.integer }
                #expect(ids.count == (isIdempotent ? 2 : 1) && Set(ids).count == ids.count)
                #expect(rehearsal.trace() == "P,C")
            }
        }
    }

    @Test(
        "a request without an answer says why, and the connection stands",
        arguments: [
            (.notSent(.refused), .notConnected(server: "a")),
            (.refused(status: 400, text: "no"), .rejected(server: "a", status: 400, text: "no")),
            (.unauthorized(status: 401), .needsAuth(server: "a")),
        ] as [(RequestFailure, ConnectionError)])
    func failures(_ requestFailure: RequestFailure, _ error: ConnectionError) throws {
        try Rehearsal.run { _, _ in
            Self.failing([requestFailure], isIdempotent: true)
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            #expect(
                await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) } == error)
            #expect(try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) == ["content": []])
            #expect(rehearsal.trace() == "P,C")
        }
    }

    @Test(
        "a call that may have been executed when its connection was lost is unknown, though it is refused the second time"
    )
    func refusedAfterALoss() throws {
        try Rehearsal.run { _, _ in
            Self.failing([.lost(.reset), .unauthorized(status: 403)], isIdempotent: true)
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            let error = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
            #expect(error == .outcomeUnknown(server: "a", cause: .reset))
        }
    }

    @Test("a token that is refused to a list and to a call is known to have been, whichever is told first")
    func refusedBesideAList() throws {
        try Rehearsal.run { _, _ in
            .accept(
                .init(
                    tools: [tool("t")],
                    handle: { stream, method, message in
                        guard let id = message["id"]?.integer else { return false }
                        if method == "tools/call" {
                            stream.emit(
                                .message(Array(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#.utf8)))
                            stream.fail(id, .unauthorized(status: 401), after: .seconds(2))
                            stream.emit(.closed(.unauthorized(status: 401)), after: .seconds(3))
                            return true
                        }
                        guard method == "tools/list", stream.sent.contains("tools/call") else { return false }
                        stream.fail(id, .unauthorized(status: 401), after: .seconds(1))
                        return true
                    }))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            let error = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
            #expect(error == .needsAuth(server: "a"))
            #expect(rehearsal.network.streams[0].sent.count { $0 == "tools/list" } == 2)
            try await rehearsal.advance(to: 60)
            #expect(rehearsal.trace() == "P,C,N")
        }
    }

    @Test("S-029: a list that is forbidden ends the connection, which needs sign-in")
    func forbiddenList() throws {
        for failure in [RequestFailure.refused(status: 403, text: "no"), .unauthorized(status: 403)] {
            try Rehearsal.run { _, _ in
                .accept(
                    .init(
                        tools: [tool("t")],
                        handle: { stream, method, message in
                            guard method == "tools/list", let id = message["id"]?.integer else { return false }
                            stream.fail(id, failure)
                            return true
                        }))
            } body: { rehearsal in
                try await rehearsal.advance(to: 86_400)
                #expect(rehearsal.trace() == "P,C,N")
                #expect(rehearsal.network.connects.count == 1)
                #expect(rehearsal.network.streams[0].closeCount == 1)
            }
        }
    }

    @Test("with a fixed header a refusal is no question of sign-in")
    func fixedHeader() throws {
        try Rehearsal.run([ServerConfiguration(name: "a", hasStaticAuthorization: true)]) { _, _ in
            Self.failing([.unauthorized(status: 403)], isIdempotent: false)
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            let error = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
            #expect(error == .rejected(server: "a", status: 403, text: ""))
        }
    }

    @Test("initialize without an answer is a failed attempt, with the reason")
    func initializeFails() throws {
        for (requestFailure, trace) in [
            (.lost(.reset), "P,F,P,C"), (.refused(status: 500, text: ""), "P,F,P,C"),
            (.unauthorized(status: 401), "P,N"),
        ] as [(RequestFailure, String)] {
            try Rehearsal.run { _, number in
                .accept(
                    .init(handle: { stream, method, message in
                        guard number == 1, method == "initialize", let id = message["id"]?.integer else { return false }
                        stream.fail(id, requestFailure)
                        return true
                    }))
            } body: { rehearsal in
                try await rehearsal.advance(to: 60)
                #expect(rehearsal.trace() == trace)
                #expect(rehearsal.network.streams[0].closeCount == 1)
            }
        }
    }
}
