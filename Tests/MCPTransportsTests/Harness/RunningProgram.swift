import Foundation

/// A program that serves HTTP on this machine until it is told to stop, and says where on standard error.
final class RunningProgram {
    /// Where it is: the first URL that it names, but for one that is known already.
    let url: String
    private let process = Process()
    private let input = Pipe()

    /// Starts a command and waits for its URL; throws when it ends without one.
    init(_ command: [String], besides known: String? = nil) throws {
        let errors = Pipe()
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = input
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        var said = ""
        var found: String?
        while found == nil {
            let more = errors.fileHandleForReading.availableData
            guard !more.isEmpty else { throw RunningProgramError(description: "\(command) names no URL: \(said)") }
            said += String(decoding: more, as: UTF8.self)
            let lines = said.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            found = lines.flatMap { $0.split { " \"'()<>,;".contains($0) } }.map(String.init)
                .first { $0.hasPrefix("http://") && $0 != known }
        }
        // What it says later must not make it wait.
        errors.fileHandleForReading.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
        url = found ?? ""
    }

    /// A server of the SDK over HTTP, which ends with the process of the tests at the latest.
    static func sdk(
        _ version: String, _ program: String = "everything_server.py", options: [String] = []
    ) throws -> RunningProgram {
        try RunningProgram(SDK.command(version, program) + ["--http", "0", "--until-end-of-input"] + options)
    }

    /// Ends it as Ctrl-C does, and waits for its end.
    func stop() {
        process.interrupt()
        process.waitUntilExit()
    }

    deinit {
        // A server that shuts down in order waits for sessions that nobody ends.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}

/// Why a program is of no use.
struct RunningProgramError: Error, CustomStringConvertible {
    var description: String
}

/// A folder that is gone after the test.
final class TestFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
