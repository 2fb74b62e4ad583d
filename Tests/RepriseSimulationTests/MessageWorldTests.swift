import MCPCore
import RepriseRecording
import RepriseSimulation
import Testing

@Suite struct MessageWorldTests {
    private static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// What the client of a server with one tool gets: `milliseconds what`.
    private func play(
        _ faults: [Fault], _ sent: [(milliseconds: Int64, line: String)], link: Link = Link(),
        _ description: ServerDescription = ServerDescription(tools: [ToolDescription(name: "search")])
    ) -> [String] {
        var world = MessageWorld(faults: faults, seed: 1)
        world.add(description, named: "files", link: link)
        world.activate(origin: .zero)
        var got: [String] = []
        func note(_ actions: [MessageWorld.Action], _ now: Instant) {
            for action in actions {
                switch action {
                case .send(_, let bytes, let isWhole):
                    got.append("\(now) \(String(decoding: bytes, as: UTF8.self))\(isWhole ? "" : "…")")
                case .refuse(_, let failure): got.append("\(now) refused: \(failure)")
                case .close(_, let failure): got.append("\(now) closed: \(failure)")
                case .observe: break
                }
            }
        }
        note(world.connect(1, to: "files", at: .zero), .zero)
        for (milliseconds, line) in sent {
            while let next = world.nextDeadline, next <= Self.at(milliseconds) { note(world.advance(to: next), next) }
            note(world.receive(Array(line.utf8), on: 1, at: Self.at(milliseconds)), Self.at(milliseconds))
        }
        while let next = world.nextDeadline { note(world.advance(to: next), next) }
        return got
    }

    private static func ping(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"# }

    private static func pong(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"# }

    @Test func aMessageTakesTheLatencyEachWayAndOneConnectBoth() {
        let link = Link(latency: .milliseconds(10))
        #expect(
            play([], [(0, Self.ping(1)), (50, Self.ping(2))], link: link) == [
                "0.04 \(Self.pong(1))", "0.07 \(Self.pong(2))",
            ])
    }

    @Test(arguments: [
        (Fault(.drop, .init(direction: .serverToClient, count: 1)), ["0.1 \(pong(2))"]),
        (
            Fault(.duplicate(2), .init(direction: .serverToClient, count: 1)),
            ["0 \(pong(1))", "0 \(pong(1))", "0.1 \(pong(2))"]
        ),
        (Fault(.delay(.seconds(1)), .init(direction: .serverToClient, count: 1)), ["0.1 \(pong(2))", "1 \(pong(1))"]),
        (Fault(.reorder, .init(direction: .serverToClient, count: 1)), ["0.1 \(pong(2))", "0.1 \(pong(1))"]),
        (
            Fault(.hold(release: nil), .init(direction: .serverToClient, until: at(5000), count: 1)),
            ["0.1 \(pong(2))", "5 \(pong(1))"]
        ),
        (Fault(.cut(3), .init(direction: .serverToClient)), ["0 {\"j…", "0 closed: reset"]),
        (Fault(.partition, .init(until: at(2000))), ["2 \(pong(1))", "2 \(pong(2))"]),
        (Fault(.reset(.reset), .init(from: at(50))), ["0 \(pong(1))", "0.05 closed: reset"]),
        (Fault(.refuse(.exited(code: 3))), ["0 refused: exited(code: Optional(3))"]),
        (Fault(.hangConnect), []),
        (Fault(.halfClose(.serverToClient), .init(from: at(50))), ["0 \(pong(1))"]),
    ])
    func aFaultDoesOnAPipeWhatItDoesInTheSimulation(_ fault: Fault, _ got: [String]) {
        #expect(play([fault], [(0, Self.ping(1)), (100, Self.ping(2))]) == got)
    }

    @Test func aServerThatExitsSaysSo() {
        let initialize = #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#
        let got = play([], [(5, initialize)], ServerDescription(exitsAtStart: 7))
        #expect(got == ["0.005 closed: exited(code: Optional(7))"])
    }
}
