import MCPWire
import RepriseRecording
import Testing

/// How the end of a file shows whether it was finished, changed, killed or torn.
@Suite struct CompletionTests {
    private static let events = [
        Event(time: 0, connection: 1, kind: .open),
        lineEvent(Frame(line: bytes(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"# + "\n")), at: 10),
        lineEvent(Frame(line: bytes("no JSON é\r\n"), cuts: [.init(offset: 3, age: 4)]), at: 20, .serverToClient),
        lineEvent(Frame(line: [0xFF, 0xFE]), at: 30, .serverToClient),
        Event(time: 40, connection: 1, kind: .close(.exit(code: 0))),
    ]

    private static var finished: [UInt8] { Recording(header: sampleHeader, events: events).encoded }

    /// The finish line's last byte before its digest.
    private static var finishStart: Int { finished.dropLast().lastIndex(of: 0x0A)! + 1 }

    @Test func theFinishLineCountsAndDigestsWhatStandsBeforeIt() throws {
        let digest = SHA256.hexadecimal(of: Self.finished[..<Self.finishStart])
        let finish = text(Self.finished[Self.finishStart...])
        #expect(finish == #"{"t":40,"e":"finish","events":5,"sha256":"\#(digest)"}"# + "\n")
        let read = try RecordingReader.read(Self.finished)
        #expect(read.completion == .finished)
        #expect(read.tornByteCount == nil)
        #expect(read.header == sampleHeader)
    }

    @Test func anyByteChangedBeforeTheFinishLineIsNoticed() throws {
        var noticedCount = 0
        for index in 0..<Self.finishStart {
            for change: UInt8 in [0x01, 0x10, 0x80] {
                var changed = Self.finished
                changed[index] ^= change
                // A change that breaks the grammar is noticed as well.
                guard let read = try? RecordingReader.read(changed) else { continue }
                #expect(read.completion == .changed, "byte \(index) ^ \(change)")
                noticedCount += 1
            }
        }
        #expect(noticedCount > 100)
    }

    @Test func aLineTakenOutOrPutInIsNoticed() throws {
        let lines = Self.finished.split(separator: 0x0A, omittingEmptySubsequences: false)
        var fewer = lines
        fewer.remove(at: 2)
        var more = lines
        more.insert(lines[2], at: 2)
        var renamed = lines
        renamed[0] = bytes(text(lines[0]).replacing("server", with: "other")).dropFirst(0)
        for changed in [fewer, more, renamed] {
            let read = try RecordingReader.read(Array(changed.joined(separator: [0x0A])))
            #expect(read.completion == .changed)
            #expect(read.tornByteCount == nil)
        }
    }

    @Test func aFileWithoutAFinishLineIsUnfinished() throws {
        let read = try RecordingReader.read(Array(Self.finished[..<Self.finishStart]))
        #expect(read.completion == .unfinished)
        #expect(read.events == Self.events)
        #expect(read.tornByteCount == nil)
        #expect(read.encoded == Array(Self.finished[..<Self.finishStart]))
    }

    @Test func aHeaderAloneIsAnEmptyRecording() throws {
        let read = try RecordingReader.read(lines(of: [])[0])
        #expect(read.events.isEmpty)
        #expect(read.completion == .unfinished)
    }

    @Test("S-173: a file cut at any byte reads as a prefix of its events, the torn line named")
    func aFileCutAtAnyByteReadsAsAPrefix() throws {
        let whole = try RecordingReader.read(Self.finished)
        let headerEnd = Self.finished.firstIndex(of: 0x0A)! + 1
        for end in 0..<headerEnd {
            #expect(throws: RecordingError.self) { try RecordingReader.read(Array(Self.finished[..<end])) }
        }
        for end in headerEnd...Self.finished.count {
            let file = Array(Self.finished[..<end])
            let read = try RecordingReader.read(file)
            let isWholeButLineFeed = end < Self.finished.count && Self.finished[end] == 0x0A
            let eventCount = file.count { $0 == 0x0A } - 1 + (isWholeButLineFeed ? 1 : 0)
            #expect(read.events == Array(whole.events.prefix(eventCount)), "cut at \(end)")
            let torn = end - file.lastIndex(of: 0x0A)! - 1
            #expect(read.tornByteCount == (torn == 0 || isWholeButLineFeed ? nil : torn), "cut at \(end)")
            let isFinished = end >= Self.finished.count - 1
            #expect(read.completion == (isFinished ? .finished : .unfinished), "cut at \(end)")
        }
    }

    @Test func bytesBehindTheFinishLineAreNamed() throws {
        let read = try RecordingReader.read(Self.finished + bytes("{\"t\":"))
        #expect(read.tornByteCount == 5)
        #expect(read.events.count == Self.events.count + 1)
        // Even a whole event there was not written by a recorder.
        let event = bytes(#"{"t":1,"e":"open"}"#)
        #expect(try RecordingReader.read(Self.finished + event).tornByteCount == event.count)
    }

    @Test func anEditedRecordingIsFinishedAgainWhenItIsEncoded() throws {
        var read = try RecordingReader.read(Self.finished)
        read.events.remove(at: 1)
        let again = try RecordingReader.read(read.encoded)
        #expect(again.completion == .finished)
        #expect(again.events.dropLast().elementsEqual(read.events.dropLast()))
        #expect(again.events.last?.time == 40)
    }
}
