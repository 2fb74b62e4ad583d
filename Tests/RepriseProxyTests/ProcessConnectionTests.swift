import RepriseProxy
import Testing

/// A stdio session with a server that was started for it.
@Suite struct ProcessConnectionTests {
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
