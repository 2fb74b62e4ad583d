import RepriseRehearsal
import Testing

@Suite struct ClientInvocationTests {
    @Test func theURLIsTheLastArgument() {
        let invocation = ClientInvocation(
            ["python3", "client.py"], reaching: ["http://127.0.0.1:9/mcp"], scenario: "sr-01", steps: "[]")
        #expect(invocation.command == ["python3", "client.py", "http://127.0.0.1:9/mcp"])
        #expect(invocation.environment["REPRISE_SCENARIO"] == "sr-01")
    }
}
