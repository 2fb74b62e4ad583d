import Foundation
import RepriseScenarios
import Testing

/// One scenario with one seed, as an argument of a test.
///
///     @Test(arguments: ScenarioCase.all(in: "../../scenarios/reconnect-storm"))
///     func reconnectStorm(_ scenario: ScenarioCase) { scenario.check() }
public struct ScenarioCase: Sendable, CustomTestStringConvertible {
    /// What a failing case is called: `rs-01 seed 7`.
    public var testDescription: String
    private let content: Content

    private enum Content: Sendable {
        case run(LoadedScenario, seed: UInt64)
        /// There is nothing to run, and why; kept, so that the test fails where it checks, and not before it starts.
        case unreadable(String)
    }

    /// All scenarios of a file, or of all `*.yaml` below a folder, each with each of its seeds.
    ///
    /// The path is relative to the folder of the source file. `SCENARIO_SEEDS`, a seed or a range such as `1...100`,
    /// comes before `seeds`, which come before those in the files. What cannot be read becomes a case that fails.
    public static func all(
        in path: String, seeds: ClosedRange<UInt64>? = nil, filePath: String = #filePath
    ) -> [ScenarioCase] {
        let place = TestPath.shown(path, besides: filePath)
        let chosen: [UInt64]?
        let files: [String]
        do {
            chosen = try TestEnvironment.seeds() ?? seeds.map(Array.init)
            files = try ScenarioLibrary.onDisk.paths(at: place)
        } catch {
            return [ScenarioCase(testDescription: path, content: .unreadable("\(error)"))]
        }
        return files.flatMap { file in
            do {
                let loaded = try ScenarioLibrary.onDisk.scenario(at: file)
                return loaded.onEachRevision.flatMap { loaded in
                    (chosen ?? loaded.scenario.seeds).map {
                        ScenarioCase(
                            testDescription: "\(loaded.scenario.label) seed \($0)", content: .run(loaded, seed: $0))
                    }
                }
            } catch {
                return [ScenarioCase(testDescription: file, content: .unreadable("\(error)"))]
            }
        }
    }

    /// Runs the case on the calling thread; every mismatch makes an issue at the line of this call.
    ///
    /// The issue tells the first mismatch and ends with the command that runs exactly this case again; the transcript
    /// and the scenario's recordings are attached.
    public func check(sourceLocation: SourceLocation = #_sourceLocation) {
        switch content {
        case .unreadable(let problem):
            Issue.record("\(problem)", sourceLocation: sourceLocation)
        case .run(let loaded, let seed):
            let result = loaded.run(seed: seed)
            guard !result.isPassed else { return }
            let name = "\(result.name.replacing(" ", with: "-"))-seed-\(seed)"
            Attachment.record(result.transcript, named: "\(name)-transcript.txt", sourceLocation: sourceLocation)
            for (path, recording) in loaded.recordings.sorted(by: { $0.key < $1.key }) {
                let file = path.split(separator: "/").last ?? "recording.jsonl"
                Attachment.record(recording.encoded, named: "\(name)-\(file)", sourceLocation: sourceLocation)
            }
            Issue.record("\(result.report)", sourceLocation: sourceLocation)
        }
    }
}

extension ScenarioLibrary {
    /// The scenarios on disk.
    static let onDisk = ScenarioLibrary(
        entry: { path in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw TestFileError(problem: "no such file or folder")
            }
            guard isFolder.boolValue else { return .file }
            return .folder(try TestFileError.naming { try FileManager.default.contentsOfDirectory(atPath: path) })
        },
        contents: { path in try TestFileError.naming { Array(try Data(contentsOf: URL(filePath: path))) } })
}
