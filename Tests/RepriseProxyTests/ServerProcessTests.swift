import RepriseProxy
import RepriseRecording
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
            ("exit 7", Close.exit(code: 7)), ("kill -9 $$", .signal(9)), ("exit 255", .exit(code: 255)),
        ] {
            let connection = try ServerProcess.start(["sh", "-c", script])
            #expect(connection.wait() == end)
        }
    }

    @Test func aConnectionSpeaksInLines() throws {
        var connection = try ProcessConnection(starting: [
            "sh", "-c", "for i in 1 2 3; do read line; echo \"<$line>\"; done; exit 5",
        ])
        connection.send("one")
        #expect(try connection.receive() == Array("<one>\n".utf8))
        connection.send("two\nthree")
        #expect(try connection.receive() == Array("<two>\n".utf8))
        #expect(try connection.receive() == Array("<three>\n".utf8))
        #expect(connection.end() == 5)
    }

    @Test func aServerThatGoesAwayIsAnError() throws {
        var connection = try ProcessConnection(starting: ["sh", "-c", "echo one; kill -9 $$"])
        #expect(try connection.receive() == Array("one\n".utf8))
        #expect(throws: ProcessConnection.Ended.self) { try connection.receive() }
        #expect(connection.end() == 128 + 9)
    }
}
