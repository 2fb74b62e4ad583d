import MCPCore
import MCPTransports
import Testing

@Suite struct LiveTimeSourceTests {
    @Test func sleepsUntilTheInstantAndNoLess() async throws {
        let time = LiveTimeSource(factor: 100)
        let deadline = time.now.advanced(by: .seconds(1))
        try await time.sleep(until: deadline)
        #expect(time.now >= deadline)
    }

    @Test func aSleepEndsWhenItsTaskIsCancelled() async {
        let time = LiveTimeSource()
        await withThrowingTaskGroup { group in
            group.addTask { try await time.sleep(until: time.now.advanced(by: .seconds(3600))) }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
    }
}
