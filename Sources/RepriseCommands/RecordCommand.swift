import MCPWire
import ArgumentParser
import Foundation
import MCPTransports
import RepriseProxy
import RepriseReplay

/// `reprise record`: stands where a client expects its server, and records what passes.
struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record the session of a server: put reprise in front of its command, or of its URL.",
        usage: """
            reprise record [--out F] [--redact RULES] -- COMMAND…
            reprise record --url URL [--listen HOST:PORT] [--out F] [--redact RULES]
            """,
        discussion: """
            A stdio server: in an MCP client's configuration, replace the server's command by `reprise` and its \
            arguments by `record -- COMMAND ARGUMENTS…`. The session runs as before. The recorder ends as the command \
            ended: same exit code, same signal; 127 for a command that is not found, 126 for one that cannot be started.

            A server behind a URL: `record --url URL` says on standard error at which URL it listens; give that one to \
            the client. Every path of the server is passed on, logins included. The recorder ends with Ctrl-C. \
            Certificates are checked against those of the system, or of the file that SSL_CERT_FILE names.

            Secrets are replaced by placeholders before anything is written.
            """)

    @Option(help: "Record this server, http or https, instead of a command.")
    var url: String?

    @Option(help: "With --url: where to listen. Any free port of 127.0.0.1 by default.")
    var listen: ListenAddress?

    @Option(help: "The file to write; an existing one is left alone and the new one numbered.")
    var out: String?

    @Option(help: "Rules of redaction: standard, none, or a file with further rules.")
    var redact = "standard"

    @Argument(parsing: .postTerminator, help: "The server's command line, after `--`.")
    var command: [String] = []

    func validate() throws {
        if let url {
            guard command.isEmpty else { throw ValidationError("Give either --url or a command, not both.") }
            guard Origin(url: url) != nil else {
                throw ValidationError(
                    "--url takes the URL of an HTTP server, such as https://example.com/mcp, without user and password."
                )
            }
            return
        }
        guard listen == nil else { throw ValidationError("--listen goes with --url.") }
        guard let first = command.first, !first.isEmpty else {
            throw ValidationError(
                "There is nothing to record. Type a command after `--`, reprise record -- COMMAND…, or --url URL.")
        }
    }

    func run() throws {
        let now = Date()
        let start = now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let path =
            out
            ?? RecordingLocation.path(
                for: url.flatMap { Origin(url: $0) }?.host ?? command[0], time: now.formatted(Self.fileTime),
                process: getpid(), environment: ProcessInfo.processInfo.environment)
        if path == nil {
            say("not recording, the session goes on: neither XDG_STATE_HOME nor HOME is set; name a file with --out")
        }
        let redaction = try RulesOption.rules(redact)
        if let url {
            return try record(
                HTTPProxy.Configuration(
                    url: url, listen: listen ?? .loopback, path: path, redaction: redaction,
                    trustFile: ProcessInfo.processInfo.environment["SSL_CERT_FILE"], recorder: programVersion,
                    start: start))
        }
        let configuration = StdioProxy.Configuration(
            command: command, path: path, redaction: redaction, recorder: programVersion, start: start)
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

    private func record(_ configuration: HTTPProxy.Configuration) throws {
        do {
            try HTTPProxy.run(configuration)
        } catch let error as HTTPProxy.StartError {
            throw CommandFailure(.notStarted, error.description)
        }
    }

    private static let fileTime = Date.ISO8601FormatStyle(
        dateSeparator: .omitted, dateTimeSeparator: .standard, timeSeparator: .omitted)
}

extension ListenAddress: ExpressibleByArgument {
    /// Reads `HOST:PORT`.
    public init?(argument: String) { self.init(argument) }
}
