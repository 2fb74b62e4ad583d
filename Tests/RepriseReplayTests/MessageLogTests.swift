import MCPWire
import RepriseRecording
import RepriseReplay
import Testing

/// The messages of a recording, and which answer belongs to which request.
@Suite struct MessageLogTests {
    /// Each message by name, with the number of the event of the request that it answers.
    private func names(_ dialogue: String) -> [String] {
        let log = MessageLog(Dialogue.recording(dialogue))
        return log.messages.indices.map { index in
            let request = log.messages[index].request
            #expect(request.map { log.messages[$0].answer == index } ?? true)
            return log.name(of: index) + (request.map { " <- \(log.frames[log.messages[$0].frame].event)" } ?? "")
        }
    }

    @Test func answersAreBoundToTheirRequests() {
        let dialogue = """
            c> 1 a
            c> 2 b
            s> - n
            s> 2 = {}
            s> 1 ! {"code":1,"message":""}
            s> 3 = {}
            """
        #expect(names(dialogue) == ["a", "b", "n", "result of b <- 3", "error of a <- 2", "result for no request"])
    }

    @Test func bothSidesHaveIDsOfTheirOwn() {
        let dialogue = "c> 1 a\ns> 1 roots/list\nc> 1 = {}\ns> 1 = {}"
        #expect(names(dialogue) == ["a", "roots/list", "result of roots/list <- 3", "result of a <- 2"])
        // What a side answers itself is no answer.
        #expect(names("c> 1 a\nc> 1 = {}") == ["a", "result for no request"])
    }

    @Test func idsAreEqualAsTheyStandForTheSameString() {
        #expect(names(#"c> "ab" x"# + "\n" + #"s> "\u0061b" = {}"#) == ["x", "result of x <- 2"])
        #expect(names("c> 1 x\ns> 1.0 = {}") == ["x", "result for no request"])
        #expect(names("c> 1 x\ns> \"1\" = {}") == ["x", "result for no request"])
        #expect(names("c> null x\ns> null ! {}") == ["x", "error of x <- 2"])
        #expect(names("s> null ! {}") == ["error for no request"])
        #expect(names(#"s> {"jsonrpc":"2.0","error":{}}"#) == ["error for no request"])
    }

    @Test func idsThatAreUsedAgainAreAnsweredInOrder() {
        #expect(names("c> 1 a\ns> 1 = {}\nc> 1 b\ns> 1 = {}") == ["a", "result of a <- 2", "b", "result of b <- 4"])
        #expect(
            names("c> 1 a\nc> 1 b\ns> 1 = {}\ns> 1 = {}\ns> 1 = {}")
                == ["a", "b", "result of a <- 2", "result of b <- 3", "result for no request"])
    }

    @Test func batchesAreTheirMessages() throws {
        let dialogue = """
            c> [{"jsonrpc":"2.0","id":1,"method":"a","params":[7]}, 5 ,{"jsonrpc":"2.0","id":2,"method":"b"}]
            s> [{"jsonrpc":"2.0","id":2,"result":{"r":2}},{"jsonrpc":"2.0","id":1,"result":{"r":1}}]
            """
        let expected = ["a", "malformed: a JSON value that is no object", "b", "result of b <- 2", "result of a <- 2"]
        #expect(names(dialogue) == expected)
        let log = MessageLog(Dialogue.recording(dialogue))
        #expect(log.frames.map(\.messages) == [0..<3, 3..<5])
        #expect(log.name(ofFrame: 1) == "result of b, result of a")
        #expect(text(log.bytes(log.messages[0].message.params, of: 0)) == "[7]")
        #expect(text(log.bytes(log.messages[4].message.result, of: 4)) == #"{"r":1}"#)
        #expect(log.bytes(nil, of: 0) == [])
        #expect(log.direction(of: 2) == .clientToServer)
        #expect(log.direction(of: 3) == .serverToClient)
    }

    @Test func linesThatALimitCutAreWholeAgain() throws {
        var recording = Dialogue.recording("")
        func piece(_ text: String, _ direction: Direction, at time: Int64, isLast: Bool = false) -> Event {
            let frame = Frame(line: bytes(text), cuts: [], isContinued: !isLast)
            return Event(time: time, connection: 1, direction: direction, kind: .line(frame))
        }
        recording.events += [
            piece("{\"jsonrpc\":\"2.0\",", .clientToServer, at: 1),
            piece("{\"jsonrpc\":\"2.0\",\"id\":1,\"res", .serverToClient, at: 2),
            piece(" \"id\":1,", .clientToServer, at: 3),
            piece("\"method\":\"m\"}\n", .clientToServer, at: 4, isLast: true),
            piece("ult\":{}}\n", .serverToClient, at: 5, isLast: true),
        ]
        let log = MessageLog(recording)
        #expect(log.frames.map(\.event) == [5, 6])
        #expect(log.frames.map(\.time) == [4, 5])
        #expect(text(log.frames[0].bytes) == "{\"jsonrpc\":\"2.0\", \"id\":1,\"method\":\"m\"}\n")
        #expect(log.messages.indices.map { log.name(of: $0) } == ["m", "result of m"])
        #expect(log.messages[1].request == 0)
    }

    @Test func placeholdersCountFromTheStartOfTheFrame() throws {
        var recording = Dialogue.recording("c> {\"k\":\"reprise-secret-1\"}")
        recording.events[1].frame?.pre = bytes("  ")
        let log = MessageLog(recording)
        #expect(log.frames[0].placeholders.map { text(log.frames[0].bytes[$0]) } == ["reprise-secret-1"])
        // In pieces of a line, they count from the start of the whole line.
        var first = Frame(line: bytes("[\"reprise-secret-1\","), isContinued: true)
        first.placeholders = [2..<18]
        var second = Frame(line: bytes("\"reprise-secret-2\"]\n"))
        second.placeholders = [1..<17]
        recording.events = [first, second].map {
            Event(time: 0, connection: 1, direction: .clientToServer, kind: .line($0))
        }
        let joined = MessageLog(recording).frames[0]
        #expect(joined.placeholders.map { text(joined.bytes[$0]) } == ["reprise-secret-1", "reprise-secret-2"])
    }

    @Test func omittedPayloadsAreFramesWithoutBytes() {
        var recording = Dialogue.recording("c> x\nc> 1 a")
        recording.events[1].frame?.payload = .omitted(byteCount: 9, sha256: "d")
        let log = MessageLog(recording)
        #expect(log.frames[0].omitted?.byteCount == 10)
        #expect(log.frames[0].omitted?.sha256 == "d")
        #expect(log.frames[0].bytes.isEmpty)
        #expect(log.messages[0].message.kind == .malformed(.empty))
        #expect(log.messages.count == 2)
    }

    @Test func omittedPiecesOfALineAreOneFrame() throws {
        var recording = Dialogue.recording("c> x\nc> y\nc> 1 a\ns> 1 =")
        for (event, byteCount) in [(1, 20), (2, 5)] {
            recording.events[event].frame?.payload = .omitted(byteCount: byteCount, sha256: "of one piece")
        }
        recording.events[1].frame?.post = []
        recording.events[1].frame?.isContinued = true
        let log = MessageLog(recording)
        #expect(log.frames.map(\.event) == [3, 4, 5])
        #expect(log.frames[0].omitted?.byteCount == 26)
        #expect(log.frames[0].omitted?.sha256 == "")
        // No digest of the whole is known, so that its length alone counts.
        var playbook = try Playbook(recording)
        playbook.send([UInt8](repeating: 0xFF, count: 25) + [0x0A])
        playbook.play("c> 1 a")
        #expect(playbook.replayer.report.isSame)
    }

    @Test func onlyProtocolIsLogged() {
        #expect(names("e> 1 a\nc> <end>\ns> <end>") == [])
        #expect(names("c> \ns> hello") == ["malformed: empty frame", "malformed: not JSON: unexpected 'h' at byte 0"])
    }
}
