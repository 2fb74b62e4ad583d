import MCPCore
import MCPWire
import RepriseRecording
import Testing

@testable import RepriseSimulation

/// The decisions of faults and lines by themselves, without a network.
@Suite struct FaultPlanTests {
    private static let place = FaultPlan.Place(server: "files", client: 0, connection: 1)

    private static func plan(_ faults: [Fault], active origin: Instant? = .zero) -> FaultPlan {
        var plan = FaultPlan(faults, random: SplitMix64(seed: 1))
        if let origin { plan.activate(origin: origin) }
        return plan
    }

    private static func send(
        _ plan: inout FaultPlan, _ method: String, at seconds: Double = 0, client: Int = 0
    ) -> FaultPlan.MessageFate {
        plan.send(
            .call(method: method), .clientToServer, .init(server: "files", client: client, connection: 1),
            at: .at(seconds))
    }

    @Test func nothingHappensBeforeTheFaultsAreActive() {
        var plan = Self.plan(
            [
                Fault(.drop), Fault(.refuse(.refused)), Fault(.reset(.reset)), Fault(.partition), Fault(.holdClose),
                Fault(.slowReader(bytesPerSecond: 1)),
            ], active: nil)
        #expect(plan.nextDeadline == nil)
        #expect(plan.connect(Self.place, at: .zero) == .proceed)
        #expect(Self.send(&plan, "ping") == FaultPlan.MessageFate())
        #expect(plan.partitionEnd(Self.place, nil, .other, at: .zero) == nil)
        #expect(plan.readerRate(Self.place, .clientToServer, .other, at: .zero) == nil)
        #expect(plan.holdsClose(Self.place, at: .zero) == nil)
        #expect(plan.passed(.call(method: "ping"), .clientToServer, Self.place, at: .zero) == [])
    }

    @Test func activatingAgainBeginsAnew() {
        var plan = Self.plan([Fault(.drop, .init(count: 1))])
        #expect(Self.send(&plan, "ping").course == .drop)
        #expect(Self.send(&plan, "ping").course == .pass)
        plan.activate(origin: .at(10))
        #expect(Self.send(&plan, "ping", at: 9).course == .pass)
        #expect(Self.send(&plan, "ping", at: 10).course == .drop)
    }

    @Test func skipCountsWhatMatchesEverythingElse() {
        var plan = Self.plan([Fault(.drop, .init(client: 1, method: "ping", from: .at(1), skip: 1, count: 1))])
        #expect(Self.send(&plan, "ping", at: 0, client: 1).course == .pass)
        #expect(Self.send(&plan, "ping", at: 1, client: 0).course == .pass)
        #expect(Self.send(&plan, "pong", at: 1, client: 1).course == .pass)
        #expect(Self.send(&plan, "ping", at: 1, client: 1).course == .pass)
        #expect(Self.send(&plan, "ping", at: 1, client: 1).course == .drop)
        #expect(Self.send(&plan, "ping", at: 1, client: 1).course == .pass)
    }

    @Test func aFaultThatIsPassedOverLeavesTheNextItsTurn() {
        var plan = Self.plan([Fault(.drop, .init(skip: 1)), Fault(.delay(.seconds(1)), .init(isLate: true))])
        #expect(Self.send(&plan, "ping") == .init(course: .delay(.seconds(1)), isLate: true))
        #expect(Self.send(&plan, "ping") == .init(course: .drop))
    }

    @Test func deadlinesComeInTheOrderOfTime() {
        var plan = Self.plan(
            [
                Fault(.hold(release: nil), .init(until: .at(3))), Fault(.reset(.reset), .init(from: .at(1))),
                Fault(.holdClose, .init(until: .at(2))), Fault(.reset(.reset), .init(method: "ping")),
            ], active: .at(10))
        #expect(plan.nextDeadline == .at(11))
        #expect(plan.advance(to: .at(10.5)) == [])
        #expect(plan.advance(to: .at(12)) == [.strike(fault: 1), .release(fault: 2)])
        #expect(plan.nextDeadline == .at(13))
        #expect(plan.advance(to: .at(13)) == [.release(fault: 0)])
        #expect(plan.nextDeadline == nil)
    }

    @Test func whatPassesArmsReleasesAndEnds() {
        var plan = Self.plan([
            Fault(.hold(release: .init(method: "b", number: 2))),
            Fault(.reset(.reset), .init(method: "b", skip: 1)),
            Fault(.halfClose(.serverToClient), .init(after: .init(method: "a", direction: .clientToServer))),
        ])
        func passed(_ method: String, _ direction: Direction = .clientToServer) -> [FaultPlan.Consequence] {
            plan.passed(.call(method: method), direction, Self.place, at: .zero)
        }
        #expect(passed("a", .serverToClient) == [])
        #expect(passed("a") == [.strike(fault: 2)])
        #expect(passed("a") == [])
        #expect(Self.send(&plan, "c").course == .hold(fault: 0))
        #expect(passed("b") == [])
        #expect(passed("b") == [.release(fault: 0), .end(.reset(.reset))])
        #expect(Self.send(&plan, "c").course == .pass)
        #expect(plan.strikes(2, Self.place, at: .zero) == .halfClose(.serverToClient))
    }

    @Test func responsesAreNamedByTheirRequests() {
        var open = OpenRequests()
        func subject(_ text: String, _ direction: Direction) -> MessageSubject {
            open.subject(of: Message.read(Array(text.utf8).span), direction)
        }
        #expect(subject(#"{"jsonrpc":"2.0","id":1,"method":"a"}"#, .clientToServer).name == "a")
        // Both sides count their requests from where they like.
        #expect(subject(#"{"jsonrpc":"2.0","id":1,"method":"b"}"#, .serverToClient).name == "b")
        #expect(subject(#"{"jsonrpc":"2.0","id":1,"result":{}}"#, .serverToClient) == .response(method: "a"))
        #expect(subject(#"{"jsonrpc":"2.0","id":1,"result":{}}"#, .serverToClient).name == "response")
        #expect(subject(#"{"jsonrpc":"2.0","id":1,"error":{}}"#, .clientToServer).name == "response to b")
        #expect(subject(#"[{"jsonrpc":"2.0","id":2,"method":"c"}]"#, .clientToServer).name == "batch")
        #expect(subject(#"{"jsonrpc":"2.0","id":2,"result":{}}"#, .serverToClient).method == "c")
        #expect(subject("x", .serverToClient).name == "malformed")
    }

    @Test func aLineTakesTheTimeThatItsPartsTake() {
        var line = Line()
        let bytes: [UInt8] = []
        let nothing = Message.read(bytes.span)
        var random = SplitMix64(seed: 1)
        func due(_ count: Int, at now: Double, _ link: Link, rate: Int? = nil) -> Instant {
            let due = line.due(byteCount: count, at: .at(now), over: link, readerRate: rate, random: &random)
            line.append(
                Parcel(
                    bytes: [], message: nothing, subject: .malformed, number: line.nextNumber(), due: due)
            )
            return due
        }
        let link = Link(latency: .seconds(1), bandwidth: 100)
        #expect(due(50, at: 0, link) == .at(1.5))
        #expect(due(50, at: 0, link) == .at(2))
        #expect(due(50, at: 5, link) == .at(6.5))
        // The reader takes what has arrived one after the other.
        #expect(due(10, at: 6, Link(), rate: 10) == .at(7))
        #expect(due(10, at: 6, Link(), rate: 10) == .at(8))
        // What is sent later does not come earlier.
        #expect(due(0, at: 6.5, Link()) == .at(8))
        // No time is too long to be told.
        #expect(due(.max, at: 9, Link(bandwidth: 1)) == .max)
        #expect(due(1, at: 9, Link(bandwidth: 0)) == .max)
    }
}
