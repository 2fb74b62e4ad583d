import MCPTransports
import Testing

/// A server as a child process, seen from the program that started it.
@Suite struct ServerProcessTests {
    @Test(
        "a command that is not found, and one that cannot be started",
        arguments: [("no-such-command", 127), ("/", 126)])
    func aCommandThatCannotBeStarted(command: String, exitCode: Int32) throws {
        do {
            _ = try ServerProcess.start([command])
            Issue.record("\(command) was started")
        } catch let error as ServerProcess.StartError {
            #expect(error.exitCode == exitCode)
            #expect("\(error)".hasPrefix("cannot start \"\(command)\": "))
        }
    }

    @Test func theEndOfAServerIsItsExitCodeOrSignal() throws {
        for (script, end) in [
            ("exit 7", ServerProcess.End.exit(code: 7)), ("kill -9 $$", .signal(9)), ("exit 255", .exit(code: 255)),
        ] {
            let connection = try ServerProcess.start(["sh", "-c", script])
            #expect(connection.wait() == end)
        }
    }
}
