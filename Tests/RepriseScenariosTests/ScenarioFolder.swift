import Foundation
import RepriseRecording
import RepriseScenarios

/// The scenarios of the repository.
enum ScenarioFolder {
    static let root = URL(fileURLWithPath: #filePath, isDirectory: false)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The paths of all scenarios, relative to the repository, in order.
    static let paths: [String] = {
        let folder = root.appendingPathComponent("scenarios").resolvingSymlinksInPath()
        let found = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return found.filter { $0.hasSuffix(".yaml") }.map { "scenarios/\($0)" }.sorted()
    }()

    /// All but those of ten thousand clients or messages.
    static let small = paths.filter { !$0.contains("/rs-10") && !$0.contains("/sr-02") }

    /// The text of a path.
    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The scenario of a path.
    static func scenario(_ path: String) throws -> Scenario { try Scenario(yaml: try text(path), path: path) }

    /// What runs the scenario of a path, with the first of its revisions.
    static func runner(_ path: String) throws -> ScenarioRunner { try runner(path, scenario(path)) }

    /// What runs the scenario of a path with each of its revisions.
    static func runners(_ path: String) throws -> [ScenarioRunner] {
        try scenario(path).onEachRevision.map { try runner(path, $0) }
    }

    private static func runner(_ path: String, _ scenario: Scenario) throws -> ScenarioRunner {
        let folder = root.appendingPathComponent(path).deletingLastPathComponent()
        var recordings: [String: Recording] = [:]
        for name in scenario.recordingPaths {
            let bytes = try Data(contentsOf: folder.appendingPathComponent(name).standardizedFileURL)
            recordings[name] = try RecordingReader.read(Array(bytes))
        }
        return ScenarioRunner(scenario, recordings: recordings)
    }

    /// One scenario at a time: a long run would keep a thread from all other tests.
    private static let queue = DispatchQueue(label: "scenarios")

    /// What `body` gives, outside of the threads that tests share.
    static func aside<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
