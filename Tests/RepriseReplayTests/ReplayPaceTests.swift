import RepriseRecording
import RepriseReplay
import Testing

/// When recorded frames are written, and by how many writes.
@Suite struct ReplayPaceTests {
    private static let timed = """
        @ 10000
        c> 1 a
        @ 30000
        s> - one
        @ 35000
        s> 1 =
        """

    /// Times at which a line of `timed` was recorded are one millisecond after its mark: the first delay is 20 ms.
    @Test func recordedDelaysAreKept() throws {
        var playbook = try Playbook(Dialogue.recording(Self.timed), pace: .recorded(speed: 1))
        playbook.play("@ 1000000\nc> 1 a")
        #expect(playbook.replayer.nextDeadline == 1_020_000)
        playbook.play("@ 1019999\n@ 1020000")
        #expect(playbook.text.hasSuffix(Dialogue.expanded("@ 1019999\n@ 1020000\ns> - one")))
        #expect(playbook.replayer.nextDeadline == 1_025_000)
        playbook.play("@ 1025000")
        #expect(playbook.text.hasSuffix(Dialogue.expanded("s> 1 =")))
        #expect(playbook.replayer.nextDeadline == nil)
        #expect(playbook.replayer.report.isSame)
    }

    @Test(arguments: [(0.5, 40_000), (2, 10_000), (10, 2_000), (1000, 20)] as [(Double, Int64)])
    func delaysAreScaled(speed: Double, first: Int64) throws {
        var playbook = try Playbook(Dialogue.recording(Self.timed), pace: .recorded(speed: speed))
        playbook.play("c> 1 a")
        #expect(playbook.replayer.nextDeadline == first)
    }

    @Test func asFastAsCausalityAllowsThereIsNoDelay() throws {
        var playbook = try Playbook(Self.timed)
        playbook.expect("c> 1 a\ns> - one\ns> 1 =")
        #expect(playbook.replayer.nextDeadline == nil)
    }

    @Test func aDelayRunsFromWhatTheFrameWaitedFor() throws {
        // The notification came 5 ms after the second request, though 25 ms after the first answer.
        var playbook = try Playbook(
            Dialogue.recording("@ 0\nc> 1 a\n@ 1000\ns> 1 =\n@ 20000\nc> 2 b\n@ 25000\ns> - n"),
            pace: .recorded(speed: 1))
        playbook.play("c> 1 a\n@ 1000\n@ 500000\nc> 2 b")
        #expect(playbook.replayer.nextDeadline == 505_000)
    }

    @Test func delaysBeyondAllTimeAreNoCrash() throws {
        var recording = Dialogue.recording("c> 1 a\ns> 1 =\nc> 2 b\ns> 2 =")
        recording.events[4].time = .max
        for speed in [0.000_000_001, 1, 1e300, .infinity, .nan, 0, -1] {
            var playbook = try Playbook(recording, pace: .recorded(speed: speed))
            playbook.play("@ 7000000000000\nc> 1 a\nc> 2 b\n@ 7000000000001\nc> <end>")
            #expect(playbook.replayer.nextDeadline ?? 7_000_000_000_000 >= 7_000_000_000_000)
            #expect(playbook.replayer.report.neverCame.isEmpty)
        }
    }

    @Test func timesThatRunBackwardsAreNoDelay() throws {
        var playbook = try Playbook(
            Dialogue.recording("@ 90000\nc> 1 a\n@ 5000\ns> 1 ="), pace: .recorded(speed: 1))
        playbook.expect("c> 1 a\ns> 1 =")
    }

    // MARK: Cuts

    /// A recording in which the server's frames have these cuts, in their order.
    private static func recording(_ dialogue: String, cuts: [[Int]?]) -> Recording {
        var recording = Dialogue.recording(dialogue)
        let frames = recording.events.indices.filter {
            recording.events[$0].direction == .serverToClient && recording.events[$0].frame != nil
        }
        for (event, offsets) in zip(frames, cuts) {
            recording.events[event].frame?.cuts = offsets?.map { Frame.Cut(offset: $0, age: 0) }
        }
        return recording
    }

    @Test func framesOfOneReadAreOneWrite() throws {
        var playbook = try Playbook(
            Self.recording("c> 1 a\ns> - one\ns> - two\ns> 1 =\ns> - three", cuts: [[], [], nil, nil]))
        playbook.expect("c> 1 a\ns> - one\ns>+ - two\ns>+ 1 =\ns> - three")
    }

    @Test func whatCameInTheReadOfAFrameThatIsNotDueIsWrittenAlone() throws {
        var playbook = try Playbook(Self.recording("c> 1 a\ns> 1 =\nc> 2 b\ns> 2 =", cuts: [[], nil]))
        playbook.expect("c> 1 a\ns> 1 =\nc> 2 b\ns> 2 =")
    }

    @Test func aFrameOfTwoReadsIsTwoWrites() throws {
        let notification = Dialogue.message("- one").utf8.count + 1
        var playbook = try Playbook(
            Self.recording("c> 1 a\ns> - one\ns> - two", cuts: [[9, 20, notification], [5]]))
        playbook.play("c> 1 a")
        #expect(
            playbook.text == Dialogue.expanded("c> 1 a")
                + "\n" + #"s> {"jsonrpc…"# + "\n" + #"s> ":"2.0","me…"# + "\n" + #"s> thod":"one"}"#
                + "\n" + #"s> {"jso…"# + "\n" + #"s> nrpc":"2.0","method":"two"}"#)
    }

    @Test(arguments: ["1", "\"a-long-id-that-the-live-client-made\""])
    func aFrameIsCutBehindItsIDAtTheSamePlace(id: String) throws {
        let result = Dialogue.message("1 = {\"a\":1}")
        let cut = result.utf8.count - 3
        var playbook = try Playbook(
            Self.recording("c> 1 a\ns> 1 = {\"a\":1}\ns> - n", cuts: [[cut], nil]))
        playbook.play("c> \(id) a")
        #expect(
            playbook.text == Dialogue.expanded("c> \(id) a")
                + "\ns> {\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":{\"a\":…\ns> 1}}\ns>+ " + Dialogue.message("- n"))
    }

    @Test func aCutInsideAnIDComesBehindTheLiveOne() throws {
        var playbook = try Playbook(Self.recording("c> \"abcdefgh\" a\ns> \"abcdefgh\" =\ns> - n", cuts: [[26], nil]))
        playbook.play("c> 12345 a")
        #expect(
            playbook.text == Dialogue.expanded("c> 12345 a")
                + "\ns> {\"jsonrpc\":\"2.0\",\"id\":12345…\ns> ,\"result\":{}}\ns>+ " + Dialogue.message("- n"))
    }

    @Test(arguments: [1, 2, 24, 30])
    func cutsBeforeALongerOrShorterIDLoseNoByte(cut: Int) throws {
        for (recorded, live) in [("1", "\"a-long-id\""), ("\"a-long-id\"", "1")] {
            let result = Dialogue.message("\(recorded) =")
            let recording = Self.recording("c> \(recorded) a\ns> \(recorded) =", cuts: [[cut, result.utf8.count + 1]])
            var replayer = try StdioReplayer(recording)
            let request = bytes(Dialogue.message("\(live) a") + "\n")
            let writes = replayer.receive(request.span, at: 0).map { action in
                if case .write(let bytes) = action { text(bytes) } else { "?" }
            }
            #expect(writes.joined() == Dialogue.message("\(live) =") + "\n")
            #expect(writes.count == 2)
        }
    }
}
