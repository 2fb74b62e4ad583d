import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// Calls through the manager, and every way in which they end.
@Suite struct ToolCallTests {
    /// A server whose tools answer after so long, and whose first connection is lost after so long.
    private static func peer(
        _ number: Int, isIdempotent: Bool = false, answer: Duration, loss: Duration?
    ) -> ScriptedNetwork.Answer {
        .accept(
            .init(
                tools: [tool("t", isIdempotent: isIdempotent)], latency: ["tools/call": answer],
                loss: number == 1 ? loss.map { ($0, .reset) } : nil))
    }

    private static func callIDs(_ rehearsal: Rehearsal) -> [Int?] {
        rehearsal.network.streams.flatMap(\.messages).filter { $0["method"]?.text == "tools/call" }
            .map { $0["id"]?.integer }
    }

    @Test(
        "RS-09: a call whose connection is lost ends at once, unknown, and is not repeated", arguments: UInt64(0)..<10)
    func lostCall(seed: UInt64) throws {
        try Rehearsal.run(seed: seed) { _, number in
            Self.peer(number, answer: .seconds(1), loss: .milliseconds(200))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            let error = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
            #expect(error == .outcomeUnknown(server: "a", cause: .reset))
            #expect(rehearsal.simulation.now.description == "0.2")
            try await rehearsal.advance(to: 60)
            #expect(Self.callIDs(rehearsal).count == 1)
        }
    }

    @Test(
        "RS-09: an idempotent call is sent once more, under a new id, when the link is back", arguments: UInt64(0)..<10)
    func idempotentCall(seed: UInt64) throws {
        try Rehearsal.run(seed: seed) { _, number in
            Self.peer(number, isIdempotent: true, answer: .milliseconds(500), loss: .milliseconds(200))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            let result = try await rehearsal.manager.callTool("t", on: "a", arguments: ["x": 1])
            #expect(result == ["content": []])
            #expect(rehearsal.simulation.now.description == "1.7")
            let ids = Self.callIDs(rehearsal)
            #expect(ids.count == 2 && Set(ids).count == 2)
        }
    }

    @Test("RS-09: an idempotent call ends unknown when its second connection is lost too, or none comes")
    func idempotentCallInVain() throws {
        for comesBack in [true, false] {
            try Rehearsal.run { _, number in
                if number > 1, !comesBack { return .refuse(.refused) }
                return .accept(
                    .init(
                        tools: [tool("t", isIdempotent: true)], latency: ["tools/call": .seconds(60)],
                        loss: number <= 2 ? (.milliseconds(200), .reset) : nil))
            } body: { rehearsal in
                try await rehearsal.manager.ready("a")
                let error = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
                #expect(error == .outcomeUnknown(server: "a", cause: .reset))
                #expect(rehearsal.simulation.now.description == (comesBack ? "1.4" : "31.2"))
                #expect(Self.callIDs(rehearsal).count == (comesBack ? 2 : 1))
            }
        }
    }

    @Test("RS-14: fifty calls that fail at once, each asking for a reconnect, cause one", arguments: UInt64(0)..<20)
    func storm(seed: UInt64) throws {
        try Rehearsal.run(seed: seed) { _, number in
            Self.peer(number, answer: .seconds(60), loss: .seconds(1))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            nonisolated(unsafe) var failures = 0
            await withDiscardingTaskGroup { group in
                for _ in 0..<50 {
                    group.addTask {
                        let error = await failure {
                            _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:])
                        }
                        if error == .outcomeUnknown(server: "a", cause: .reset) { failures += 1 }
                        let again = await failure { try await rehearsal.manager.reconnect("a") }
                        #expect(again == nil)
                    }
                }
            }
            #expect(failures == 50)
            #expect(rehearsal.network.connectTimes() == ["0", "1"])
        }
    }

    @Test("every call ends when the manager stops, the server is switched off, or it is reconnected")
    func callsEndWithTheirConnection() throws {
        for kind in 0..<3 {
            try Rehearsal.run { _, number in
                Self.peer(number, answer: .seconds(600), loss: nil)
            } body: { rehearsal in
                try await rehearsal.manager.ready("a")
                async let error = failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
                try await rehearsal.advance(to: 1)
                switch kind {
                case 0: await rehearsal.manager.stop()
                case 1: try await rehearsal.manager.toggle("a", false)
                default: try await rehearsal.manager.reconnect("a")
                }
                #expect(await error == .outcomeUnknown(server: "a", cause: .closed))
                #expect(rehearsal.simulation.now.description == "1")
            }
        }
    }

    @Test func aCallEndsAtItsTimeAndItsLateAnswerIsNoViolation() throws {
        try Rehearsal.run { _, number in
            Self.peer(number, answer: .seconds(5), loss: nil)
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            let error = await failure {
                _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:], timeout: .seconds(4))
            }
            #expect(error == .timedOut(server: "a"))
            #expect(rehearsal.simulation.now.description == "4")
            try await rehearsal.advance(to: 60)
            #expect(try await rehearsal.manager.violations(of: "a").isEmpty)
            #expect(rehearsal.simulation.sleeperCount == 0)
        }
    }

    @Test("an answer at the deadline wins", arguments: UInt64(0)..<20)
    func answerAtTheDeadline(seed: UInt64) throws {
        try Rehearsal.run(seed: seed) { _, number in
            Self.peer(number, answer: .seconds(4), loss: nil)
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            let result = try await rehearsal.manager.callTool(
                "t", on: "a", arguments: [:], timeout: .seconds(4))
            #expect(result == ["content": []])
        }
    }

    @Test func aCancelledTaskEndsItsCallAndItsWait() throws {
        try Rehearsal.run { _, _ in
            .accept(.init(tools: [tool("t")], latency: ["tools/call": .seconds(9), "tools/list": .seconds(9)]))
        } body: { rehearsal in
            try await rehearsal.advance(to: 1)
            nonisolated(unsafe) var errors: [ConnectionError?] = []
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    errors.append(
                        await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) })
                }
                group.addTask { errors.append(await failure { try await rehearsal.manager.ready("a") }) }
                try? await rehearsal.advance(to: 2)
                group.cancelAll()
                group.addTask {
                    errors.append(
                        await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) })
                }
            }
            #expect(errors == Array(repeating: .cancelled(server: "a"), count: 3))
            #expect(rehearsal.simulation.now.description == "2")
            try await rehearsal.advance(to: 20)
            #expect(try await rehearsal.manager.violations(of: "a").isEmpty)
        }
    }

    @Test("S-186: answers to no call, and second answers, are kept and change nothing")
    func strayAnswers() throws {
        try Rehearsal.run { _, _ in
            .accept(
                .init(
                    tools: [tool("t")],
                    handle: { stream, method, message in
                        guard method == "tools/call", let id = message["id"]?.integer else { return false }
                        stream.answer(id + 100, ["content": []])
                        stream.answer(id, ["content": []], after: .seconds(1))
                        stream.answer(id, ["content": [1]], after: .seconds(2))
                        stream.emit(.message(Array("no JSON".utf8)), after: .seconds(3))
                        return true
                    }))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            #expect(try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) == ["content": []])
            #expect(rehearsal.simulation.now.description == "1")
            try await rehearsal.advance(to: 5)
            let violations = try await rehearsal.manager.violations(of: "a")
            #expect(violations.map(\.at.description) == ["0", "2", "3"])
            #expect(violations.last?.bytes == Array("no JSON".utf8))
            #expect(try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) == ["content": []])
            #expect(rehearsal.trace() == "P,C")
        }
    }

    @Test("S-186: a flood of violations is kept to a limit")
    func flood() throws {
        try Rehearsal.run { _, _ in
            .accept()
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            for _ in 0..<500 { rehearsal.network.streams[0].emit(.message(Array(repeating: 0x7B, count: 70_000))) }
            try await rehearsal.advance(to: 1)
            let violations = try await rehearsal.manager.violations(of: "a")
            #expect(violations.count == 100 && violations.allSatisfy { $0.bytes.count == 65_536 })
        }
    }

    @Test func anErrorOfTheServerIsRefused() throws {
        try Rehearsal.run { _, _ in
            .accept(
                .init(handle: { stream, method, message in
                    guard method == "tools/call", let id = message["id"] else { return false }
                    stream.deliver(["jsonrpc": "2.0", "id": id, "error": ["code": -32602, "message": "Unknown tool"]])
                    return true
                }))
        } body: { rehearsal in
            try await rehearsal.manager.ready("a")
            let error = await failure { _ = try await rehearsal.manager.callTool("t", on: "a", arguments: [:]) }
            #expect(error == .refused(code: -32602, message: "Unknown tool"))
        }
    }

    @Test("a connect that never ends is cancelled after its time, and retried")
    func hangingConnect() throws {
        try Rehearsal.run { _, _ in
            .hang
        } body: { rehearsal in
            try await rehearsal.advance(to: 29)
            #expect(rehearsal.network.hangCount == 1)
            try await rehearsal.advance(to: 300)
            #expect(rehearsal.network.hangCount == 0)
            #expect(rehearsal.network.connectTimes() == ["0", "31", "63", "97", "135", "181"])
            #expect(try await rehearsal.manager.status(of: "a") == .failed(.notResponding, willRetry: false))
        }
    }
}
