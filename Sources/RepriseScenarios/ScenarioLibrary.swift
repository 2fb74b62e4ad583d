import RepriseRecording

/// Finds scenario files and reads them with their recordings, through functions that the caller gives.
///
/// This module touches no files itself; the command and the surface for tests bring their own functions.
public struct ScenarioLibrary: Sendable {
    /// What stands at a path.
    public enum Entry: Sendable, Equatable {
        case file
        /// A folder with the names of what it holds, in any order.
        case folder([String])
    }

    /// Folders within folders; more is taken for a loop of links.
    public static let depthMax = 32

    private let entry: @Sendable (String) throws -> Entry
    private let contents: @Sendable (String) throws -> [UInt8]

    /// A library over a file system: `entry` says what a path is, `contents` gives a file's bytes; both may throw.
    public init(
        entry: @escaping @Sendable (String) throws -> Entry, contents: @escaping @Sendable (String) throws -> [UInt8]
    ) {
        self.entry = entry
        self.contents = contents
    }

    /// The scenario files at a path, in the order of their paths: a file itself, or all `*.yaml` below a folder.
    ///
    /// Names that begin with a dot are left out. Throws ``ScenarioLibraryError`` for a folder without any.
    public func paths(at path: String) throws(ScenarioLibraryError) -> [String] {
        let found = try paths(at: path, depth: 0)
        guard !found.isEmpty else { throw .noScenario(path: path) }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func paths(at path: String, depth: Int) throws(ScenarioLibraryError) -> [String] {
        guard depth <= Self.depthMax else {
            throw .unreadable(path: path, reason: "more than \(Self.depthMax) folders within each other")
        }
        let entry: Entry
        do { entry = try self.entry(path) } catch { throw .unreadable(path: path, reason: "\(error)") }
        guard case .folder(let names) = entry else { return depth == 0 || path.hasSuffix(".yaml") ? [path] : [] }
        var found: [String] = []
        for name in names where !name.hasPrefix(".") {
            found += try paths(at: Self.join(path, name), depth: depth + 1)
        }
        return found
    }

    /// The scenario in a file, with the recordings that it names; throws ``ScenarioLibraryError`` with the place.
    public func scenario(at path: String) throws(ScenarioLibraryError) -> LoadedScenario {
        let bytes: [UInt8]
        do { bytes = try contents(path) } catch { throw .unreadable(path: path, reason: "\(error)") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "it is not UTF-8")
        }
        let scenario: Scenario
        do { scenario = try Scenario(yaml: text, path: path) } catch { throw .invalid(error) }
        var recordings: [String: Recording] = [:]
        for name in scenario.recordingPaths {
            let place = Self.join(Self.folder(of: path), name)
            do {
                recordings[name] = try RecordingReader.read(contents(place))
            } catch {
                throw .recording(scenario: path, path: place, reason: "\(error)")
            }
        }
        return LoadedScenario(scenario: scenario, recordings: recordings)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func join(_ folder: String, _ name: String) -> String {
        if name.hasPrefix("/") || folder == "." { return name }
        return folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }
}

/// A scenario with the recordings that it needs, ready to run.
public struct LoadedScenario: Sendable {
    /// The scenario itself.
    public var scenario: Scenario
    /// By the path in its file.
    public var recordings: [String: Recording]

    /// Runs it with a seed, on the calling thread.
    public func run(seed: UInt64) -> ScenarioResult {
        ScenarioRunner(scenario, recordings: recordings).run(seed: seed)
    }

    /// The same with each of its revisions; a scenario runs with one of them.
    public var onEachRevision: [LoadedScenario] {
        scenario.onEachRevision.map { LoadedScenario(scenario: $0, recordings: recordings) }
    }

    /// The name of the folder in which its file stands: its family.
    public var family: String {
        let folders = scenario.path.split(separator: "/").dropLast()
        return folders.last { $0 != "." && $0 != ".." }.map(String.init) ?? "scenarios"
    }
}

/// Why scenarios cannot be found or read.
public enum ScenarioLibraryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A file or folder is not there, or cannot be read.
    case unreadable(path: String, reason: String)
    /// A folder holds no `*.yaml`.
    case noScenario(path: String)
    /// A file is no scenario.
    case invalid(ScenarioError)
    /// A recording that a scenario names is not there, or cannot be read.
    case recording(scenario: String, path: String, reason: String)

    /// One sentence that begins with the path at fault.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): \(reason)"
        case .noScenario(let path): "\(path): there is no scenario, no file that ends in .yaml"
        case .invalid(let error): "\(error)"
        case .recording(let scenario, let path, let reason):
            "\(scenario): its recording \(path) cannot be read: \(reason)"
        }
    }
}
