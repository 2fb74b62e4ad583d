import MCPCore
import RepriseScenarios
import RepriseSimulation
import Testing

@testable import RepriseRehearsal

@Suite struct RehearsalStageTests {
    private static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func event(_ milliseconds: Int64, _ what: WireEvent.What) -> WireEvent {
        WireEvent(at: Self.at(milliseconds), client: 0, server: "files", connection: 1, what: what)
    }

    @Test func aColdScenarioBeginsWithTheFirstRequest() throws {
        var stage = RehearsalStage(try SampleScenario.overHTTP(""), speed: 1)
        let comings = [stage.clientComes(at: Self.at(700)), stage.clientComes(at: Self.at(800))]
        #expect(comings == [true, false])
        stage.note(event(900, .effect(tool: "search")))
        #expect(stage.events.map(\.at) == [Self.at(200)])
    }

    @Test func aConnectedScenarioBeginsOnceTheToolsAreListed() throws {
        var stage = RehearsalStage(try SampleScenario.overHTTP("", begin: "connected"), speed: 10)
        let hasBegun = stage.clientComes(at: Self.at(0))
        #expect(!hasBegun)
        stage.note(event(10, .response(route: "initialize", status: 200)))
        #expect(stage.expectedOrigin == nil)
        stage.note(event(20, .response(route: "notifications/initialized", status: 202)))
        #expect(stage.expectedOrigin == Self.at(20_020))
        stage.note(event(30, .response(route: "tools/list", status: 401)))
        #expect(stage.expectedOrigin == Self.at(20_020))
        stage.note(event(40, .response(route: "tools/list", status: 200)))
        #expect(stage.expectedOrigin == Self.at(1040))
        #expect(stage.events.isEmpty)
        stage.begin(at: Self.at(1040))
        stage.note(event(1050, .effect(tool: "search")))
        #expect(stage.events.map(\.at) == [Self.at(10)])
        #expect(stage.expectedOrigin == nil)
    }

    @Test func theBytesOfEventsAreBounded() throws {
        var stage = RehearsalStage(try SampleScenario.overHTTP(""), speed: 1)
        _ = stage.clientComes(at: .zero)
        let message = [UInt8](repeating: 0x20, count: 16 << 20)
        for _ in 0..<5 { stage.note(event(1, .sent(.clientToServer, name: "ping", bytes: message))) }
        stage.note(event(1, .effect(tool: "search")))
        #expect(stage.events.count == 3)
        #expect(stage.isOverfull)
    }

    @Test func eventsAreBounded() throws {
        var stage = RehearsalStage(try SampleScenario.overHTTP(""), speed: 1)
        _ = stage.clientComes(at: .zero)
        for _ in 0...RehearsalStage.eventCountMax { stage.note(event(1, .effect(tool: "search"))) }
        #expect(stage.events.count == RehearsalStage.eventCountMax)
        #expect(stage.isOverfull)
    }
}
