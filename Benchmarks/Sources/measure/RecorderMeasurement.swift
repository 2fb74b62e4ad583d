import RepriseRecording
import RepriseRedaction
import RepriseReplay

/// What recording a typical call costs in the processor, step by step and without any input or output.
enum RecorderMeasurement {
    private static let callCount = 5_000

    static func run(rounds: Int) throws {
        var figures = Figures()
        for _ in 0..<rounds {
            var recorder = StdioRecorder()
            var events: [Event] = []
            events.reserveCapacity(callCount * 2)
            let chunks: [(Pipe, [UInt8])] = (1...callCount).flatMap { number in
                [
                    (Pipe.stdin, Array((Traffic.request(number) + "\n").utf8)),
                    (Pipe.stdout, Array((Traffic.answer(number) + "\n").utf8)),
                ]
            }
            let recording = seconds {
                for (pipe, chunk) in chunks {
                    if case .events(let found) = recorder.receive(chunk.span, on: pipe, at: 1) { events += found }
                }
            }
            var redactor = try EventRedactor(rules: .standard)
            let redaction = seconds {
                for index in events.indices { events[index] = redactor.redact(events[index]) }
            }
            var encoder = RecordingEncoder()
            let encoding = seconds {
                for event in events { use(encoder.encode(event)) }
            }
            figures.add(recording / Double(callCount) * 1e6, to: "chunks to events")
            figures.add(redaction / Double(callCount) * 1e6, to: "redaction")
            figures.add(encoding / Double(callCount) * 1e6, to: "events to lines, digest included")
        }
        figures.print(unit: "µs a call", digits: 2)
    }
}
