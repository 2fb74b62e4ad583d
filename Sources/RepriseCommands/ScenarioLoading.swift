import Foundation
import RepriseProxy
import RepriseScenarios

extension ScenarioLibrary {
    /// The scenarios on disk.
    static let onDisk = ScenarioLibrary(
        entry: { path in
            var status = stat()
            guard stat(path, &status) == 0 else { throw ReasonError() }
            guard status.st_mode & S_IFMT == S_IFDIR else { return .file }
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { throw ReasonError() }
            return .folder(names)
        },
        contents: { path in
            guard access(path, R_OK) == 0 else { throw ReasonError() }
            return try readFile(path)
        })

    /// All scenarios at the given paths, each once; throws ``CommandFailure`` with exit code 3 that names every error.
    func scenarios(at paths: [String]) throws -> [LoadedScenario] {
        var problems: [String] = []
        var seen: Set<String> = []
        var found: [LoadedScenario] = []
        for path in paths {
            do {
                for file in try self.paths(at: path) where seen.insert(file).inserted {
                    do throws(ScenarioLibraryError) {
                        found.append(try scenario(at: file))
                    } catch {
                        problems.append("\(error)")
                    }
                }
            } catch {
                problems.append("\(error)")
            }
        }
        guard problems.isEmpty else {
            throw CommandFailure(.unreadable, problems.joined(separator: "\nreprise: "))
        }
        return found
    }
}

/// Why the last call of the system failed, without the path, which whoever shows it names.
private struct ReasonError: Error, CustomStringConvertible {
    let description = String(cString: strerror(errno))
}
