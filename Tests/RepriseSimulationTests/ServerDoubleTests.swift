import MCPCore
import MCPWire
import Testing

@testable import RepriseSimulation

/// What a declared double answers and does: its machine directly, and its shell in a network.
@Suite struct ServerDoubleTests {
    private typealias Action = ServerDoubleMachine.Action

    private static func actions(
        _ machine: inout ServerDoubleMachine, _ text: String, at seconds: Double = 0
    ) -> [String] {
        let bytes = Array(text.utf8)
        return texts(machine.receive(bytes, Message.read(bytes.span), at: .at(seconds)))
    }

    private static func texts(_ actions: [Action]) -> [String] {
        actions.map { action in
            switch action {
            case .send(let bytes, _), .answer(let bytes, _): String(decoding: bytes, as: UTF8.self)
            case .forget(let id): "forget \(id)"
            case .execute(let tool): "execute \(tool)"
            case .close: "close"
            case .exit(let code): "exit \(code)"
            }
        }
    }

    /// What the first answer to one request is.
    private static func answer(_ description: ServerDescription, _ request: [UInt8], connection: Int = 1) -> String {
        var machine = ServerDoubleMachine(description, connection: connection)
        return actions(&machine, String(decoding: request, as: UTF8.self)).joined(separator: " | ")
    }

    @Test func itAgreesToEachLegacyRevisionAndDeclaresWhatItHas() {
        for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
            let asked = request(1, "initialize", ["protocolVersion": .string(revision)])
            #expect(Self.answer(ServerDescription(), asked).contains("\"protocolVersion\":\"\(revision)\""))
        }
        let modern = request(1, "initialize", ["protocolVersion": "2026-07-28"])
        #expect(
            Self.answer(ServerDescription(), modern).contains(#""protocolVersion":"2025-11-25","capabilities":{},"#))
        let full = ServerDescription(tools: [], prompts: [], resources: [])
        #expect(
            Self.answer(full, modern).contains(
                #""capabilities":{"tools":{"listChanged":true},"prompts":{},"resources":{}}"#))
    }

    @Test func whatItDoesNotHaveIsAnError() {
        for method in ["tools/list", "tools/call", "prompts/list", "resources/list", "logging/setLevel"] {
            #expect(
                Self.answer(ServerDescription(), request(3, method))
                    == #"{"jsonrpc":"2.0","id":3,"error":{"code":-32601,"message":"Method not found: \#(method)"}}"#)
        }
        #expect(
            Self.answer(.sample, call(3, tool: "rm"))
                == #"{"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"Unknown tool: rm"}}"#)
        #expect(Self.answer(.sample, request(3, "ping")) == #"{"jsonrpc":"2.0","id":3,"result":{}}"#)
        #expect(Self.answer(.sample, Array("{".utf8)).hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700"#))
        #expect(Self.answer(.sample, Array("{}".utf8)).hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600"#))
        #expect(Self.answer(.sample, notification(1)) == "")
    }

    @Test func listsComeInPages() {
        let names = (1...5).map { "t\($0)" }
        let description = ServerDescription(
            tools: names.map { ToolDescription(name: $0) }, prompts: names, resources: names, pageSize: 2)
        for (method, key) in [("tools/list", "tools"), ("prompts/list", "prompts"), ("resources/list", "resources")] {
            var found: [String] = []
            var cursor: JSONValue?
            repeat {
                let params: JSONValue = cursor.map { ["cursor": $0] } ?? [:]
                let text = Self.answer(description, request(1, method, params))
                let result = (try? JSONValue(Array(text.utf8)))?["result"]
                let page = result?[key]?.elements ?? []
                #expect((1...2).contains(page.count))
                found += page.compactMap { $0["name"]?.text }
                cursor = result?["nextCursor"]
            } while cursor != nil
            #expect(found == names)
        }
        for cursor in ["x", "0", "-1", "5", "99999999999999999999"] as [JSONValue] {
            #expect(
                Self.answer(description, request(1, "tools/list", ["cursor": cursor])).contains("-32602"), "\(cursor)")
        }
        // A page of nothing would never end.
        let none = ServerDescription(tools: [ToolDescription(name: "a"), ToolDescription(name: "b")], pageSize: 0)
        #expect(Self.answer(none, request(1, "tools/list")).contains(#""nextCursor":"1""#))
    }

    @Test func toolsSayOfThemselvesWhatTheyAre() {
        let tools = [
            ToolDescription(name: "a"), ToolDescription(name: "b", idempotentHint: true),
            ToolDescription(name: "c", result: ["ok": true]),
            ToolDescription(name: "d", error: .init(code: -32000, message: "no")),
        ]
        let description = ServerDescription(tools: tools, toolsByConnection: [2: [tools[3]]])
        let list = Self.answer(description, request(1, "tools/list"))
        #expect(list.contains(#"{"name":"a","description":"The tool a","inputSchema":{"type":"object"}}"#))
        #expect(list.contains(#""annotations":{"idempotentHint":true}"#))
        #expect(!Self.answer(description, request(1, "tools/list"), connection: 2).contains("\"a\""))
        #expect(
            Self.answer(description, call(1, tool: "c"))
                == #"execute c | {"jsonrpc":"2.0","id":1,"result":{"ok":true}}"#)
        #expect(
            Self.answer(description, call(1, tool: "d"))
                == #"execute d | {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}"#)
    }

    @Test func aBatchIsAnsweredOneByOne() {
        var machine = ServerDoubleMachine(.sample, connection: 1)
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        #expect(
            Self.actions(&machine, "[\(ping),{\"jsonrpc\":\"2.0\",\"method\":\"n\"},\(ping)]")
                == [String](repeating: #"{"jsonrpc":"2.0","id":1,"result":{}}"#, count: 2))
    }

    @Test func deadlinesRiseAndWhatIsExecutedOutlivesTheConnection() {
        let slow = ToolDescription(name: "slow", executesAfter: .seconds(2), answersAfter: .seconds(3))
        let never = ToolDescription(name: "never", executesAfter: .seconds(1), answersAfter: nil)
        var machine = ServerDoubleMachine(ServerDescription(tools: [slow, never]), connection: 1)
        #expect(machine.nextDeadline == nil)
        #expect(Self.actions(&machine, String(decoding: call(1, tool: "slow"), as: UTF8.self)) == [])
        #expect(machine.nextDeadline == .at(2))
        #expect(Self.actions(&machine, String(decoding: call(2, tool: "never"), as: UTF8.self), at: 0.5) == [])
        #expect(machine.nextDeadline == .at(1.5))
        #expect(Self.texts(machine.advance(to: .at(1.5))) == ["execute never"])
        machine.disconnect()
        #expect(machine.nextDeadline == .at(2))
        #expect(Self.texts(machine.advance(to: .at(9))) == ["execute slow"])
        #expect(machine.nextDeadline == nil)
    }

    @Test("the double closes so long after it has answered initialize", arguments: UInt64(0)..<20)
    func itClosesAfterTheHandshake(seed: UInt64) throws {
        let description = ServerDescription(handshake: .seconds(1), closesAfter: .milliseconds(1))
        let world = try World.run(seed: seed, description) { world in
            let stream = try await world.connect()
            try await stream.send(request(1, "initialize"))
            await world.readAll(stream)
        }
        #expect(world.reports.map { $0.prefix(9) } == [#"1 {"jsonr"#, "1.001 clo", "1.001 end"])
    }

    @Test("the double exits instead of answering initialize, in the same instant", arguments: UInt64(0)..<20)
    func itExitsAtStart(seed: UInt64) throws {
        let world = try World.run(seed: seed, ServerDescription(exitsAtStart: 3)) { world in
            let stream = try await world.connect()
            try await stream.send(request(1, "initialize"))
            await world.readAll(stream)
        }
        #expect(world.reports == ["0 \(TransportFailure.exited(code: 3))", "0 end"])
        #expect(world.network.readCount(client: 0, server: "files", connection: 1) == 2)
    }

    @Test(
        "what was executed before the link was lost stays done, and what was under way is done",
        arguments: UInt64(0)..<20)
    func executionOutlivesTheConnection(seed: UInt64) throws {
        let tools = [
            ToolDescription(name: "early", executesAfter: .milliseconds(100), answersAfter: .milliseconds(300)),
            ToolDescription(name: "late", executesAfter: .milliseconds(250), answersAfter: .milliseconds(300)),
            ToolDescription(name: "unheard", executesAfter: .zero),
        ]
        let faults = [
            Fault(.reset(.reset), .init(from: .at(0.2))),
            Fault(.delay(.seconds(1)), .init(method: "tools/call", skip: 2)),
        ]
        let world = try World.run(seed: seed, ServerDescription(tools: tools), faults: faults) { world in
            let stream = try await world.connect()
            for (number, tool) in ["early", "late", "unheard"].enumerated() {
                try await stream.send(call(number, tool: tool))
            }
            await world.readAll(stream)
            #expect(["early", "late", "unheard"].map { world.double.effectCount(of: $0) } == [1, 0, 0])
            try await world.sleep(until: 5)
        }
        #expect(world.reports == ["0.2 reset", "0.2 end"])
        #expect(["early", "late", "unheard"].map { world.double.effectCount(of: $0) } == [1, 1, 0])
        let effects = world.events.filter { if case .effect = $0.what { true } else { false } }.map(\.at)
        #expect(effects == [.at(0.1), .at(0.25)])
    }
}
