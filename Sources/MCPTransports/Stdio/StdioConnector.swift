import MCPCore

/// Connects to MCP servers over stdio: starts the server's program, and ends it with the connection.
///
/// One message a line (specification, basic/transports, stdio). The program gets a process group of its own, our user
/// and limits, and the descriptors 0, 1 and 2 only (S-188). When this process is killed, the server sees the end of its
/// input.
public struct StdioConnector: MessageConnector {
    private let lineByteCountMax: Int
    private let grace: Duration
    private let stderr: (@Sendable (String, String) -> Void)?

    /// A connector; `stderr` gets a server's name and each line that it writes to its standard error.
    ///
    /// It is called on the thread that reads, one line at a time, and a line of more than 64 KiB comes in pieces. Without
    /// it the server's standard error is ours. A line of more than `lineByteCountMax` bytes on standard output ends the
    /// connection. `grace` is how long a server may take to end: once its input ended, then after SIGTERM, then after
    /// SIGKILL (S-007).
    public init(
        lineByteCountMax: Int = 16 << 20, grace: Duration = .seconds(5),
        stderr: (@Sendable (_ server: String, _ line: String) -> Void)? = nil
    ) {
        self.lineByteCountMax = lineByteCountMax
        self.grace = grace
        self.stderr = stderr
    }

    /// Starts a server's program.
    ///
    /// The configuration's `target` is `{"command": "python", "args": ["server.py"], "env": {"NAME": "VALUE"}, "cwd":
    /// "folder", "inheritEnvironment": true}`; all but the first may be left out. `env` is laid over what is inherited:
    /// all of our environment, or with `inheritEnvironment` false no more than HOME, LOGNAME, PATH, SHELL, TERM and USER
    /// (S-006). Throws `misconfigured` for anything else, and for a program that cannot be started.
    public func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream {
        let target = try StdioTarget(server.target)
        var handler: (@Sendable (String) -> Void)?
        if let stderr { handler = { stderr(server.name, $0) } }
        do {
            let process = try ServerProcess.start(
                target.command,
                as: .contained(
                    environment: target.environment(over: StdioTarget.inherited), directory: target.directory),
                pipesStderr: handler != nil)
            return try await StdioStream(
                process, lineByteCountMax: lineByteCountMax, grace: grace, stderr: handler)
        } catch let error as ServerProcess.StartError {
            if let directory = target.directory, !StdioTarget.isFolder(directory) {
                throw .misconfigured("there is no folder \(directory) for \"\(error.command)\" to run in")
            }
            throw .misconfigured("\(error)")
        } catch {
            throw .misconfigured("\(error)")
        }
    }
}
