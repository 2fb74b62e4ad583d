import MCPCore
import MCPWire
import RepriseSimulation
import Testing

/// The manager under servers that refuse, drop and come back, with exact times.
@Suite struct ReconnectStormTests {
    @Test("RS-01, S-031, S-032: three refusals are retried at 1, 3 and 7 s, and the count returns to 0 at 17 s")
    func threeRefusals() throws {
        try Rehearsal.run { _, number in
            number <= 3 ? .refuse(.refused) : .accept()
        } body: { rehearsal in
            try await rehearsal.advance(to: 7)
            #expect(rehearsal.network.connectTimes() == ["0", "1", "3", "7"])
            #expect(rehearsal.trace() == "P,F,P,P,P,C")
            #expect(try await rehearsal.manager.attempt(of: "a") == 3)
            try await rehearsal.advance(to: 16.999)
            #expect(try await rehearsal.manager.attempt(of: "a") == 3)
            try await rehearsal.advance(to: 17)
            #expect(try await rehearsal.manager.attempt(of: "a") == 0)
            let revisions = rehearsal.changes().map(\.revision)
            #expect(revisions == revisions.sorted() && Set(revisions).count == revisions.count)
            #expect(rehearsal.changes()[2].status == .pending(attempt: 1, maxAttempts: 5))
        }
    }

    @Test("RS-02, S-033: a server that never comes back is given up at 31 s, with no timer and no connect left")
    func neverBack() throws {
        try Rehearsal.run { _, number in
            number == 1 ? .accept(.init(loss: (.zero, .reset))) : .refuse(.refused)
        } body: { rehearsal in
            try await rehearsal.advance(to: 31)
            #expect(rehearsal.network.connectTimes() == ["0", "1", "3", "7", "15", "31"])
            #expect(try await rehearsal.manager.status(of: "a") == .failed(.network, willRetry: false))
            #expect(rehearsal.simulation.sleeperCount == 0)
            try await rehearsal.advance(to: 86_400)
            #expect(rehearsal.network.connects.count == 6)
            #expect(rehearsal.simulation.sleeperCount == 0)
        }
    }

    @Test("RS-02: in the current profile a first connect is given up at 7 s")
    func firstConnectOfTheCurrentProfile() throws {
        var policy = ConnectionPolicy(.current)
        policy.jitter = .none
        try Rehearsal.run(policy: policy) { _, _ in
            .refuse(.refused)
        } body: { rehearsal in
            try await rehearsal.advance(to: 86_400)
            #expect(rehearsal.network.connectTimes() == ["0", "1", "3", "7"])
            #expect(rehearsal.trace(withTimes: true) == "P@0,F@0,P@0,P@1,P@3,F@7")
        }
    }

    @Test("RS-03, S-034: each of three drops after a stable connection is healed one second later")
    func dropsThatHeal() throws {
        try Rehearsal.run { _, number in
            let loss: Duration? = number == 1 ? .seconds(100) : number <= 3 ? .seconds(99) : nil
            return .accept(.init(loss: loss.map { ($0, .reset) }))
        } body: { rehearsal in
            try await rehearsal.advance(to: 400)
            #expect(rehearsal.network.connectTimes() == ["0", "101", "201", "301"])
            #expect(rehearsal.trace() == "P,C,F,P,C,F,P,C,F,P,C")
        }
    }

    @Test("RS-04, S-034: connections that end in a millisecond do not bring the attempts back")
    func connectionsThatDoNotLast() throws {
        try Rehearsal.run { _, _ in
            .accept(.init(loss: (.milliseconds(1), .closed)))
        } body: { rehearsal in
            try await rehearsal.advance(to: 86_400)
            #expect(rehearsal.network.connectTimes() == ["0", "1.001", "3.002", "7.003", "15.004", "31.005"])
            let last = try #require(rehearsal.changes().last)
            #expect(last.at.description == "31.006")
            #expect(last.status == .failed(.network, willRetry: false))
            #expect(rehearsal.network.streams.allSatisfy { $0.closeCount == 1 })
        }
    }

    @Test("RS-05, S-035: a server that is switched off while it waits does not connect until it is switched on")
    func disabledWhileWaiting() throws {
        try Rehearsal.run { _, number in
            number <= 2 ? .refuse(.refused) : .accept()
        } body: { rehearsal in
            try await rehearsal.advance(to: 2.5)
            try await rehearsal.manager.toggle("a", false)
            let refusal = await failure { try await rehearsal.manager.reconnect("a") }
            #expect(refusal == .disabled(server: "a", .user))
            try await rehearsal.advance(to: 10)
            #expect(rehearsal.network.connectTimes() == ["0", "1"])
            #expect(rehearsal.simulation.sleeperCount == 0)
            try await rehearsal.manager.toggle("a", true)
            #expect(rehearsal.network.connectTimes() == ["0", "1", "10"])
            #expect(try await rehearsal.manager.attempt(of: "a") == 0)
            #expect(rehearsal.trace() == "P,F,P,P,D,P,C")
        }
    }

    @Test("RS-06: a handshake that ends after the server was switched off is discarded, and its stream closed")
    func disabledWhileConnecting() throws {
        try Rehearsal.run { _, number in
            number == 1 ? .refuse(.refused) : .accept(.init(tools: [tool("t")]), after: .milliseconds(500))
        } body: { rehearsal in
            try await rehearsal.advance(to: 1.2)
            try await rehearsal.manager.toggle("a", false)
            try await rehearsal.advance(to: 1.5)
            #expect(rehearsal.network.streams.map(\.closeCount) == [1])
            #expect(rehearsal.network.sent(to: "a") == [])
            #expect(try await rehearsal.manager.status(of: "a") == .disabled(.user))
            #expect(try await rehearsal.manager.tools(of: "a").isEmpty)
        }
    }

    @Test("RS-07, S-039: a list that was asked for on a lost connection does not replace that of the next")
    func lateList() throws {
        try Rehearsal.run { _, number in
            let tools = (0..<(number == 1 ? 9 : 5)).map { tool("t\($0)") }
            let late = ["tools/list": Duration.milliseconds(number == 1 ? 2200 : 100)]
            return .accept(.init(tools: tools, latency: late, loss: number == 1 ? (.seconds(1), .reset) : nil))
        } body: { rehearsal in
            try await rehearsal.advance(to: 2.1)
            #expect(try await rehearsal.manager.tools(of: "a").count == 5)
            try await rehearsal.advance(to: 3)
            #expect(try await rehearsal.manager.tools(of: "a").count == 5)
            #expect(rehearsal.toolCounts() == [5])
        }
    }

    @Test("RS-08, S-037: the tools are gone with the link and come back once each")
    func toolsGoWithTheLink() throws {
        try Rehearsal.run { _, number in
            let tools = (0..<40).map { tool("t\($0)") }
            return .accept(.init(tools: tools, loss: number == 1 ? (.seconds(1), .reset) : nil))
        } body: { rehearsal in
            try await rehearsal.advance(to: 1)
            #expect(try await rehearsal.manager.tools(of: "a").isEmpty)
            let sentBefore = rehearsal.network.sent(to: "a").count
            let call = await failure { _ = try await rehearsal.manager.callTool("t1", on: "a", arguments: [:]) }
            #expect(call == .notConnected(server: "a"))
            #expect(rehearsal.network.sent(to: "a").count == sentBefore)
            try await rehearsal.manager.ready("a")
            #expect(rehearsal.simulation.now.description == "2")
            #expect(try await Set(rehearsal.manager.tools(of: "a").map(\.name)).count == 40)
            #expect(rehearsal.toolCounts() == [40, 0, 40])
        }
    }

    @Test("RS-11: Retry-After is kept to when it is longer than the backoff, and ignored when it is no number")
    func retryAfter() throws {
        let cases = [("30", "30"), ("-5", "1"), ("soon", "1"), ("Fri, 31 Dec 1999 23:59:59 GMT", "1"), ("0", "1")]
        for (header, second) in cases {
            for status in [429, 503] {
                try Rehearsal.run { _, number in
                    number == 1 ? .refuse(.unavailable(status: status, retryAfter: header)) : .accept()
                } body: { rehearsal in
                    try await rehearsal.advance(to: 0.5)
                    #expect(try await rehearsal.manager.attempt(of: "a") == 1)
                    try await rehearsal.advance(to: 60)
                    #expect(rehearsal.network.connectTimes() == ["0", second])
                }
            }
        }
    }

    @Test("RS-13: a child that ends before its first answer fails the connect at once, and is read at most twice")
    func childThatEndsAtOnce() throws {
        var policy = ConnectionPolicy()
        policy.reconnectsStdio = false
        try Rehearsal.run([ServerConfiguration(name: "a", transport: .stdio)], policy: policy) { _, _ in
            .accept(.init(loss: (.zero, .exited(code: 1)), handle: { _, _, _ in true }))
        } body: { rehearsal in
            try await rehearsal.advance(to: 0)
            #expect(rehearsal.trace(withTimes: true) == "P@0,F@0")
            #expect(rehearsal.network.streams.map(\.closeCount) == [1])
            #expect(rehearsal.network.streams.allSatisfy { $0.nextCount <= 2 })
            try await rehearsal.advance(to: 86_400)
            #expect(rehearsal.network.connects.count == 1)
        }
    }

    @Test("RS-15: the late end of a replaced connection changes nothing", arguments: UInt64(0)..<20)
    func lateEndOfAReplacedConnection(seed: UInt64) throws {
        try Rehearsal.run(seed: seed) { _, number in
            .accept(.init(tools: [tool("slow")], latency: ["tools/call": .seconds(2)]))
        } body: { rehearsal in
            try await rehearsal.advance(to: 2)
            try await rehearsal.manager.reconnect("a")
            async let call = rehearsal.manager.callTool("slow", on: "a", arguments: [:])
            try await rehearsal.advance(to: 2.5)
            rehearsal.network.streams[0].emit(.closed(.reset))
            try await rehearsal.advance(to: 3)
            #expect(try await rehearsal.manager.status(of: "a") == .connected(generation: 2))
            #expect(try await call["content"] == [])
            #expect(rehearsal.network.streams.map(\.closeCount) == [1, 0])
        }
    }

    @Test(
        "RS-16: a reconnect while the backoff runs is one connect, and the backoff is over", arguments: UInt64(0)..<20)
    func reconnectDuringBackoff(seed: UInt64) throws {
        try Rehearsal.run(seed: seed) { _, number in
            number <= 2 ? .refuse(.refused) : .accept()
        } body: { rehearsal in
            try await rehearsal.advance(to: 2)
            try await rehearsal.manager.reconnect("a")
            try await rehearsal.advance(to: 60)
            #expect(rehearsal.network.connectTimes() == ["0", "1", "2"])
        }
    }
}
