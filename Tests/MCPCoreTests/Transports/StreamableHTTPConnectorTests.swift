import HTTPTypes
import MCPCore
import MCPWire
import RepriseSimulation
import Synchronization
import Testing

@Suite struct StreamableHTTPConnectorTests {
    @Test("S-009: what a stream of events brings is delivered before the stream ends, and JSON is read as well")
    func eventsAreDeliveredBeforeTheEnd() throws {
        let seen = try HTTPStage.run { exchange in
            guard exchange.name == "tools/call" else { return exchange.behave() }
            guard exchange.message["id"]?.integer == 7 else { return exchange.answer([:]) }
            exchange.respond(200, "text/event-stream")
            for second in 1...3 {
                exchange.after(.seconds(second)) { $0.write("data: \(HTTPRehearsal.log(second))\n\n") }
            }
            exchange.after(.seconds(4)) {
                $0.write("data: \(HTTPRehearsal.result(7))\n\n")
                $0.end()
            }
        } body: { stage in
            let stream = try await stage.session()
            try await stream.request(7)
            var seen: [String] = []
            for _ in 1...4 {
                guard case .message = await stream.next() else { break }
                seen.append("\(stage.simulation.now)")
            }
            try await stream.request(8)
            #expect(await stream.next() == .message(Array(HTTPRehearsal.result(8).utf8)))
            await stream.close()
            return seen
        }
        #expect(seen == ["1", "2", "3", "4"])
    }

    @Test("closing says DELETE with the session's id, waits for the answer, and ends the stream for its reader")
    func closingDeletesTheSession() throws {
        let trace = try HTTPStage.run { exchange in
            guard exchange.name == "DELETE" else { return exchange.behave() }
            exchange.after(.seconds(2)) { $0.respond(405) }
        } body: { stage in
            let stream = try await stage.session()
            try await stage.advance(to: 1)
            async let next = stream.next()
            await stream.close()
            #expect(stage.simulation.now == Instant(nanoseconds: 3_000_000_000))
            #expect(await next == nil)
            await stream.close()
            #expect(await stream.next() == nil)
            await #expect(throws: TransportFailure.closed) { try await stream.request(9) }
            #expect(stage.server.exchanges.last?["Mcp-Session-Id"] == "s-1")
            return stage.server.trace
        }
        #expect(trace == ["initialize", "notifications/initialized", "GET", "DELETE"])
    }

    @Test("a server that does not answer DELETE is waited for five seconds")
    func closingIsBounded() throws {
        try HTTPStage.run { exchange in
            if exchange.name != "DELETE" { exchange.behave() }
        } body: { stage in
            let stream = try await stage.session()
            await stream.close()
            #expect(stage.simulation.now == Instant(nanoseconds: 5_000_000_000))
        }
    }

    @Test("closing ends the exchanges that are under way")
    func closingEndsExchanges() throws {
        try HTTPStage.run { exchange in
            guard exchange.name == "tools/call" || exchange.name == "GET" else { return exchange.behave() }
            if exchange.name == "GET" { exchange.respond(200, "text/event-stream") }
        } body: { stage in
            let stream = try await stage.session()
            try await stream.request(7)
            try await stage.advance(to: 1)
            await stream.close()
            #expect(stage.server.exchanges.first { $0.name == "GET" }?.isClosed == true)
            #expect(stage.simulation.sleeperCount == 0)
        }
    }

    @Test("a connector that ends leaves no reader and nobody who closes waiting")
    func anEndedConnectorLeavesNobodyWaiting() throws {
        try Simulation(seed: 1).run { simulation in
            let server = ScriptedHTTP(simulation) { if $0.name != "DELETE" { $0.behave() } }
            let connector = StreamableHTTPConnector(sender: server, time: simulation.clock, seed: 1)
            let stage = HTTPStage(simulation: simulation, server: server, connector: connector)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await connector.run() }
                let stream = try await stage.session()
                try await stage.advance(to: 1)
                async let next = stream.next()
                async let closing: Void = stream.close()
                try await stage.advance(to: 2)
                group.cancelAll()
                await closing
                #expect(await next == nil)
                #expect(simulation.now == Instant(nanoseconds: 2_000_000_000))
                await #expect(throws: TransportFailure.closed) {
                    _ = try await connector.connect(to: HTTPStage.configuration())
                }
            }
        }
    }

    @Test("whoever closes and is cancelled waits no longer for the end of the session, and neither does a reader")
    func cancelledClosing() throws {
        try HTTPStage.run {
            if $0.name != "DELETE" { $0.behave() }
        } body: { stage in
            let stream = try await stage.session()
            try await stage.advance(to: 1)
            async let next = stream.next()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await stream.close() }
                try await stage.advance(to: 2)
                #expect(stage.server.trace.last == "DELETE")
                group.cancelAll()
            }
            #expect(await next == nil)
            #expect(stage.simulation.now == Instant(nanoseconds: 2_000_000_000))
            #expect(stage.simulation.sleeperCount == 0)
            await stream.close()
            await #expect(throws: TransportFailure.closed) { try await stream.request(9) }
        }
    }

    @Test("what follows notifications/initialized waits until the server has taken that")
    func theSessionStandsBeforeItIsUsed() throws {
        try HTTPStage.run { exchange in
            guard exchange.name == "notifications/initialized" else { return exchange.behave() }
            exchange.after(.seconds(1)) { $0.respond(202) }
        } body: { stage in
            let stream = try await stage.session()
            try await stream.request(1, "tools/list")
            _ = await stream.next()
            let times = stage.server.exchanges.map { "\($0.name)@\($0.at)" }
            #expect(times[..<2] == ["initialize@0", "notifications/initialized@0"])
            #expect(Set(times[2...]) == ["GET@1", "tools/list@1"])
        }
    }

    @Test("S-181: configured headers go with every request to their server")
    func configuredHeadersGoWithEveryRequest() throws {
        try HTTPStage.run {
            $0.behave()
        } body: { stage in
            let stream = try await stage.session([
                "X-Key": "secret", "accept": "everything", "Authorization": "Basic x",
            ])
            try await stage.advance(to: 1)
            await stream.close()
            #expect(stage.server.trace == ["initialize", "notifications/initialized", "GET", "DELETE"])
            for exchange in stage.server.exchanges {
                #expect(exchange["X-Key"] == "secret")
                #expect(exchange["Authorization"] == "Basic x")
                #expect(exchange["Accept"] != "everything" || exchange.method == "DELETE")
            }
        }
    }

    @Test("a configuration that names no server is misconfigured, and no secret of it is told")
    func badConfigurationsAreRefused() throws {
        let targets: [JSONValue] = [
            .null, ["url": "ftp://secret.test/"], ["url": "http://me:secret@server.test/"], ["url": 7],
            ["url": "http://server.test/", "headers": "secret"],
            ["url": "http://server.test/", "headers": ["X": "secret\n"]],
            ["url": "http://server.test/", "headers": ["a name": "secret"]],
        ]
        try HTTPStage.run { _ in
        } body: { stage in
            for target in targets {
                do throws(TransportFailure) {
                    _ = try await stage.connector.connect(to: ServerConfiguration(name: "a", target: target))
                    Issue.record("\(target) was taken")
                } catch {
                    guard case .misconfigured(let reason) = error else {
                        Issue.record("\(error)")
                        continue
                    }
                    #expect(!reason.contains("secret"))
                }
            }
        }
    }

    @Test("bodies are read no further while events wait to be taken")
    func aSlowReaderSlowsTheServerDown() throws {
        var limits = StreamableHTTPLimits()
        limits.undeliveredCountMax = 10
        try HTTPStage.run(limits: limits) { exchange in
            guard exchange.name == "GET" else { return exchange.behave() }
            exchange.respond(200, "text/event-stream")
            for number in 1...1000 { exchange.write("data: \(HTTPRehearsal.log(number))\n\n") }
        } body: { stage in
            let stream = try await stage.session()
            try await stage.advance(to: 1)
            guard let get = stage.server.exchanges.first(where: { $0.name == "GET" }) else {
                Issue.record("no GET")
                return
            }
            #expect(get.readCount == 10)
            for number in 1...1000 {
                #expect(await stream.next() == .message(Array(HTTPRehearsal.log(number).utf8)))
            }
            try await stage.advance(to: 2)
            #expect(get.readCount == 1001)
            await stream.close()
        }
    }

    @Test("requests beyond the limit wait for their turn, and answers to the server do not wait with them")
    func requestsWaitForTheirTurn() throws {
        var limits = StreamableHTTPLimits()
        limits.exchangeCountMax = 4
        try HTTPStage.run(limits: limits) { exchange in
            guard exchange.name == "tools/call" else { return exchange.behave() }
            exchange.after(.seconds(1)) { $0.answer([:]) }
        } body: { stage in
            let stream = try await stage.session()
            try await stage.advance(to: 1)
            for id in 1...10 { try await stream.request(id) }
            try await stream.send(Array(HTTPRehearsal.result(99).utf8))
            for _ in 1...10 { _ = await stream.next() }
            let times = stage.server.exchanges.filter { $0.name == "tools/call" }.map(\.at.description)
            #expect(times == ["1", "1", "1", "1", "2", "2", "2", "2", "3", "3"])
            #expect(stage.server.exchanges.filter { $0.name == "answer" }.map(\.at.description) == ["1"])
        }
    }

    @Test("a manager connects, lists and calls over it, and comes back after 404 with a new session", arguments: 1...20)
    func aManagerUsesIt(_ seed: UInt64) throws {
        let trace = try Simulation(seed: seed).run { simulation in
            let server = ScriptedHTTP(simulation) { exchange in
                let isOld = exchange["Mcp-Session-Id"] == "s-1"
                if isOld, exchange.at > Instant(nanoseconds: 50_000_000_000) { return exchange.respond(404) }
                guard exchange.name == "tools/call" else {
                    return exchange.behave(session: exchange.at == .zero ? "s-1" : "s-2")
                }
                exchange.answer(["content": []])
            }
            let connector = StreamableHTTPConnector(sender: server, time: simulation.clock, seed: seed)
            try await withConnectionManager(
                servers: [HTTPStage.configuration()], connector: connector, time: simulation.clock, seed: seed
            ) { manager in
                try await manager.ready("a")
                _ = try await manager.callTool("t", on: "a", arguments: [:])
                try await simulation.sleep(until: Instant(nanoseconds: 60_000_000_000))
                _ = try await manager.callTool("t", on: "a", arguments: [:])
                #expect(simulation.now == Instant(nanoseconds: 60_000_000_000))
            }
            return server.exchanges.map { "\($0["Mcp-Session-Id"] ?? "-") \($0.name)" }
        }
        #expect(trace.count { $0 == "- initialize" } == 2)
        #expect(trace.count { $0.hasSuffix("tools/call") } == 3)
        #expect(trace.last == "s-2 DELETE")
    }
}
