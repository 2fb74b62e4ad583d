import Foundation

/// One text file of the repository, or a sample of one that a test made up.
struct SourceFile: Sendable {
    /// Relative to the root of the repository, with `/` between the parts.
    var path: String
    var text: String

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    var stem: String { name.split(separator: ".").first.map(String.init) ?? name }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var isMarkdown: Bool { path.hasSuffix(".md") }

    func isUnder(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }

    /// The name of the folder below `Sources` or `Tests` that the file lies in.
    var module: String? {
        let parts = path.split(separator: "/")
        guard parts.count >= 3, parts[0] == "Sources" || parts[0] == "Tests" else { return nil }
        return String(parts[1])
    }

    /// The lines without their ends, empty ones included.
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// What a check found: where, and what is wrong there.
struct Violation: Equatable, Sendable, CustomStringConvertible {
    var path: String
    var line: Int
    var problem: String

    var description: String { "\(path):\(line): \(problem)" }
}

extension [Violation] {
    /// One violation a line, so that a failed expectation reads as a list.
    var report: String { map(\.description).joined(separator: "\n") }
}

/// The repository that these tests were built from.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath, isDirectory: false)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every file that is UTF-8 text, by path. What is built, and what editors leave behind, is not part of it.
    static let files: [SourceFile] = paths.compactMap { path in
        guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path) else {
            return nil
        }
        return String(validating: data, as: UTF8.self).map { SourceFile(path: path, text: $0) }
    }

    /// The paths of all files, text or not, in order.
    ///
    /// Beside what is listed here, somebody's notes and recordings may lie in the root without failing a test.
    static let paths: [String] = {
        let inRoot = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        var found = inRoot.filter { $0.hasSuffix(".md") || $0.hasSuffix(".swift") || rootFiles.contains($0) }
        var pending = inRoot.filter(rootFolders.contains)
        while let folder = pending.popLast() {
            let url = root.appendingPathComponent(folder, isDirectory: true)
            for name in (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [] {
                guard !ignoredNames.contains(name) else { continue }
                let path = folder + "/" + name
                var isFolder: ObjCBool = false
                let exists = FileManager.default.fileExists(
                    atPath: root.appendingPathComponent(path).path, isDirectory: &isFolder)
                guard exists else { continue }
                if isFolder.boolValue { pending.append(path) } else { found.append(path) }
            }
        }
        return found.sorted()
    }()

    private static let rootFiles: Set = [".gitignore", ".swift-format", "LICENSE", "Makefile", "NOTICE"]
    private static let rootFolders: Set = [
        ".ci", ".github", "Benchmarks", "Fuzz", "Sources", "Tests", "docs", "recordings", "scenarios", "scripts",
    ]
    private static let ignoredNames: Set = [".build", ".swiftpm", ".venv", ".DS_Store", "__pycache__"]

    static let swiftSources = files.filter { $0.isSwift && $0.isUnder("Sources") }
    static let swiftTests = files.filter { $0.isSwift && $0.isUnder("Tests") }

    static func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }

    /// Whether a program is on PATH.
    static func hasProgram(_ name: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }
}
