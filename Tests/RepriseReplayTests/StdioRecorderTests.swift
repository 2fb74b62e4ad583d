import RepriseRecording
import RepriseReplay
import Testing
import MCPCore

/// Chunks of the three pipes become events, and no byte or read is lost.
@Suite struct StdioRecorderTests {
    /// The events of chunks on one pipe, 10 microseconds apart from 10 on; with its end if `ends`.
    private func events(_ chunks: [String], on pipe: Pipe = .stdout, limit: Int = 1000, ends: Bool = false) throws
        -> [Event]
    {
        var recorder = StdioRecorder(lineByteCountMax: limit)
        var events: [Event] = []
        var time: Int64 = 0
        for chunk in chunks {
            time += 10
            let chunk = bytes(chunk)
            events += try Self.events(recorder.receive(chunk.span, on: pipe, at: time))
        }
        if ends { events += try Self.events(recorder.end(pipe, at: time + 10)) }
        return events
    }

    private static func events(_ outcome: StdioRecorder.Outcome) throws -> [Event] {
        guard case .events(let events) = outcome else { throw Unexpected(outcome: outcome) }
        return events
    }

    private struct Unexpected: Error { var outcome: StdioRecorder.Outcome }

    private func line(_ text: String, at time: Int64, cuts: [(Int, Int64)]? = nil, isContinued: Bool = false) -> Event {
        let cuts = cuts?.map { Frame.Cut(offset: $0.0, age: $0.1) }
        return Event(
            time: time, connection: 1, direction: .serverToClient,
            kind: .line(Frame(line: bytes(text), cuts: cuts, isContinued: isContinued)))
    }

    @Test func aReadThatIsOneLineHasNoCuts() throws {
        #expect(try events(["{}\n", "x\r\n"]) == [line("{}\n", at: 10), line("x\r\n", at: 20)])
    }

    @Test func linesOfOneReadSayThatTheNextCameWithThem() throws {
        #expect(
            try events(["a\nb\nc\n"]) == [
                line("a\n", at: 10, cuts: []), line("b\n", at: 10, cuts: []), line("c\n", at: 10),
            ])
        #expect(
            try events(["a\nb", "c\n"]) == [
                line("a\n", at: 10, cuts: []), line("bc\n", at: 20, cuts: [(1, 10), (3, 0)]),
            ])
    }

    @Test func aLineOfThreeReadsKeepsWhereTheyEnded() throws {
        #expect(
            try events(["ab", "c", "d\n"]) == [line("abcd\n", at: 30, cuts: [(2, 20), (3, 10), (5, 0)])])
        #expect(
            try events(["ab", "c", "d\ne\n"]) == [
                line("abcd\n", at: 30, cuts: [(2, 20), (3, 10)]), line("e\n", at: 30),
            ])
    }

    @Test func aTailWithoutALineFeedComesWithTheEnd() throws {
        let end = Event(time: 30, connection: 1, direction: .serverToClient, kind: .end(.stdout))
        #expect(
            try events(["a\n", "tail"], ends: true) == [
                line("a\n", at: 10), line("tail", at: 30, cuts: [(4, 10)]), end,
            ])
        #expect(
            try events(["a\nta", "il"], ends: true) == [
                line("a\n", at: 10, cuts: []), line("tail", at: 30, cuts: [(2, 20), (4, 10)]), end,
            ])
    }

    @Test func aLineBeyondTheLimitIsKeptInPieces() throws {
        #expect(
            try events(["abcdefghij\n"], limit: 4) == [
                line("abcd", at: 10, cuts: [], isContinued: true), line("efgh", at: 10, cuts: [], isContinued: true),
                line("ij\n", at: 10),
            ])
        #expect(
            try events(["abcd", "e", "f\n"], limit: 4) == [
                line("abcd", at: 20, cuts: [(4, 10)], isContinued: true),
                line("ef\n", at: 30, cuts: [(1, 10), (3, 0)]),
            ])
    }

    @Test func standardErrorIsKeptAsItsOwnKind() throws {
        #expect(
            try events(["oops\n"], on: .stderr) == [
                Event(time: 10, connection: 1, direction: .serverToClient, kind: .stderr(Frame(line: bytes("oops\n"))))
            ])
    }

    @Test func beginningAndEndsAreEvents() throws {
        var recorder = StdioRecorder()
        #expect(recorder.open(at: 5) == .events([Event(time: 5, connection: 1, kind: .open)]))
        for (pipe, direction) in [
            (Pipe.stdin, Direction.clientToServer), (.stdout, .serverToClient), (.stderr, .serverToClient),
        ] {
            let end = Event(time: 6, connection: 1, direction: direction, kind: .end(pipe))
            #expect(recorder.end(pipe, at: 6) == .events([end]))
        }
        for close in [Close.exit(code: 3), .signal(15)] {
            #expect(recorder.close(close, at: 7) == .events([Event(time: 7, connection: 1, kind: .close(close))]))
        }
    }

    @Test func theBeginningOfALineIsKeptWhenTheServerIsGone() throws {
        var recorder = StdioRecorder()
        let (half, rest) = (bytes("half"), bytes(" a line\n"))
        #expect(try Self.events(recorder.receive(half.span, on: .stdout, at: 10)) == [])
        let close = Event(time: 30, connection: 1, kind: .close(.exit(code: 0)))
        #expect(
            try Self.events(recorder.close(.exit(code: 0), at: 30)) == [line("half", at: 30, cuts: [(4, 20)]), close])
        // A child of the server may still hold the pipe, and the client's end may come at any time: neither is recorded.
        #expect(try Self.events(recorder.receive(rest.span, on: .stdout, at: 40)) == [])
        #expect(try Self.events(recorder.end(.stdout, at: 50)) == [])
        #expect(try Self.events(recorder.end(.stdin, at: 60)) == [])
    }

    @Test func whatCannotBeIsABugAndNoTrap() {
        var recorder = StdioRecorder()
        let chunk = bytes("x\n")
        _ = recorder.end(.stdin, at: 1)
        #expect(recorder.receive(chunk.span, on: .stdin, at: 2) == .bug("bytes on stdin after its end"))
        #expect(recorder.end(.stdin, at: 3) == .bug("a second end of stdin"))
        guard case .events(let events) = recorder.receive(chunk.span, on: .stdout, at: 4) else {
            Issue.record("the other pipe is broken too")
            return
        }
        #expect(events.count == 1)
    }

    @Test func anEmptyReadLeavesNoTrace() throws {
        #expect(try events(["", "a", "", "b\n", ""]) == [line("ab\n", at: 40, cuts: [(1, 20), (3, 0)])])
    }

    @Test(
        "S-172, S-173: the bytes come back per pipe whatever the chunks, and so do the reads",
        arguments: 0..<30 as Range<UInt64>)
    func randomChunksComeBack(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let limit = [1, 3, 16, 1000][random.below(4)]
        var recorder = StdioRecorder(lineByteCountMax: limit)
        var sent: [Pipe: [UInt8]] = [:]
        var readEnds: [Pipe: [Int]] = [:]
        var recorded: [Event] = []
        for step in 0..<200 {
            let pipe = Pipe.allCases[random.below(3)]
            let chunk = (0..<random.below(12)).map { _ in random.below(4) == 0 ? 0x0A : UInt8(random.below(256)) }
            sent[pipe, default: []] += chunk
            if !chunk.isEmpty { readEnds[pipe, default: []].append(sent[pipe]?.count ?? 0) }
            recorded += try Self.events(recorder.receive(chunk.span, on: pipe, at: Int64(step)))
        }
        for pipe in Pipe.allCases { recorded += try Self.events(recorder.end(pipe, at: 200)) }
        // The file keeps all of it as well.
        let file = Recording(header: Dialogue.recording("").header, events: recorded)
        let read = try RecordingReader.read(file.encoded).events.dropLast()
        for pipe in Pipe.allCases {
            let frames = read.filter { $0.pipe == pipe }.compactMap(\.frame)
            #expect(frames.flatMap { $0.wireBytes ?? [] } == sent[pipe])
            var position = 0
            var ends: [Int] = []
            for frame in frames {
                let cuts = frame.cuts?.map(\.offset) ?? [frame.wireByteCount]
                ends += cuts.map { position + $0 }
                position += frame.wireByteCount
            }
            #expect(ends == readEnds[pipe])
            #expect(frames.allSatisfy { $0.wireByteCount <= limit })
        }
        #expect(zip(read, read.dropFirst()).allSatisfy { $0.time <= $1.time })
    }
}

extension Event {
    /// The pipe of a line; nil for every other kind.
    fileprivate var pipe: Pipe? {
        switch kind {
        case .line: direction == .clientToServer ? .stdin : .stdout
        case .stderr: .stderr
        default: nil
        }
    }
}
