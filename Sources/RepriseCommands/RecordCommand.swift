import ArgumentParser
import Foundation
import RepriseProxy

/// `reprise record`: stands where a client expects its stdio server, and records what passes.
struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record the session of a stdio server: put it in front of the server's command.",
        discussion: """
            In an MCP client's configuration, replace the server's command by `reprise` and its arguments by \
            `record -- COMMAND ARGUMENTS…`. The session runs as before. Secrets are replaced by placeholders before \
            anything is written. The recorder ends as the command ended: same exit code, same signal; 127 for a \
            command that is not found, 126 for one that cannot be started.
            """)

    @Option(help: "The file to write; an existing one is left alone and the new one numbered.")
    var out: String?

    @Option(help: "Rules of redaction: standard, none, or a file with further rules.")
    var redact = "standard"

    @Argument(parsing: .postTerminator, help: "The server's command line, after `--`.")
    var command: [String]

    func validate() throws {
        guard let first = command.first, !first.isEmpty else {
            throw ValidationError("There is no command to record. Type it after `--`: reprise record -- COMMAND…")
        }
    }

    func run() throws {
        let now = Date()
        let path =
            out
            ?? RecordingLocation.path(
                for: command[0], time: now.formatted(Self.fileTime), process: getpid(),
                environment: ProcessInfo.processInfo.environment)
        if path == nil {
            say("not recording, the session goes on: neither XDG_STATE_HOME nor HOME is set; name a file with --out")
        }
        let configuration = StdioProxy.Configuration(
            command: command, path: path, redaction: try RulesOption.rules(redact), recorder: programVersion,
            start: now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        do {
            try StdioProxy.run(configuration)
        } catch let error as ServerProcess.StartError {
            say("\(error)")
            Foundation.exit(error.exitCode)
        } catch let error as SystemError {
            say("cannot start \"\(command[0])\": \(error)")
            Foundation.exit(126)
        }
    }

    private static let fileTime = Date.ISO8601FormatStyle(
        dateSeparator: .omitted, dateTimeSeparator: .standard, timeSeparator: .omitted)
}
