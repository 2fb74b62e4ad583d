import HTTPTypes
import MCPCore
import MCPWire
import RepriseRecording
import Testing

@testable import RepriseSimulation

/// What sends the requests of a client in virtual time.
@Suite struct SimulatedHTTPSenderTests {
    /// A network with an echo service `Files`, and what was seen on it.
    private final class Web: @unchecked Sendable {
        let simulation: Simulation
        let network: Network
        var events: [WireEvent] = []

        init(_ simulation: Simulation, faults: [Fault] = [], link: Link = Link()) {
            self.simulation = simulation
            network = Network(simulation, faults: faults)
            network.add(EchoService(), named: "Files", link: link)
            network.observe = { self.events.append($0) }
            network.activateFaults()
        }

        func send(_ path: String, client: Int = 0, body: String = "") async throws(HTTPFailure) -> HTTPReply {
            let head = HTTPRequest(method: .post, scheme: "http", authority: "files.sim", path: path)
            return try await network.httpSender(client: client).send(head, body: Array(body.utf8))
        }

        /// A response, each piece with its instant.
        func read(_ reply: HTTPReply) async -> [String] {
            var pieces = ["\(simulation.now) \(reply.head.status.code)"]
            do throws(TransportFailure) {
                while let piece = try await reply.body.next() { pieces.append("\(simulation.now) \(piece.count)") }
                pieces.append("\(simulation.now) end")
            } catch {
                pieces.append("\(simulation.now) \(error)")
            }
            return pieces
        }
    }

    private static func run<T: Sendable>(
        seed: UInt64 = 1, faults: [Fault] = [], link: Link = Link(),
        _ body: @escaping @Sendable (Web) async throws -> T
    ) throws -> T {
        try Simulation(seed: seed, limits: .init(grace: .zero)).run { simulation in
            try await body(Web(simulation, faults: faults, link: link))
        }
    }

    @Test(arguments: UInt64(0)..<20)
    func aResponseIsReadAsItArrives(seed: UInt64) throws {
        let pieces = try Self.run(seed: seed, link: Link(latency: .milliseconds(100))) { web in
            await web.read(try await web.send("/stream/2"))
        }
        #expect(pieces == ["0.2 200", "0.2 40", "1.2 40", "2.2 end"])
    }

    @Test func originsAreTheNamesOfServersInLowerCase() throws {
        try Self.run { web in
            #expect(web.network.origin(of: "Files") == "http://files.sim")
            for (scheme, authority) in [("http", "nobody.sim"), ("https", "files.sim"), ("http", "files.sim:80")] {
                let head = HTTPRequest(method: .get, scheme: scheme, authority: authority, path: "/echo")
                await #expect(
                    throws: HTTPFailure(
                        .misconfigured("no server of this network has the origin \(scheme)://\(authority)"),
                        mayHaveArrived: false)
                ) { _ = try await web.network.httpSender(client: 0).send(head, body: []) }
            }
            let head = HTTPRequest(method: .get, scheme: "HTTP", authority: "FILES.SIM", path: "/echo")
            let reply = try await web.network.httpSender(client: 0).send(head, body: [])
            #expect(reply.head.status == .ok)
        }
    }

    @Test func failuresSayWhetherTheRequestMayHaveArrived() throws {
        func failure(_ faults: [Fault], _ path: String = "/echo") throws -> HTTPFailure? {
            try Self.run(faults: faults) { web in
                do throws(HTTPFailure) {
                    _ = try await web.send(path)
                    return nil
                } catch { return error }
            }
        }
        #expect(try failure([Fault(.refuse(.refused))]) == HTTPFailure(.refused, mayHaveArrived: false))
        #expect(try failure([], "/reset") == HTTPFailure(.reset, mayHaveArrived: true))
        let reset = Fault(.reset(.closed), .init(from: .at(1)))
        #expect(try failure([reset], "/never") == HTTPFailure(.closed, mayHaveArrived: true))
    }

    @Test func aResponseThatIsCutOffThrowsOnceBehindWhatHasCome() throws {
        let reset = Fault(.reset(.reset), .init(from: .at(1.5)))
        let pieces = try Self.run(faults: [reset]) { web in
            let reply = try await web.send("/stream/9")
            try await web.simulation.sleep(until: .at(5))
            let pieces = await web.read(reply)
            let more = try await reply.body.next()
            #expect(more == nil)
            return pieces
        }
        #expect(pieces == ["5 200", "5 40", "5 40", "5 reset"])
    }

    @Test(arguments: UInt64(0)..<20)
    func cancellingEndsAnExchangeWhereverItIs(seed: UInt64) throws {
        let told = try Self.run(seed: seed) { web in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await web.send("/never") }
                group.addTask {
                    guard let reply = try? await web.send("/stream/9") else { return }
                    while (try? await reply.body.next()) != nil {}
                }
                try? await web.simulation.sleep(until: .at(2.5))
                group.cancelAll()
            }
            #expect(web.simulation.now == .at(2.5))
            await #expect(throws: HTTPFailure.self) {
                try await withThrowingTaskGroup { group in
                    group.addTask { _ = try await web.send("/echo") }
                    group.cancelAll()
                    try await group.next()
                }
            }
            return (web.network.http.world.servers[0].service as? EchoService)?.told ?? []
        }
        #expect(told.filter { $0.contains("receives") }.count == 2)
        #expect(told.suffix(2).sorted() == ["2.5 abandoned 1", "2.5 abandoned 2"])
    }

    @Test func closingABodyEndsTheExchangeAndWakesItsReader() throws {
        let events = try Self.run { web in
            let reply = try await web.send("/stream/9")
            async let pieces = web.read(reply)
            try await web.simulation.sleep(until: .at(1.5))
            reply.body.close()
            reply.body.close()
            #expect(await pieces.last == "1.5 end")
            try await web.simulation.sleep(until: .at(20))
            return web.events
        }
        #expect(events.last?.at == .at(2) || events.last?.at == .at(1))
    }

    @Test func whatNeverComesIsNamedWhenNothingElseCan() {
        do {
            try Self.run { web in _ = try await web.send("/never", client: 3) }
            Issue.record("there is a response")
        } catch {
            #expect("\(error)".contains("the response to POST Files of client 3"))
        }
        do {
            let fault = Fault(.halfClose(.serverToClient), .init(from: .at(0.5)))
            try Self.run(faults: [fault]) { web in
                let reply = try await web.send("/stream/3")
                _ = await web.read(reply)
            }
            Issue.record("there is an end")
        } catch {
            #expect("\(error)".contains("more of the response to POST Files of client 0"))
        }
    }

    @Test func requestsAreObservedWithClientAndNumber() throws {
        let lines = try Self.run { web in
            _ = try await web.send("/echo", client: 2)
            _ = try await web.send("/echo", client: 2)
            return web.events.map { "\($0.at) \($0.client)/\($0.connection) \($0.server) \(World.text(of: $0.what))" }
        }
        #expect(
            lines
                == (1...2).flatMap { number in
                    ["request echo", "c2s arrived echo", "s2c arrived response to echo", "response 200 to echo"].map {
                        "0 2/\(number) Files \($0)"
                    }
                })
    }

    @Test("S-174: two clients and a double give the same in every run of a seed", arguments: UInt64(0)..<20)
    func equalSeedsGiveEqualRuns(seed: UInt64) throws {
        func run() throws -> [String] {
            try Simulation(seed: seed, limits: .init(grace: .zero)).run { simulation in
                let network = Network(simulation, faults: [Fault(.drop, .init(method: "ping", probability: 0.5))])
                network.add(
                    MCPService(
                        .overHTTP { $0.pushes = [.init(at: .at(1), count: 3)] }, name: "a", seed: simulation.seed),
                    named: "a", link: Link(latency: .milliseconds(2), jitter: .milliseconds(30)))
                nonisolated(unsafe) var lines: [String] = []
                network.observe = { lines.append("\($0.at) \($0.client)/\($0.connection) \($0.what)") }
                network.activateFaults()
                await withTaskGroup(of: Void.self) { group in
                    for client in 0..<3 {
                        group.addTask {
                            var head = HTTPRequest(method: .post, scheme: "http", authority: "a.sim", path: "/mcp")
                            head.headerFields = [.accept: "*/*", .contentType: "application/json"]
                            for id in 0..<5 {
                                let body = request(id, id == 0 ? "initialize" : "ping")
                                let sender = network.httpSender(client: client)
                                guard let reply = try? await sender.send(head, body: body) else { continue }
                                head.headerFields[.mcpSessionID] =
                                    reply.head.headerFields[.mcpSessionID] ?? head.headerFields[.mcpSessionID]
                                head.headerFields[.mcpProtocolVersion] = "2025-11-25"
                                let bytes = try? await reply.collect(limit: 1 << 20)
                                simulation.note("\(client) reads \(bytes?.count ?? -1)")
                            }
                        }
                    }
                    try? await simulation.sleep(until: .at(60))
                    group.cancelAll()
                }
                return lines + [simulation.log.description]
            }
        }
        let first = try run()
        #expect(first == (try run()))
        #expect(first.contains { $0.contains("ping") })
    }
}
