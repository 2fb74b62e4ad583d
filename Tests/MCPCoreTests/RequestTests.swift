import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// Requests of any method, how long they are waited for, and what is said about them in between.
@Suite struct RequestTests {
    /// A server that answers a call of its tool after `answer`, and tells progress at those seconds.
    private static func peer(
        answer: Duration, progress: [Int] = [], capabilities: JSONValue = ["tools": [:]]
    ) -> ScriptedNetwork.Answer {
        .accept(
            .init(
                tools: [tool("t")], capabilities: capabilities, latency: ["tools/call": answer],
                handle: { stream, method, message in
                    guard method == "tools/call" else { return false }
                    let token = message["params"]?["_meta"]?["progressToken"] ?? "none"
                    for second in progress {
                        stream.deliver(
                            [
                                "jsonrpc": "2.0", "method": "notifications/progress",
                                "params": ["progressToken": token, "progress": .int(second), "total": 100],
                            ], after: .seconds(second))
                    }
                    return false
                }))
    }

    private static func cancelled(_ rehearsal: Rehearsal) -> [JSONValue] {
        rehearsal.network.streams.flatMap(\.messages).filter { $0["method"]?.text == "notifications/cancelled" }
            .compactMap { $0["params"] }
    }

    // MARK: Any request

    @Test("a request of any method is sent as it is, and its result comes back")
    func anyMethod() throws {
        let answer = Self.peer(answer: .zero, capabilities: ["prompts": [:]])
        try Rehearsal.run { _, _ in
            answer
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            let result = try await rehearsal.manager.request("prompts/list", params: ["cursor": "x"], on: "a")
            #expect(result == ["prompts": [["name": "p"]]])
            let sent = rehearsal.network.streams[0].messages.last
            #expect(sent?["method"]?.text == "prompts/list" && sent?["params"] == ["cursor": "x"])
            try await rehearsal.manager.notify("notifications/roots/list_changed", on: "a")
            try await rehearsal.advance(to: 1)
            #expect(
                rehearsal.network.streams[0].messages.last
                    == ["jsonrpc": "2.0", "method": "notifications/roots/list_changed"])
        }
    }

    @Test("S-001: whoever asks for it, what the server did not declare is not asked of it")
    func undeclared() throws {
        let capabilities: JSONValue = ["resources": ["subscribe": false]]
        try Rehearsal.run { _, _ in
            .accept(.init(capabilities: capabilities))
        } body: { rehearsal in
            let manager = rehearsal.manager
            try await manager.ready("a")
            let before = rehearsal.network.streams[0].messages.count
            for (method, capability) in [
                ("tools/list", "tools"), ("tools/call", "tools"), ("prompts/get", "prompts"),
                ("resources/subscribe", "resources.subscribe"), ("logging/setLevel", "logging"),
                ("completion/complete", "completions"),
            ] {
                let error = await failure { _ = try await manager.request(method, on: "a") }
                #expect(error == .undeclared(server: "a", capability: capability))
            }
            let call = await failure { _ = try await manager.callTool("t", on: "a", arguments: [:]) }
            #expect(call == .undeclared(server: "a", capability: "tools"))
            #expect(rehearsal.network.streams[0].messages.count == before)
            #expect(try await manager.request("resources/list", on: "a")["resources"] != nil)
            #expect(try await manager.capabilities(of: "a")?.object == capabilities)
        }
    }

    @Test("S-039: the lists are read again when the user asks for it, and kept when they cannot be had")
    func refresh() throws {
        try Rehearsal.run { _, _ in
            .accept(
                .init(
                    tools: [tool("t")],
                    handle: { stream, method, message in
                        guard method == "tools/list", stream.sent.count(where: { $0 == method }) > 2 else {
                            return false
                        }
                        let error: JSONValue = ["code": -32603, "message": "not now"]
                        stream.deliver(["jsonrpc": "2.0", "id": message["id"] ?? .null, "error": error])
                        return true
                    }))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            try await rehearsal.advance(to: 10)
            #expect(try await rehearsal.manager.refresh("a").tools.map(\.name) == ["t"])
            #expect(rehearsal.toolCounts() == [1, 1])
            #expect(try await rehearsal.manager.refresh("a").tools.map(\.name) == ["t"])
            #expect(rehearsal.network.sent(to: "a").count { $0 == "tools/list" } == 3)
            #expect(rehearsal.toolCounts() == [1, 1])
            try await rehearsal.manager.toggle("a", false)
            #expect(await failure { try await rehearsal.manager.refresh("a") } == .disabled(server: "a", .user))
        }
    }

    @Test("S-040: a tool keeps its name, description, input schema and annotations")
    func tools() throws {
        let definition: JSONValue = [
            "name": "t", "description": "does it", "inputSchema": ["type": "object"],
            "annotations": ["idempotentHint": true], "x": [1],
        ]
        try Rehearsal.run { _, _ in
            .accept(.init(tools: [definition, ["name": "u"]]))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            let tools = try await rehearsal.manager.tools(of: "a")
            #expect(tools.map(\.name) == ["t", "u"])
            #expect(tools[0].description == "does it" && tools[0].inputSchema == ["type": "object"])
            #expect(tools[0].annotations == ["idempotentHint": true] && tools[0].isIdempotent)
            #expect(tools[0].definition == definition)
            #expect(tools[1].description == nil && tools[1].inputSchema == .null && !tools[1].isIdempotent)
        }
    }

    @Test("a server that never lists its tools holds up nobody for ever")
    func silentDiscovery() throws {
        try Rehearsal.run { _, _ in
            .accept(.init(handle: { _, method, _ in method == "tools/list" }))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            #expect(rehearsal.simulation.now.description == "247")
            #expect(rehearsal.network.sent(to: "a").count { $0 == "tools/list" } == 4)
            #expect(Self.cancelled(rehearsal).count == 4)
            #expect(rehearsal.trace() == "P,C" && rehearsal.simulation.sleeperCount == 0)
        }
    }

    // MARK: Giving up

    @Test("S-119: a cancelled call ends at once, the server is told, and the late answer is dropped and counted")
    func cancellation() throws {
        try Rehearsal.run { _, _ in
            Self.peer(answer: .seconds(9))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    let error = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
                    #expect(error == .cancelled(server: "a"))
                    #expect(rehearsal.simulation.now.description == "2")
                }
                try? await rehearsal.advance(to: 2)
                group.cancelAll()
            }
            try await rehearsal.advance(to: 2)
            let id = rehearsal.network.streams[0].messages.first { $0["method"]?.text == "tools/call" }?["id"]
            #expect(Self.cancelled(rehearsal).map { $0["requestId"] } == [id])
            #expect(Self.cancelled(rehearsal).first?["reason"]?.text?.isEmpty == false)
            #expect(try await rehearsal.manager.counts(of: "a").lateAnswers == 0)
            try await rehearsal.advance(to: 20)
            #expect(try await rehearsal.manager.counts(of: "a").lateAnswers == 1)
            #expect(try await rehearsal.manager.violations(of: "a").isEmpty)
        }
    }

    @Test("S-119: what is given up before it was sent is neither sent nor cancelled", arguments: UInt64(0)..<10)
    func cancelledBeforeItWasSent(seed: UInt64) throws {
        try Rehearsal.run(seed: seed) { _, _ in
            Self.peer(answer: .zero)
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
                }
                group.cancelAll()
            }
            try await rehearsal.advance(to: 1)
            let sent = rehearsal.network.sent(to: "a")
            #expect(sent.count { $0 == "tools/call" } == sent.count { $0 == "notifications/cancelled" })
        }
    }

    @Test("S-119: initialize is never cancelled, however long it takes")
    func initializeIsNotCancelled() throws {
        try Rehearsal.run { _, _ in
            .accept(.init(handle: { _, method, _ in method == "initialize" }))
        } body: { rehearsal in
            try await rehearsal.advance(to: 1000)
            #expect(rehearsal.network.connects.count == 6)
            #expect(rehearsal.network.sent(to: "a") == Array(repeating: "initialize", count: 6))
            #expect(rehearsal.network.streams.allSatisfy { $0.closeCount == 1 })
        }
    }

    @Test("a call without a time of its own ends after five minutes of silence, over stdio after thirty")
    func idleTimeout() throws {
        for (transport, second) in [(TransportType.http, "300"), (.stdio, "1800")] {
            try Rehearsal.run([ServerConfiguration(name: "a", transport: transport)]) { _, _ in
                Self.peer(answer: .seconds(1_000_000))
            } body: { rehearsal in
                try await rehearsal.manager.ready("a")
                let error = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
                #expect(error == .timedOut(server: "a"))
                #expect(rehearsal.simulation.now.description == second)
                #expect(rehearsal.simulation.sleeperCount == 0)
                try await rehearsal.advance(to: 2000)
                #expect(Self.cancelled(rehearsal).count == 1)
            }
        }
    }

    @Test("progress keeps a call alive, but not for ever, and not beyond a time that the caller gave")
    func progressProlongs() throws {
        var policy = ConnectionPolicy()
        policy.requestMax = .seconds(1000)
        for (steps, timeout, second) in [
            ([200, 400], nil, "700"), (Array(stride(from: 100, to: 5000, by: 100)), nil, "1000"),
            ([200, 400], Duration.seconds(350), "350"),
        ] as [([Int], Duration?, String)] {
            try Rehearsal.run(policy: policy) { _, _ in
                Self.peer(answer: .seconds(1_000_000), progress: steps)
            } body: { rehearsal in
                try await rehearsal.manager.ready("a")
                let error = await failure {
                    _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:], timeout: timeout) { _ in }
                }
                #expect(error == .timedOut(server: "a"))
                #expect(rehearsal.simulation.now.description == second)
            }
        }
    }

    // MARK: Progress

    @Test("progress is told in order, to the call that asked for it, and not after its end", arguments: UInt64(0)..<10)
    func progress(seed: UInt64) throws {
        try Rehearsal.run(seed: seed) { _, _ in
            Self.peer(answer: .seconds(5), progress: [1, 2, 4, 6])
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            nonisolated(unsafe) var told: [[RequestProgress]] = [[], []]
            nonisolated(unsafe) var ends: [Int] = []
            await withDiscardingTaskGroup { group in
                for index in 0..<2 {
                    group.addTask {
                        _ = try? await rehearsal.manager.callTool("t", on: "a", arguments: [:]) {
                            #expect(!ends.contains(index))
                            told[index].append($0)
                        }
                        ends.append(index)
                    }
                }
            }
            try await rehearsal.advance(to: 10)
            let expected = [1.0, 2, 4].map { RequestProgress(progress: $0, total: 100) }
            #expect(told == [expected, expected])
            #expect(try await rehearsal.manager.counts(of: "a").unknownProgress == 2)
            let tokens = rehearsal.network.streams[0].messages.compactMap { $0["params"]?["_meta"]?["progressToken"] }
            #expect(tokens.count == 2 && tokens[0] != tokens[1])
        }
    }

    @Test("a call that wants no progress asks for none, and what comes all the same is counted")
    func progressThatNobodyWants() throws {
        try Rehearsal.run { _, _ in
            Self.peer(answer: .seconds(2), progress: [1])
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:])
            let call = rehearsal.network.streams[0].messages.last { $0["method"]?.text == "tools/call" }
            #expect(call?["params"] == ["name": "t", "arguments": [:]])
            #expect(try await rehearsal.manager.counts(of: "a").unknownProgress == 1)
        }
    }

    @Test("a caller may cancel its own call while it looks at progress")
    func cancelWhileLooking() throws {
        try Rehearsal.run { _, _ in
            Self.peer(answer: .seconds(5), progress: [1, 2, 3])
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            nonisolated(unsafe) var told = 0
            await withDiscardingTaskGroup { group in
                group.addTask {
                    let error = await failure {
                        _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) { _ in
                            told += 1
                            withUnsafeCurrentTask { if told == 2 { $0?.cancel() } }
                        }
                    }
                    #expect(error == .cancelled(server: "a"))
                    #expect(rehearsal.simulation.now.description == "2")
                }
            }
            #expect(told == 2)
        }
    }
}
