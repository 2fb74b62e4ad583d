import Foundation
import MCPCore
import RepriseRecording
import RepriseReplay
import RepriseSimulation
import Synchronization
import Testing

/// One run of a test against a recording, or against the source of one.
struct RecordingRun {
    let path: String
    let source: RecordingSource?
    let seed: UInt64
    let sourceLocation: SourceLocation

    typealias Body = @Sendable () async throws -> Void

    private func watch() -> IssueWatch { IssueWatch(TestEnvironment.command()) }

    // MARK: Replaying

    /// The recording is not there, and nothing may be written: the last line says how to make it.
    func reportMissing() {
        let command =
            source == nil
            ? "reprise record --out \(path) -- COMMAND…" : TestEnvironment.command("REPRISE_RECORD=missing")
        Issue.record("there is no recording at \(path); to make it:\n\(command)", sourceLocation: sourceLocation)
    }

    /// Runs the test with the recording as its server; whatever differs makes an issue.
    func replay(_ body: Body) async throws {
        let watch = watch()
        let recording: Recording
        let server: RecordedServer
        do {
            recording = try RecordingReader.read(
                TestFileError.naming { Array(try Data(contentsOf: URL(filePath: path))) })
            server = try RecordedServer(recording)
        } catch {
            watch.record("\(path): \(error)", sourceLocation: sourceLocation)
            return
        }
        let simulation = Simulation(seed: seed, limits: Self.limits)
        simulate(simulation, with: server, watch, body)
        judge(server.reports, watch)
        guard watch.hasFailed else { return }
        let name = URL(filePath: path).lastPathComponent
        Attachment.record(
            simulation.log.description, named: "\(name)-transcript.txt", sourceLocation: sourceLocation)
        Attachment.record(recording.encoded, named: name, sourceLocation: sourceLocation)
    }

    /// Whether the test passes with the recording; its issues are dropped.
    func replaysQuietly(_ body: Body) async throws -> Bool {
        let hasFailed = Flag()
        let trait: IssueHandlingTrait = .compactMapIssues { issue in
            if issue.isFailure { hasFailed.set() }
            return nil
        }
        guard let test = Test.current else { return false }
        try await trait.provideScope(for: test, testCase: Test.Case.current) { try await replay(body) }
        return !hasFailed.isSet
    }

    /// What the recording tells against the test; what is only left over tells nothing of a test that failed already.
    private func judge(_ reports: [ReplayReport], _ watch: IssueWatch) {
        let hasFailed = watch.hasFailed
        if reports.isEmpty, !hasFailed {
            watch.record(
                "the test did not connect to its server, so nothing of \(path) was used",
                sourceLocation: sourceLocation)
        }
        for (index, report) in reports.enumerated() where !report.isSame {
            if hasFailed, report.mismatches.isEmpty { continue }
            let which = reports.count == 1 ? "" : "connection \(index + 1): "
            let first = report.mismatches.first.map { "\(which)\($0)\n" } ?? ""
            let rest = report.description.split(separator: "\n").prefix(40).joined(separator: "\n")
            watch.record("\(path): \(first)\(which)\(rest)", sourceLocation: sourceLocation)
        }
    }

    // MARK: In virtual time

    /// On a busy machine, what escaped from a test takes its time to come back.
    private static let limits = Simulation.Limits(grace: .seconds(2))

    /// Runs the test with a simulated server; what keeps it from its end makes an issue.
    private func simulate(
        _ simulation: Simulation, with server: any SimulatedServer, recorder: SessionRecorder? = nil,
        _ watch: IssueWatch, _ body: Body
    ) {
        let outcome = Mutex<Result<Void, any Error>?>(nil)
        var failure: (any Error)?
        do {
            try withoutActuallyEscaping(body) { body in
                try simulation.run { simulation in
                    let network = Network(simulation)
                    network.add(server, named: TestServer.name)
                    network.observe = { event in simulation.note("#\(event.connection)\t\(event.what)") }
                    let connector = network.connector(client: 0)
                    let testServer = TestServer(
                        connector: recorder?.connector(to: connector) ?? connector, time: simulation.clock, seed: seed)
                    let result = await run(body, with: testServer, watch)
                    outcome.withLock { $0 = result }
                    // What was sent last arrives within the same instant.
                    try await simulation.sleep(until: simulation.now, phase: .observation)
                }
            }
        } catch {
            failure = error
        }
        if let failure { watch.record("\(failure)", sourceLocation: sourceLocation) }
        switch outcome.withLock(\.self) {
        case .failure(let error) where failure == nil || !(error is CancellationError):
            watch.record(error, sourceLocation: sourceLocation)
        case .success, .failure: break
        case nil:
            // The body's task would outlive what it was given.
            fatalError("a test was cancelled because of this, and still waits, so that it cannot be ended")
        }
    }

    private func run(_ body: Body, with server: TestServer, _ watch: IssueWatch) async -> Result<Void, any Error> {
        do {
            try await TestServer.$bound.withValue(server) { try await watch.perform(body) }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    // MARK: Recording

    /// Runs the test with the source as its server, and writes what passed if the test did.
    func record(_ body: Body) async throws {
        let watch = watch()
        let recorder: SessionRecorder
        switch source?.kind {
        case nil:
            return watch.record(
                "there is nothing to record \(path) from: name a source, .recording(…, from:)",
                sourceLocation: sourceLocation)
        case .double(let description):
            let simulation = Simulation(seed: seed, limits: Self.limits)
            recorder = SessionRecorder(time: simulation.clock)
            simulate(simulation, with: ServerDouble(description), recorder: recorder, watch, body)
        case .live(let connect):
            let time = RealTime()
            recorder = SessionRecorder(time: time)
            do {
                let connector = recorder.connector(to: try await connect())
                let server = TestServer(connector: connector, time: time, seed: seed)
                try await run(body, with: server, watch).get()
            } catch {
                watch.record(error, sourceLocation: sourceLocation)
            }
        }
        guard !watch.hasFailed else { return }
        do {
            let recording = try recorder.recording(of: Test.current.map { "\($0.name)" } ?? "")
            try write(recording)
            FileHandle.standardError.write(
                Data("reprise: recorded \(path), \(recording.events.count) events\n".utf8))
        } catch {
            watch.record("\(path): \(error)", sourceLocation: sourceLocation)
        }
    }

    /// Puts the file in its place whole, readable by its owner alone.
    private func write(_ recording: Recording) throws {
        let place = URL(filePath: path)
        let folder = place.deletingLastPathComponent()
        try TestFileError.naming {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        let draft = folder.appending(path: ".\(place.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier)")
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard
            FileManager.default.createFile(
                atPath: draft.path, contents: Data(recording.encoded), attributes: attributes),
            rename(draft.path, place.path) == 0
        else { throw TestFileError(problem: "it cannot be written: \(String(cString: strerror(errno)))") }
    }
}

/// Something that has happened, on whatever thread.
private final class Flag: Sendable {
    private let state = Mutex(false)
    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
}
