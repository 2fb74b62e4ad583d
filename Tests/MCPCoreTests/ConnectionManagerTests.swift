import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// What users of the manager ask of it, and what they get.
@Suite struct ConnectionManagerTests {
    private static let names = ["a", "b", "c"]
    private static let three = names.map { ServerConfiguration(name: $0) }

    @Test("S-016, RS-12: servers connect at the same time, and a slow or dead one holds up nobody else")
    func allAtOnce() throws {
        try Rehearsal.run(Self.three) { server, _ in
            .accept(after: .seconds(server == "c" ? 25 : 1))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            try await rehearsal.manager.ready("b")
            #expect(rehearsal.simulation.now.description == "1")
            let settled = try await rehearsal.manager.allSettled(timeout: .seconds(60))
            #expect(rehearsal.simulation.now.description == "25")
            #expect(settled.map(\.server) == ["a", "b", "c"])
            #expect(settled.allSatisfy { $0.status.state == .connected })
        }
    }

    @Test("RS-12, S-023: with one server dead, settling ends at its time, and the others heard of nothing")
    func oneDead() throws {
        try Rehearsal.run(Self.three) { server, _ in
            server == "c" ? .refuse(.refused) : .accept(.init(tools: [tool("t")]))
        } body: { rehearsal in
            let settled = try await rehearsal.manager.allSettled(timeout: .seconds(5))
            #expect(rehearsal.simulation.now.description == "5")
            #expect(settled.map(\.status.state) == [.connected, .connected, .pending])
            try await rehearsal.advance(to: 100)
            #expect(rehearsal.trace("a") == "P,C" && rehearsal.trace("b") == "P,C")
            #expect(rehearsal.toolCounts("a") == [1] && rehearsal.toolCounts("b") == [1])
            #expect(try await rehearsal.manager.status(of: "c") == .failed(.network, willRetry: false))
        }
    }

    @Test("S-016: in the current profile three local and twenty remote servers connect at a time")
    func batches() throws {
        let local = (0..<7).map { ServerConfiguration(name: "l\($0)", transport: .stdio) }
        let remote = (0..<45).map { ServerConfiguration(name: "r\($0)", transport: .http) }
        try Rehearsal.run(local + remote, policy: ConnectionPolicy(.current)) { _, _ in
            .accept(after: .seconds(1))
        } body: { rehearsal in
            try await rehearsal.advance(to: 10)
            func count(_ letter: String) -> [Int] {
                (0..<4).map { second in
                    rehearsal.network.connects.count {
                        $0.server.hasPrefix(letter) && $0.at.description == "\(second)"
                    }
                }
            }
            #expect(count("l") == [3, 3, 1, 0])
            #expect(count("r") == [20, 20, 5, 0])
        }
    }

    @Test("S-017: a server of first use is sent nothing before its first call, and its declared tools are known")
    func onFirstUse() throws {
        let declared = Tool(name: "t", definition: ["name": "t"])
        let configuration = ServerConfiguration(name: "a", connect: .onFirstUse, declaredTools: [declared])
        try Rehearsal.run([configuration]) { _, _ in
            .accept(.init(tools: [tool("t"), tool("u")]), after: .seconds(1))
        } body: { rehearsal in
            try await rehearsal.advance(to: 3600)
            #expect(rehearsal.network.connects.isEmpty)
            #expect(try await rehearsal.manager.tools(of: "a") == [declared])
            async let first = rehearsal.manager.callTool("t", on: "a", arguments: [:])
            async let second = rehearsal.manager.callTool("t", on: "a", arguments: [:])
            #expect(try await (first, second) == (["content": []], ["content": []]))
            #expect(rehearsal.network.connectTimes() == ["3600"])
            try await rehearsal.manager.ready("a")
            #expect(try await rehearsal.manager.tools(of: "a").count == 2)
        }
    }

    @Test("S-017: a first call ends with the attempt that it waits for, and with its own time", arguments: [0, 1])
    func firstUseFails(kind: Int) throws {
        try Rehearsal.run([ServerConfiguration(name: "a", connect: .onFirstUse)]) { _, _ in
            kind == 0 ? .refuse(.refused, after: .seconds(1)) : .hang
        } body: { rehearsal in
            let error = await failure {
                _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:], timeout: .seconds(2))
            }
            #expect(error == (kind == 0 ? .notConnected(server: "a") : .timedOut(server: "a")))
            #expect(rehearsal.simulation.now.description == (kind == 0 ? "1" : "2"))
        }
    }

    @Test("S-018: two users of one server cause one connect")
    func onePool() throws {
        try Rehearsal.run([.init(name: "git"), .init(name: "git", transport: .stdio)]) { _, _ in
            .accept(.init(tools: [tool("t")]), after: .seconds(1))
        } body: { rehearsal in
            async let one: Void = rehearsal.manager.ready("git")
            async let two: Void = rehearsal.manager.ready("git")
            _ = try await (one, two)
            _ = try await rehearsal.manager.callTool("t", on: "git", arguments: [:])
            #expect(rehearsal.network.connects.count == 1)
            #expect(rehearsal.network.configurations[0].transport == .http)
        }
    }

    @Test("S-019: every subscriber hears the same, with revisions that rise by one", arguments: UInt64(0)..<10)
    func subscribers(seed: UInt64) throws {
        try Simulation(seed: seed).run { simulation in
            let rehearsal = Rehearsal(simulation, Self.three, policy: .init()) { server, number in
                server == "c" && number < 3 ? .refuse(.reset) : .accept(.init(tools: [tool("t")]))
            }
            nonisolated(unsafe) var heard: [[ManagerEvent]] = [[], [], []]
            for index in 0..<3 { await rehearsal.manager.subscribe { heard[index].append($0) } }
            async let running: Void = rehearsal.manager.run()
            try await rehearsal.advance(to: 60)
            await rehearsal.manager.stop()
            await running
            let revisions = heard[0].map {
                switch $0 {
                case .state(let change): change.revision
                case .tools(let change): change.revision
                case .notification(let notification): notification.revision
                case .notice(let notice): notice.revision
                }
            }
            #expect(revisions == Array(1...revisions.count) && revisions.count > 10)
            #expect(heard[1] == heard[0] && heard[2] == heard[0])
        }
    }

    @Test("S-020, S-026: a reconnect applies what changed and returns what is offered now", arguments: UInt64(0)..<10)
    func reconnect(seed: UInt64) throws {
        try Rehearsal.run(seed: seed) { _, number in
            .accept(
                .init(
                    tools: (0..<number).map { tool("t\($0)") },
                    capabilities: ["tools": [:], "prompts": [:], "resources": [:]]))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            var changed = ServerConfiguration(name: "a")
            changed.target = ["url": "https://example.org/b"]
            let contents = try await rehearsal.manager.reconnect("a", with: changed)
            #expect(contents.tools.map(\.name) == ["t0", "t1"])
            #expect(contents.prompts.count == 1 && contents.resources.count == 1)
            #expect(rehearsal.trace() == "P,C,P,C")
            #expect(rehearsal.toolCounts() == [1, 0, 2])
            #expect(rehearsal.network.configurations.map(\.target) == [.null, changed.target])
            #expect(rehearsal.network.streams.map(\.closeCount) == [1, 0])
        }
    }

    @Test("S-021, S-035: off returns with the tools gone, on with the tools there")
    func toggle() throws {
        try Rehearsal.run { _, _ in
            .accept(.init(tools: [tool("t")], latency: ["tools/list": .seconds(1)]))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            try await rehearsal.manager.toggle("a", false)
            #expect(try await rehearsal.manager.tools(of: "a").isEmpty)
            #expect(try await rehearsal.manager.status(of: "a") == .disabled(.user))
            try await rehearsal.advance(to: 86_400)
            #expect(rehearsal.network.connects.count == 1)
            #expect(rehearsal.network.streams[0].closeCount == 1)
            let call = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
            #expect(call == .disabled(server: "a", .user))
            try await rehearsal.manager.toggle("a", true)
            #expect(rehearsal.simulation.now.description == "86401")
            #expect(try await rehearsal.manager.tools(of: "a").count == 1)
        }
    }

    @Test("S-036: what a policy switched off stays off, and the error says why")
    func policy() throws {
        let cause = DisabledCause.policy("only servers of the company")
        try Rehearsal.run([ServerConfiguration(name: "a", load: .disabled(cause))]) { _, _ in
            .accept()
        } body: { rehearsal in
            let error = await failure { try await rehearsal.manager.toggle("a", true) }
            #expect(error == .disabled(server: "a", cause))
            #expect(await failure { try await rehearsal.manager.ready("a") } == error)
            #expect(rehearsal.network.connects.isEmpty && rehearsal.trace() == "D")
        }
    }

    @Test("S-022: before and after its life a manager refuses everything")
    func outsideOfItsLife() throws {
        try Simulation(seed: 1).run { simulation in
            let rehearsal = Rehearsal(simulation, Self.three, policy: .init()) { _, _ in .accept() }
            let manager = rehearsal.manager
            for round in 0..<2 {
                let uses: [() async throws -> Void] = [
                    { _ = try await manager.status(of: "a") }, { _ = try await manager.tools(of: "a") },
                    { try await manager.ready("a") }, { _ = try await manager.allSettled(timeout: .seconds(1)) },
                    { try await manager.reconnect("a") }, { try await manager.toggle("a", false) },
                    { _ = try await manager.callTool("t", on: "a", arguments: [:]) },
                    { try await manager.beginSignIn("a") }, { _ = try await manager.attempt(of: "a") },
                ]
                for use in uses { #expect(await failure(use) == .notInManagerContext) }
                if round == 0 {
                    async let running: Void = manager.run()
                    await manager.started()
                    #expect(await failure { try await manager.ready("x") } == .unknownServer("x"))
                    await manager.stop()
                    await running
                }
            }
            await manager.run()
            #expect(rehearsal.network.streams.allSatisfy { $0.closeCount == 1 })
        }
    }

    @Test("S-029: a refused sign-in is not tried again without the user", arguments: [401, 403])
    func unauthorized(status: Int) throws {
        try Rehearsal.run([.init(name: "a"), .init(name: "b", hasStaticAuthorization: true)]) { server, number in
            number == 1 ? .refuse(.unauthorized(status: status)) : .accept()
        } body: { rehearsal in
            try await rehearsal.advance(to: 86_400)
            #expect(try await rehearsal.manager.status(of: "a") == .needsAuth)
            #expect(try await rehearsal.manager.status(of: "b") == .failed(.auth, willRetry: false))
            #expect(rehearsal.network.connects.count == 2)
            #expect(rehearsal.simulation.sleeperCount == 0)
            try await rehearsal.manager.completeSignIn("a", succeeded: true)
            try await rehearsal.manager.ready("a")
            #expect(rehearsal.network.connectTimes("a") == ["0", "86400"])
            #expect(rehearsal.trace("a") == "P,N,P,C")
        }
    }

    @Test("S-001, S-185: a server that declares nothing is asked for nothing and is ready")
    func nothingDeclared() throws {
        try Rehearsal.run { _, _ in
            .accept(.init(tools: [tool("t")], capabilities: [:]))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            try await rehearsal.advance(to: 60)
            #expect(rehearsal.network.sent(to: "a") == ["initialize", "notifications/initialized"])
            #expect(try await rehearsal.manager.tools(of: "a").isEmpty)
            #expect(rehearsal.toolCounts().isEmpty)
        }
    }

    @Test("S-190: 250 tools in three pages are three requests and one change")
    func pages() throws {
        try Rehearsal.run { _, _ in
            .accept(.init(tools: (0..<250).map { tool("t\($0)") }, pageSize: 100))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            #expect(rehearsal.network.sent(to: "a").count { $0 == "tools/list" } == 3)
            #expect(rehearsal.toolCounts() == [250])
            #expect(try await rehearsal.manager.tools(of: "a").map(\.name) == (0..<250).map { "t\($0)" })
        }
    }

    @Test("S-039: tools are listed again when the server says that they changed")
    func listChanged() throws {
        try Rehearsal.run { _, _ in
            .accept(.init(tools: [tool("t")]))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            rehearsal.network.streams[0].deliver(
                ["jsonrpc": "2.0", "method": "notifications/tools/list_changed"], after: .seconds(5))
            try await rehearsal.advance(to: 86_400)
            #expect(rehearsal.network.sent(to: "a").count { $0 == "tools/list" } == 2)
            #expect(rehearsal.toolCounts() == [1, 1])
        }
    }

    @Test("an idle manager does nothing for a day")
    func idle() throws {
        let simulation = Simulation(seed: 1)
        try simulation.run { simulation in
            let rehearsal = Rehearsal(simulation, Self.three, policy: .init()) { _, _ in .accept() }
            async let running: Void = rehearsal.manager.run()
            try await rehearsal.advance(to: 1)
            let steps = simulation.stepCount
            try await rehearsal.advance(to: 86_400)
            #expect(simulation.stepCount - steps < 5)
            #expect(simulation.sleeperCount == 0)
            await rehearsal.manager.stop()
            await running
        }
    }
}
