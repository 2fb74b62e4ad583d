import HTTPTypes
import MCPCore
import MCPWire
import RepriseSimulation
import Synchronization
import Testing

@Suite struct RequestAuthorizationTests {
    /// Gives the token `A`, and after a refusal whatever it is told to, a second later.
    private final class Authorizer: RequestAuthorizer {
        private let time: SimulationClock
        private let recovery: AuthorizationRecovery
        /// How long the token takes.
        private let delay: Duration
        private let present = Mutex(AccessToken("A", issue: 1))
        private let seen = Mutex<[AuthorizationRefusal]>([])

        init(_ time: SimulationClock, _ recovery: AuthorizationRecovery, delay: Duration) {
            self.time = time
            self.delay = delay
            self.recovery = recovery
        }

        var refusals: [AuthorizationRefusal] { seen.withLock(\.self) }

        func run() async {}
        func serves(_ url: HTTPURL) -> Bool { true }
        func token() async -> AccessToken? {
            if delay > .zero { try? await time.sleep(until: time.now.advanced(by: delay)) }
            return present.withLock(\.self)
        }

        func recover(from refusal: AuthorizationRefusal) async -> AuthorizationRecovery {
            seen.withLock { $0.append(refusal) }
            try? await time.sleep(until: time.now.advanced(by: .seconds(1)))
            if case .retry(let token) = recovery { present.withLock { $0 = token } }
            return recovery
        }
    }

    /// A session of a server that refuses the token `A` on these routes, and `B` on those.
    private static func run<T: Sendable>(
        refusingA: Set<String>, refusingB: Set<String> = [], status: Int = 401,
        recovery: AuthorizationRecovery = .retry(AccessToken("B", issue: 2)), delay: Duration = .zero,
        body: @escaping @Sendable (HTTPStage, any MessageStream) async throws -> T
    ) throws -> (result: T, trace: [String], refusals: [AuthorizationRefusal]) {
        try Simulation(seed: 3).run { simulation in
            let authorizer = Authorizer(simulation.clock, recovery, delay: delay)
            let server = ScriptedHTTP(simulation) { exchange in
                let isRefused = exchange["Authorization"] == "Bearer A" ? refusingA : refusingB
                if isRefused.contains(exchange.name) {
                    return exchange.respond(status, nil, [("WWW-Authenticate", "Bearer error=\"x\"")])
                }
                if exchange.name == "GET" { return exchange.respond(200, "text/event-stream") }
                if exchange.name == "tools/call" { return exchange.answer([:]) }
                exchange.behave()
            }
            let connector = StreamableHTTPConnector(
                sender: server, time: simulation.clock, authorizers: ["a": authorizer], seed: 1)
            let stage = HTTPStage(simulation: simulation, server: server, connector: connector)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await connector.run() }
                defer { group.cancelAll() }
                let result = try await body(stage, try await connector.connect(to: HTTPStage.configuration()))
                let trace = server.exchanges.map { "\($0.name) \($0["Authorization"]?.suffix(1) ?? "-")@\($0.at)" }
                return (result, trace, authorizer.refusals)
            }
        }
    }

    private static func handshake(_ stream: any MessageStream) async throws {
        try await stream.send(Array(HTTPRehearsal.initialize.utf8))
        _ = await stream.next()
        try await stream.send(Array(HTTPRehearsal.notification("notifications/initialized").utf8))
    }

    @Test("a request that is refused is sent once more with the new token, and its sender sees nothing of it")
    func aRefusedRequestIsSentOnceMore() throws {
        let run = try Self.run(refusingA: ["tools/call"]) { stage, stream in
            try await Self.handshake(stream)
            try await stream.request(7)
            return await stream.next()
        }
        #expect(run.result == .message(Array(HTTPRehearsal.result(7).utf8)))
        #expect(run.trace.suffix(2) == ["tools/call A@0", "tools/call B@1"])
        let token = AccessToken("A", issue: 1)
        #expect(run.refusals == [.init(status: 401, challenges: ["Bearer error=\"x\""], token: token)])
    }

    @Test("a request whose token is refused twice ends the connection, and nothing more is sent")
    func aSecondRefusalEndsTheConnection() throws {
        let run = try Self.run(refusingA: ["tools/call"], refusingB: ["tools/call"]) { stage, stream in
            try await Self.handshake(stream)
            try await stream.request(7)
            let events = [await stream.next(), await stream.next(), await stream.next()]
            try await stage.advance(to: 86_400)
            await stream.close()
            return events
        }
        let failure = StreamEvent.requestFailed(id: id(7), .unauthorized(status: 401))
        #expect(run.result == [failure, .closed(.unauthorized(status: 401)), nil])
        #expect(run.trace.suffix(2) == ["tools/call A@0", "tools/call B@1"])
        #expect(run.refusals.count == 1)
    }

    @Test("a request that is forbidden with every token ends alone")
    func aForbiddenRequestEndsAlone() throws {
        let run = try Self.run(refusingA: ["tools/call"], refusingB: ["tools/call"], status: 403) { stage, stream in
            try await Self.handshake(stream)
            try await stream.request(7)
            let failed = await stream.next()
            try await stage.advance(to: 86_400)
            try await stream.request(8)
            return [failed, await stream.next()]
        }
        #expect(run.result == [7, 8].map { .requestFailed(id: id($0), .refused(status: 403, text: "")) })
        #expect(
            run.trace.filter { $0.hasPrefix("tools/call") }
                == ["A@0", "B@1", "B@86400", "B@86401"].map { "tools/call \($0)" })
    }

    @Test("what nobody can allow ends with what the server says of it, and what the user can allow with that")
    func aForbiddenRequestSaysWhy() {
        for (recovery, failure) in [
            (AuthorizationRecovery.refused("no"), RequestFailure.refused(status: 403, text: "not for you")),
            (.signIn("no"), .unauthorized(status: 403)),
        ] {
            var rehearsal = HTTPRehearsal.standing()
            rehearsal.request(7)
            let exchange = rehearsal.last.exchange
            rehearsal.head(exchange, 403)
            rehearsal.feed(.recovered(exchange: exchange, recovery))
            rehearsal.body(exchange, "not for you")
            rehearsal.end(exchange)
            #expect(rehearsal.events == [.requestFailed(id: id(7), failure)])
        }
    }

    @Test(
        "a refusal for want of a token and one for want of scope are each mended once for a request",
        arguments: [[401, 403], [403, 401]])
    func eachKindOfRefusalIsMendedOnce(_ statuses: [Int]) {
        var rehearsal = HTTPRehearsal.standing()
        rehearsal.request(7)
        for (index, status) in statuses.enumerated() {
            let exchange = rehearsal.last.exchange
            rehearsal.head(exchange, status, nil, ["WWW-Authenticate": "Bearer"])
            #expect(rehearsal.recoveries.map(\.status) == Array(statuses[...index]))
            rehearsal.feed(.recovered(exchange: exchange, .retry(AccessToken("\(index)", issue: index + 2))))
            #expect(rehearsal.last.token?.value == "\(index)")
        }
        #expect(rehearsal.events.isEmpty)
        for status in [401, 403] {
            var refused = rehearsal
            refused.head(refused.last.exchange, status)
            refused.end(refused.last.exchange)
            let forbidden = StreamEvent.requestFailed(id: id(7), .refused(status: 403, text: ""))
            let unauthorized = StreamEvent.requestFailed(id: id(7), .unauthorized(status: 401))
            #expect(
                refused.events == (status == 403 ? [forbidden] : [unauthorized, .closed(.unauthorized(status: 401))]))
            #expect(refused.recoveries.count == 2)
        }
        rehearsal.answer(rehearsal.last.exchange, HTTPRehearsal.result(7))
        #expect(rehearsal.messages == [HTTPRehearsal.result(7)])
    }

    @Test("of a refusal that is mended nothing more is read")
    func aMendedRefusalIsLetGo() {
        var rehearsal = HTTPRehearsal.standing()
        rehearsal.request(7)
        let exchange = rehearsal.last.exchange
        rehearsal.head(exchange, 403)
        rehearsal.feed(.recovered(exchange: exchange, .retry(AccessToken("B", issue: 2))))
        #expect(rehearsal.ended == [exchange])
    }

    @Test("a redirect between two refusals of one kind makes them no less two")
    func aRedirectKeepsCount() {
        var rehearsal = HTTPRehearsal.standing()
        rehearsal.request(7)
        rehearsal.head(rehearsal.last.exchange, 401)
        rehearsal.feed(.recovered(exchange: rehearsal.last.exchange, .retry(AccessToken("B", issue: 2))))
        rehearsal.head(rehearsal.last.exchange, 307, nil, ["Location": "/there"])
        rehearsal.head(rehearsal.last.exchange, 401)
        #expect(rehearsal.recoveries.count == 1)
        #expect(rehearsal.events.last == .closed(.unauthorized(status: 401)))
    }

    @Test("what no token mends ends the connection without another request", arguments: [true, false])
    func whatNoTokenMendsEndsTheConnection(_ needsUser: Bool) throws {
        let recovery: AuthorizationRecovery = needsUser ? .signIn("no refresh token") : .refused("a static header")
        let run = try Self.run(refusingA: ["initialize"], recovery: recovery) { stage, stream in
            try await stream.send(Array(HTTPRehearsal.initialize.utf8))
            return [await stream.next(), await stream.next()]
        }
        #expect(run.result == [.closed(.unauthorized(status: 401)), nil])
        #expect(run.trace == ["initialize A@0"])
    }

    @Test("a GET that is refused twice degrades push, while requests are answered; there are two in 24 hours")
    func aRefusedGETDegradesPush() throws {
        let run = try Self.run(refusingA: ["GET"], refusingB: ["GET"]) { stage, stream in
            try await Self.handshake(stream)
            let first = await stream.next()
            try await stage.advance(to: 86_400)
            try await stream.request(7)
            return [first, await stream.next()]
        }
        #expect(
            run.result == [
                .pushDegraded("the server refused GET with status 401"),
                .message(Array(HTTPRehearsal.result(7).utf8)),
            ])
        #expect(run.trace.filter { $0.hasPrefix("GET") } == ["GET A@0", "GET B@1"])
    }

    @Test("a GET that is refused once goes on with the new token")
    func aRefusedGETGoesOn() throws {
        let run = try Self.run(refusingA: ["GET"]) { stage, stream in
            try await Self.handshake(stream)
            try await stage.advance(to: 86_400)
        }
        #expect(run.trace.filter { $0.hasPrefix("GET") } == ["GET A@0", "GET B@1"])
    }

    @Test("a request does not wait behind one that waits for another token")
    func aRequestDoesNotWaitForARefresh() throws {
        let run = try Self.run(refusingA: ["tools/call"]) { stage, stream in
            try await Self.handshake(stream)
            try await stream.request(7)
            try await stream.request(8, "ping")
            var seen: [String] = []
            for _ in 1...2 {
                _ = await stream.next()
                seen.append(stage.simulation.now.description)
            }
            return seen
        }
        #expect(run.result == ["0", "1"])
    }

    @Test("a connection that is closed while a token is asked for sends nothing with it")
    func aClosedConnectionUsesNoNewToken() throws {
        let run = try Self.run(refusingA: ["initialize"]) { stage, stream in
            try await stream.send(Array(HTTPRehearsal.initialize.utf8))
            try await stage.advance(to: 0.5)
            await stream.close()
            #expect(stage.simulation.now == Instant(nanoseconds: 500_000_000))
            try await stage.advance(to: 100)
        }
        #expect(run.trace == ["initialize A@0"])
    }

    @Test("AE-16: a request that waits for another token can be taken back until it is sent with it")
    func whatWaitsForATokenCanBeTakenBack() throws {
        let early = try Self.run(refusingA: ["tools/call"]) { stage, stream in
            try await Self.handshake(stream)
            try await stream.request(7)
            try await stream.request(8, "ping")
            try await stage.advance(to: 0.5)
            let ids = stream.takeBack()
            #expect(stream.takeBack() == [])
            try await stage.advance(to: 100)
            return ids
        }
        #expect(early.result == [id(7)])
        #expect(early.trace.suffix(2) == ["tools/call A@0", "ping A@0"])
        let late = try Self.run(refusingA: ["tools/call"]) { stage, stream in
            try await Self.handshake(stream)
            try await stream.request(7)
            try await stage.advance(to: 1)
            return stream.takeBack()
        }
        #expect(late.result == [])
        #expect(late.trace.last == "tools/call B@1")
    }

    @Test("AE-16: a request that waits for the first token can be taken back, and is never sent")
    func whatWaitsForItsFirstTokenCanBeTakenBack() throws {
        let run = try Self.run(refusingA: [], delay: .seconds(1)) { stage, stream in
            try await Self.handshake(stream)
            try await stage.advance(to: 5)
            try await stream.request(7)
            try await stage.advance(to: 5.5)
            let ids = stream.takeBack()
            try await stage.advance(to: 100)
            return ids
        }
        #expect(run.result == [id(7)])
        #expect(run.trace.count == 3 && !run.trace.contains { $0.hasPrefix("tools/call") })
    }

    @Test("AE-02: of requests that wait for one token, none is said to have been executed when there is none")
    func nothingThatWaitedWasExecuted() throws {
        let run = try Self.run(refusingA: ["tools/call"], recovery: .signIn("no refresh token")) { stage, stream in
            try await Self.handshake(stream)
            for number in 7...9 { try await stream.request(number) }
            var events: [StreamEvent?] = []
            for _ in 1...5 { events.append(await stream.next()) }
            return events
        }
        let failures = Set([7, 8, 9].map { "\(StreamEvent.requestFailed(id: id($0), .unauthorized(status: 401)))" })
        #expect(Set(run.result.prefix(3).map { $0.map { "\($0)" } ?? "nil" }) == failures)
        #expect(run.result.suffix(2) == [.closed(.unauthorized(status: 401)), nil])
    }
}
