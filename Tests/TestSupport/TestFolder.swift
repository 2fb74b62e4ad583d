import Foundation

/// A fresh folder for one test; gone when the value goes.
package final class TestFolder: Sendable {
    /// Its absolute path, without symbolic links.
    package let path: String

    package init() throws {
        var template = Array((FileManager.default.temporaryDirectory.path + "/reprise-tests-XXXXXX").utf8CString)
        guard let made = mkdtemp(&template), let real = realpath(made, nil) else { throw HarnessError("no folder") }
        defer { free(real) }
        path = String(cString: real)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in the folder.
    package func file(_ name: String) -> String { path + "/" + name }

    /// Writes a new file and gives its path.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>, to name: String, mode: Int = 0o600) throws -> String {
        let file = file(name)
        try Data(bytes).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    @discardableResult
    package func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        try write(Array(text.utf8), to: name, mode: mode)
    }

    /// What is in a file, nothing where there is none yet.
    package func bytes(of name: String) throws -> [UInt8] {
        guard access(file(name), F_OK) == 0 else { return [] }
        return Array(try Data(contentsOf: URL(filePath: file(name))))
    }

    /// The names of the files in the folder, in alphabetical order.
    package var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}
