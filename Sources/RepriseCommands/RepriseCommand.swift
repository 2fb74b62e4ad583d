import ArgumentParser
import Foundation
import MCPTransports
import RepriseProxy

/// The root of the command line: one verb a file.
public struct RepriseCommand: ParsableCommand {
    /// Name, abstract and verbs as `--help` prints them.
    public static let configuration = CommandConfiguration(
        commandName: "reprise",
        abstract: "Record MCP sessions, replay them, verify servers with them, and rehearse what goes wrong.",
        discussion: """
            Exit codes: 0 same or done, 1 differs, missed or failed, 2 usage, 3 the recording or scenario cannot be \
            read, 4 the other side could not be started, 5 escaped from virtual time or not to be judged, 70 a bug in reprise. `record` \
            ends as its command ended.
            """,
        version: programVersion,
        subcommands: [
            RecordCommand.self, ReplayCommand.self, VerifyCommand.self, RunCommand.self, InspectCommand.self,
            DiffCommand.self,
            RedactCommand.self, DemoCommand.self, DemoServerCommand.self,
            StdioPeerCommand.self,
        ])

    /// Made by the argument parser.
    public init() {}

    /// Parses the arguments of this process, runs the verb, and exits with its code.
    public static func runAndExit() -> Never {
        do {
            var command = try parseAsRoot(ClientOptions.arguments(Array(CommandLine.arguments.dropFirst())))
            try command.run()
            try flush()
            Foundation.exit(0)
        } catch {
            Foundation.exit(report(error))
        }
    }

    /// Writes what was printed and still waits; a result that nobody can read is a failure.
    private static func flush() throws {
        guard fflush(nil) == 0 else { throw CommandFailure(.differs, "\(SystemError("cannot write the result"))") }
    }

    /// Says what an error means and gives the exit code for it.
    private static func report(_ error: any Error) -> Int32 {
        if let failure = error as? CommandFailure {
            if let message = failure.message { say(message) }
            return failure.code.rawValue
        }
        if let error = error as? ServerProcess.StartError {
            say("\(error)")
            return CommandFailure.Code.notStarted.rawValue
        }
        let code = exitCode(for: error)
        let message = fullMessage(for: error)
        if code == .success {
            print(message)
            return 0
        }
        if code == .validationFailure {
            FileHandle.standardError.write(Data((message + "\n").utf8))
            return CommandFailure.Code.usage.rawValue
        }
        say("\(error)")
        return CommandFailure.Code.bug.rawValue
    }
}

/// Name and version, as they stand in the header of a recording.
let programVersion = "reprise 0.1.0"
