import Foundation
import Testing

/// The Swift code is formatted as the configuration in the root says.
@Suite struct FormatTests {
    /// Runs `swift format lint --strict` in a folder. It takes no lock of SwiftPM's, so a running `swift test` is no harm.
    static func lint(_ paths: [String], in folder: URL) async throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["swift", "format", "lint", "--strict", "-r", "-p"]
            + ["--configuration", Repository.root.appendingPathComponent(".swift-format").path] + paths
        process.currentDirectoryURL = folder
        // A file and no pipe: a child that another test starts could hold the pipe open.
        let log = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-lint-\(UUID().uuidString)")
        try Data().write(to: log)
        defer { try? FileManager.default.removeItem(at: log) }
        let handle = try FileHandle(forWritingTo: log)
        defer { try? handle.close() }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return (process.terminationStatus, String(decoding: try Data(contentsOf: log), as: UTF8.self))
    }

    @Test(.enabled(if: Repository.hasProgram("swift"), "swift is not on PATH, so that its formatter cannot be run"))
    func everyFileIsFormatted() async throws {
        let result = try await Self.lint(["Sources", "Tests", "Package.swift"], in: Repository.root)
        #expect(result.status == 0, "\(result.output)")
    }

    @Test(.enabled(if: Repository.hasProgram("swift"), "swift is not on PATH, so that its formatter cannot be run"))
    func aFileOutOfFormatIsFound() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "func  f(){\n}\n".write(to: folder.appendingPathComponent("A.swift"), atomically: true, encoding: .utf8)
        let result = try await Self.lint(["A.swift"], in: folder)
        #expect(result.status == 1)
        #expect(result.output.contains("A.swift:1:"))
    }
}
