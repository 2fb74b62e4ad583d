import RepriseRecording
import RepriseReplay

/// The replayer alone, without processes and pipes: loading a recording, and the time that each call takes.
enum ReplayMeasurement {
    static func run(rounds: Int) throws {
        var figures = Figures()
        var loads = Figures()
        let recordings = [1_000, 100_000].map { count in
            (count, Array(Traffic.recording(count).utf8), (1...count).map { Array((Traffic.request($0) + "\n").utf8) })
        }
        for _ in 0..<rounds {
            for (count, bytes, lines) in recordings {
                var recording: Recording?
                let reading = try seconds { recording = try RecordingReader.read(bytes) }
                guard let recording else { return }
                var replayer: StdioReplayer?
                let preparing = try seconds { replayer = try StdioReplayer(recording) }
                guard var replayer else { return }
                var writeCount = 0
                let replaying = seconds {
                    writeCount += replayer.start(at: 0).count
                    for line in lines { writeCount += replayer.receive(line.span, at: 1).count }
                }
                precondition(writeCount == count, "\(writeCount) answers to \(count) calls")
                figures.add(replaying / Double(count) * 1e6, to: "replay state machine, \(count) recorded calls")
                loads.add(reading * 1e3, to: "read the recording of \(count) calls")
                loads.add(preparing * 1e3, to: "prepare the replay of \(count) calls")
            }
        }
        figures.print(unit: "µs a call", digits: 2)
        loads.print(unit: "ms", digits: 1)
    }
}
