import Foundation
import RepriseRecording

/// A fresh folder for one test; gone when the value goes.
final class TestFolder: Sendable {
    /// Its absolute path, without symbolic links.
    let path: String

    init() throws {
        var template = Array((FileManager.default.temporaryDirectory.path + "/reprise-tests-XXXXXX").utf8CString)
        guard let made = mkdtemp(&template), let real = realpath(made, nil) else { throw HarnessError("no folder") }
        defer { free(real) }
        path = String(cString: real)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in the folder.
    func file(_ name: String) -> String { path + "/" + name }

    /// Writes a new file and gives its path.
    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, to name: String, mode: Int = 0o600) throws -> String {
        let file = file(name)
        try Data(bytes).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    @discardableResult
    func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        try write(Array(text.utf8), to: name, mode: mode)
    }

    /// What is in a file, nothing where there is none yet.
    func bytes(of name: String) throws -> [UInt8] {
        guard access(file(name), F_OK) == 0 else { return [] }
        return Array(try Data(contentsOf: URL(filePath: file(name))))
    }

    func recording(_ name: String) throws -> Recording {
        try RecordingReader.read(try bytes(of: name))
    }

    /// The names of the files in the folder, in alphabetical order.
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

/// The programs under test.
enum Program {
    /// The `reprise` that was built with these tests; it lies beside the test bundle.
    static let reprise: String = {
        let places = [CommandLine.arguments[0], Bundle.main.executablePath ?? ""] + Bundle.allBundles.map(\.bundlePath)
        let folders = places.map { URL(filePath: $0).deletingLastPathComponent().path }
        return folders.map { $0 + "/reprise" }.first { access($0, X_OK) == 0 } ?? folders[0] + "/reprise"
    }()

    static let python: String? = find("python3")

    /// Where PATH finds a program.
    static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}

/// The harness itself could not do its work, or a deadline passed.
struct HarnessError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
