import HTTPTypes
import MCPCore
import MCPWire
import Testing

@testable import RepriseSimulation

/// The double of an MCP server over HTTP: sessions, statuses, and answers.
@Suite struct MCPServiceTests {
    @Test(arguments: ["2025-03-26", "2025-06-18", "2025-11-25"])
    func aCallIsAnsweredOnAStreamOfItsOwn(revision: String) {
        var driver = ServiceDriver(revision: revision)
        driver.initialize()
        #expect(driver.response.status == 202)
        #expect(driver.sessionID?.count == 32)
        driver.post(call(1, tool: "touch"))
        #expect(driver.response.status == 200)
        driver.run(until: 0)
        #expect(
            driver.response.messages == [
                #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"touch"}]}}"#
            ])
        #expect(driver.response.end == "ended")
        #expect(driver.response.events.count == (revision == "2025-11-25" ? 2 : 1))
        #expect(driver.effects == ["0 touch"])
    }
}
