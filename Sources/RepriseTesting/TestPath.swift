import Foundation

/// Paths that tests name relative to their own source file.
enum TestPath {
    /// The path as it is shown and opened: relative to the working folder where it lies below that, else absolute.
    static func shown(
        _ path: String, besides filePath: String,
        workingFolder: String = FileManager.default.currentDirectoryPath
    ) -> String {
        let folder = URL(filePath: filePath).deletingLastPathComponent()
        let whole = (path.hasPrefix("/") ? URL(filePath: path) : folder.appending(path: path)).standardized.path
        let root = URL(filePath: workingFolder).standardized.path
        return whole.hasPrefix(root + "/") ? String(whole.dropFirst(root.utf8.count + 1)) : whole
    }
}
