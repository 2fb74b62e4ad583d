import MCPCore
import MCPWire
import RepriseRecording
import RepriseSimulation
import Testing

/// Random worlds under random faults: nothing hangs or is lost from the books, and a seed says everything.
@Suite struct NetworkPropertyTests {
    /// Which faults are drawn.
    private enum Choice {
        case all
        case allButCopies
        case allThatKeepOrder
    }

    private struct Draw {
        var random: SplitMix64
        var choice: Choice

        mutating func one<T>(of choices: [T]) -> T { choices[random.below(choices.count)] }

        mutating func instant() -> Instant { Instant(nanoseconds: Int64(random.below(3000)) * 1_000_000) }

        mutating func maybe<T>(_ value: (inout Draw) -> T) -> T? { random.below(3) == 0 ? value(&self) : nil }

        mutating func pattern() -> Fault.MessagePattern {
            let method = one(of: ["ping", "tools/call", "n/3", "n/9"])
            return Fault.MessagePattern(
                method: method, direction: maybe { $0.direction() }, number: 1 + random.below(3))
        }

        mutating func direction() -> Direction { one(of: [.clientToServer, .serverToClient]) }

        mutating func effect() -> Fault.Effect {
            switch random.below(choice == .allThatKeepOrder ? 10 : 13) {
            case 0: .refuse(one(of: [.refused, .unavailable(status: 503, retryAfter: "1")]))
            case 1: .delayConnect(.milliseconds(random.below(500)))
            case 2: .hangConnect
            case 3: .reset(one(of: [.reset, .exited(code: 1)]))
            case 4: .halfClose(direction())
            case 5: .partition
            case 6: .drop
            case 7: choice == .allButCopies ? .drop : .duplicate(random.below(4))
            case 8: .slowReader(bytesPerSecond: 10 + random.below(2000))
            case 9: .holdClose
            case 10: .delay(.milliseconds(random.below(800)))
            case 11: .reorder
            default: .hold(release: maybe { $0.pattern() })
            }
        }

        mutating func fault() -> Fault {
            var effect = effect()
            if random.below(12) == 0 { effect = .cut(random.below(60)) }
            let placement = Fault.Placement(
                client: maybe { $0.random.below(3) }, connection: maybe { 1 + $0.random.below(2) },
                direction: maybe { $0.direction() },
                method: maybe { $0.one(of: ["ping", "tools/call", "n/2", "n/7"]) },
                from: maybe { $0.instant() }, until: maybe { $0.instant() }, skip: random.below(3),
                count: maybe { 1 + $0.random.below(4) }, after: maybe { $0.pattern() },
                probability: one(of: [1, 0.5]), isLate: choice != .allThatKeepOrder && random.below(4) == 0)
            return Fault(effect, placement)
        }
    }

    /// What a client has sent and received, in order.
    private struct Seen: Equatable {
        var lines: [String] = []
        var reports: [String] = []
        var underWayCount = 0
        var stepCount = 0
    }

    private static func run(seed: UInt64, _ choice: Choice) throws -> Seen {
        var draw = Draw(random: SplitMix64(seed: seed, stream: "faults"), choice: choice)
        let faults = (0..<1 + draw.random.below(6)).map { _ in draw.fault() }
        let link = Link(
            latency: .milliseconds(draw.random.below(100)), jitter: .milliseconds(draw.random.below(50)),
            bandwidth: draw.maybe { 200 + $0.random.below(5000) })
        let description = ServerDescription(
            tools: [
                ToolDescription(name: "touch"),
                ToolDescription(name: "slow", executesAfter: .milliseconds(100), answersAfter: .milliseconds(300)),
            ],
            closesAfter: draw.maybe { .milliseconds($0.random.below(2000)) })
        let simulation = Simulation(seed: seed, limits: .init(steps: 100_000, grace: .zero))
        let world = try simulation.run { simulation in
            let world = World(simulation, description, link: link, faults: faults)
            // Hangs, holds without an end and half closed connections are ended by the client.
            await withTaskGroup { group in
                for client in 0..<3 { group.addTask { await Self.use(world, client: client) } }
                try? await world.sleep(until: 60)
                group.cancelAll()
            }
            return world
        }
        return Seen(
            lines: world.lines, reports: world.reports, underWayCount: world.network.underWayCount,
            stepCount: simulation.stepCount)
    }

    /// Connects twice, and says a little each time.
    private static func use(_ world: World, client: Int) async {
        for round in 0..<2 {
            guard let stream = try? await world.connect(client: client) else { continue }
            await withTaskGroup { group in
                group.addTask { await world.readAll(stream, "\(client)/\(round) ") }
                try? await stream.send(request(0, "initialize"))
                for number in 1...12 {
                    let message =
                        switch number % 4 {
                        case 0: request(number, "ping")
                        case 1: call(number, tool: number == 5 ? "slow" : "touch")
                        default: notification(number)
                        }
                    try? await stream.send(message)
                    try? await world.simulation.sleep(until: world.simulation.now.advanced(by: .milliseconds(30)))
                }
                try? await world.simulation.sleep(until: world.simulation.now.advanced(by: .seconds(2)))
                if Task.isCancelled || round == 0 { await stream.close() }
                group.cancelAll()
            }
            await stream.close()
        }
    }

    /// How often each message was sent, arrived and vanished, by connection and direction.
    private static func books(_ lines: [String]) -> (sent: [String: Int], ended: [String: Int]) {
        var sent: [String: Int] = [:]
        var ended: [String: Int] = [:]
        for words in lines.map({ $0.split(separator: " ", maxSplits: 4) }) where words.count > 4 {
            let name = words[4].split(separator: ":")[0]
            let key = "\(words[1]) \(words[2]) \(name)"
            switch words[3] {
            case "sent": sent[key, default: 0] += 1
            case "arrived", "vanished": ended[key, default: 0] += 1
            default: break
            }
        }
        return (sent, ended)
    }

    @Test("S-174: 200 worlds under random faults end, and repeat themselves")
    func randomWorldsEndAndRepeatThemselves() throws {
        var kinds: Set<Substring> = []
        for seed in UInt64(0)..<200 {
            let seen = try Self.run(seed: seed, .all)
            #expect(try Self.run(seed: seed, .all) == seen, "seed \(seed)")
            for words in seen.lines.map({ $0.split(separator: " ") }) where words.count > 3 { kinds.insert(words[3]) }
        }
        #expect(kinds.isSuperset(of: ["sent", "arrived", "vanished", "reset", "closed", "touch", "slow"]))
    }

    @Test func everyMessageArrivesOrVanishesOnce() throws {
        var messageCount = 0
        for seed in UInt64(0)..<200 {
            let seen = try Self.run(seed: seed, .allButCopies)
            let (sent, ended) = Self.books(seen.lines)
            for (key, count) in ended { #expect(count <= sent[key] ?? 0, "seed \(seed): \(key)") }
            let sentCount = sent.values.reduce(0, +)
            // What has not ended is held, or waits in a partition, without an end.
            #expect(sentCount == ended.values.reduce(0, +) + seen.underWayCount, "seed \(seed)")
            messageCount += sentCount
        }
        #expect(messageCount > 10_000)
    }

    @Test func withoutFaultsThatReorderEachDirectionKeepsItsOrder() throws {
        var arrivalCount = 0
        for seed in UInt64(0)..<200 {
            var latest: [Substring: Int] = [:]
            for line in try Self.run(seed: seed, .allThatKeepOrder).lines {
                let words = line.split(separator: " ")
                guard words.count > 4, words[2] == "c2s", words[3] == "arrived", words[4].hasPrefix("n/"),
                    let number = Int(words[4].dropFirst(2))
                else { continue }
                #expect(number >= latest[words[1], default: 0], "seed \(seed): \(line)")
                latest[words[1]] = number
                arrivalCount += 1
            }
        }
        #expect(arrivalCount > 1000)
    }
}
