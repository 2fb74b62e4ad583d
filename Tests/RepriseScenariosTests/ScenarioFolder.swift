import Foundation
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

    /// The scenario of a path.
    static func scenario(_ path: String) throws -> Scenario {
        let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        return try Scenario(yaml: text, path: path)
    }
}
