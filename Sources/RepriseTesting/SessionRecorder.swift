import Foundation
import MCPCore
import MCPWire
import RepriseRecording
import RepriseReplay
import Synchronization
import Testing

/// Records what passes between a test and the source of its recording, as a session of stdio.
final class SessionRecorder: Sendable {
    private struct State {
        var recorder = StdioRecorder()
        var events: [Event] = []
        var connectionCount = 0
        var bug: String?

        mutating func take(_ outcome: StdioRecorder.Outcome) {
            switch outcome {
            case .events(let new): events += new
            case .bug(let text): bug = bug ?? text
            }
        }
    }

    private let state = Mutex(State())
    private let time: any TimeSource

    init(time: any TimeSource) {
        self.time = time
    }

    /// What connects through `source`, recorded.
    func connector(to source: any MessageConnector) -> any MessageConnector {
        RecordedConnector(source: source, recorder: self)
    }

    /// What was recorded; throws what stands against keeping it.
    func recording(of name: String) throws -> Recording {
        let now = microseconds
        let state = state.withLock { state in
            for pipe in [RepriseRecording.Pipe.stdin, .stdout] { state.take(state.recorder.end(pipe, at: now)) }
            state.take(state.recorder.close(.exit(code: 0), at: now))
            return state
        }
        if let bug = state.bug { throw TestFileError(problem: "a bug in the recorder: \(bug)") }
        guard state.connectionCount == 1 else {
            throw TestFileError(
                problem: "the test connected \(state.connectionCount) times; a test's recording holds one connection")
        }
        let header = Header(
            start: Date.now.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true)) + "Z",
            recorder: "RepriseTesting 0.1.0", transport: "stdio", target: .command(["swift", "test", name]),
            redaction: .none)
        let recording = Recording(header: header, events: state.events)
        if let place = SecretCheck.firstPlace(in: recording) {
            throw TestFileError(
                problem: "\(place) looks like a secret, so nothing was written; use `reprise record`, which redacts")
        }
        return recording
    }

    private var microseconds: Int64 { time.now.nanoseconds / 1000 }

    fileprivate func opened() {
        let now = microseconds
        state.withLock {
            $0.connectionCount += 1
            if $0.connectionCount == 1 { $0.take($0.recorder.open(at: now)) }
        }
    }

    /// A message is a line; line feeds within one stand between its tokens, where a space is as good.
    fileprivate func note(_ message: [UInt8], on pipe: RepriseRecording.Pipe) {
        let now = microseconds
        let line = message.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } + [0x0A]
        state.withLock { $0.take($0.recorder.receive(line.span, on: pipe, at: now)) }
    }
}

private struct RecordedConnector: MessageConnector {
    let source: any MessageConnector
    let recorder: SessionRecorder

    func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream {
        let stream = try await source.connect(to: server)
        recorder.opened()
        return RecordedStream(source: stream, recorder: recorder)
    }
}

private struct RecordedStream: MessageStream {
    let source: any MessageStream
    let recorder: SessionRecorder

    func send(_ message: [UInt8]) async throws(TransportFailure) {
        // Before it is sent, so that no answer stands before its request.
        recorder.note(message, on: .stdin)
        try await source.send(message)
    }

    func next() async -> StreamEvent? {
        let event = await source.next()
        if case .message(let message) = event { recorder.note(message, on: .stdout) }
        return event
    }

    func close() async { await source.close() }
}
