import Foundation
import MCPCore
import RepriseRecording
import Synchronization
import Testing

/// Gives a test a recording as its server, in virtual time: see ``Testing/Trait/recording(_:mode:from:)``.
public struct RecordingTrait: TestTrait, TestScoping {
    let path: String
    let mode: RecordMode
    let source: RecordingSource?

    /// Runs the test against its recording, or against the source while it is recorded.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let sourceLocation = test.sourceLocation
        let place = TestPath.shown(path, besides: sourceLocation.filePath)
        let seed: UInt64
        var mode = mode
        do {
            seed = try TestEnvironment.seeds()?.first ?? 1
            mode = try RecordMode.chosen() ?? mode
        } catch {
            Issue.record("\(error)", sourceLocation: sourceLocation)
            return
        }
        let run = RecordingRun(path: place, source: source, seed: seed, sourceLocation: sourceLocation)
        let isMissing = !FileManager.default.fileExists(atPath: place)
        switch mode {
        case .missing where isMissing, .failed where isMissing, .all:
            try await run.record(function)
        case .failed where source != nil:
            if try await !run.replaysQuietly(function) { try await run.record(function) }
        case .never, .missing, .failed:
            if isMissing { run.reportMissing() } else { try await run.replay(function) }
        }
    }
}

extension Trait where Self == RecordingTrait {
    /// Runs the test in virtual time with the server that a recording plays: ``TestServer/current``.
    ///
    ///     @Test(.recording("recordings/git.stdio.jsonl"))
    ///     func theLogIsRead() async throws {
    ///         let server = try TestServer.current
    ///         try await withConnectionManager(
    ///             servers: [server.configuration], connector: server.connector, time: server.time, seed: server.seed
    ///         ) { manager in
    ///             try await manager.ready(server.configuration.name)
    ///         }
    ///     }
    ///
    /// The path is relative to the folder of the source file. The test fails on what it sends that was not recorded,
    /// and on what was recorded and never came; the issue stands at the line of the test, ends with the command that
    /// runs the test again, and has transcript and recording attached. `mode` says when the recording is made anew,
    /// from `source`; only the recording of a test that passed is written. Only structured concurrency stays in virtual
    /// time (see `Simulation`); a body that still waits after it was cancelled ends the process, with a message.
    public static func recording(
        _ path: String, mode: RecordMode = .never, from source: RecordingSource? = nil
    ) -> RecordingTrait {
        RecordingTrait(path: path, mode: mode, source: source)
    }
}
