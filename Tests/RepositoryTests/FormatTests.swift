import Foundation
import TestSupport
import Testing

/// The Swift code is formatted as the configuration in the root says.
@Suite(
    .ownThreads, .enabled(if: Repository.hasProgram("swift"), "swift is not on PATH, so its formatter cannot be run"))
struct FormatTests {
    /// Runs `swift format lint --strict`. It takes no lock of SwiftPM's, so a running `swift test` is no harm.
    static func lint(_ paths: [String]) throws -> Finished {
        let command = ["swift", "format", "lint", "--strict", "-r", "-p"]
        let configuration = ["--configuration", Repository.root.appendingPathComponent(".swift-format").path]
        return try RunningProcess.run(command + configuration + paths, deadline: 300)
    }

    @Test func everyFileIsFormatted() throws {
        let paths = ["Sources", "Tests", "Package.swift"].map { Repository.root.appendingPathComponent($0).path }
        let finished = try Self.lint(paths)
        #expect(finished.ending == .exit(0), "\(finished.error)")
    }

    @Test func aFileOutOfFormatIsFound() throws {
        let folder = try TestFolder()
        let finished = try Self.lint([try folder.write("func  f(){\n}\n", to: "A.swift")])
        #expect(finished.ending == .exit(1))
        #expect(finished.error.contains("A.swift:1:"))
    }
}
