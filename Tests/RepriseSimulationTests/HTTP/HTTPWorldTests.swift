import HTTPTypes
import MCPCore
import RepriseRecording
import Testing

@testable import RepriseSimulation

/// The way of requests and responses, and what faults do to them.
@Suite struct HTTPWorldTests {
    @Test func aRequestAndItsResponseTakeTheLatencyOnceEach() {
        var driver = WorldDriver(link: Link(latency: .milliseconds(100)))
        driver.open("/echo", body: "hello", at: 1)
        driver.run()
        #expect(
            driver.lines == [
                "1 request echo", "1.1 c2s arrived echo", "1.2 s2c arrived response to echo",
                "1.2 response 200 to echo", "1.2 #1 head 200", "1.2 #1 body hello", "1.2 #1 end",
            ])
    }
}
