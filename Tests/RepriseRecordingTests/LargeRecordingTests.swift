import RepriseRecording
import Testing
import MCPCore

/// Sizes that real sessions reach.
@Suite struct LargeRecordingTests {
    @Test func longLinesOfEveryFormComeBack() throws {
        var random = SplitMix64(seed: 64)
        let count = 64 << 10
        let json = bytes("{\"data\":\"\(String(repeating: "x\\n", count: count / 3))\"}\n")
        let prose = bytes(String(repeating: "é\t", count: count / 3)) + [0x0A]
        let binary = (0..<count).map { _ in UInt8(random.below(256)) }.map { $0 == 0x0A ? 0x0B : $0 } + [0x0A]
        for line in [json, prose, binary] {
            let event = lineEvent(Frame(line: line, cuts: [.init(offset: count / 2, age: 1)]))
            #expect(try reread(event) == event)
        }
    }

    @Test func aHundredThousandEventsComeBack() throws {
        let count = 100_000
        var encoder = RecordingEncoder()
        var file = encoder.encode(sampleHeader)
        for index in 0..<count {
            let frame = Frame(line: bytes("{\"id\":\(index)}\n"))
            file += encoder.encode(lineEvent(frame, at: Int64(index)))
        }
        file += encoder.finish(at: Int64(count))
        let read = try RecordingReader.read(file)
        #expect(read.completion == .finished)
        #expect(read.events.count == count + 1)
        let places = [0, 1, count / 2, count - 1]
        #expect(places.map { read.events[$0].time } == places.map { Int64($0) })
        #expect(read.events[count - 1].frame?.wireBytes?.count == 13)
    }
}
