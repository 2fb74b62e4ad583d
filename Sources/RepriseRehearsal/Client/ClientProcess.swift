import Foundation
import MCPTransports
import Synchronization

/// A client in any language as a child process: the leader of a process group of its own, so that all of it is ended.
///
/// Its standard input is empty, its standard output and standard error are kept.
final class ClientProcess: Sendable {
    private let process: ServerProcess
    private let ended = Mutex<ServerProcess.End?>(nil)
    let output: ClientOutput

    /// Starts a command found through PATH; throws ``MCPTransports/ServerProcess/StartError`` when that fails.
    init(_ invocation: ClientInvocation) throws {
        let ours = ProcessInfo.processInfo.environment
        let environment = ours.merging(invocation.environment) { _, theirs in theirs }.sorted { $0.key < $1.key }
        process = try ServerProcess.start(
            invocation.command, as: .contained(environment: environment.map { "\($0)=\($1)" }, directory: nil),
            pipesStderr: true)
        close(process.stdin)
        output = ClientOutput(reading: [process.stdout, process.stderr].compactMap(\.self))
        Thread.detachNewThread { [self] in
            let end = process.wait()
            ended.withLock { $0 = end }
        }
    }

    /// How it ended; nil while it runs.
    var end: ServerProcess.End? { ended.withLock(\.self) }

    /// Ends the whole group: SIGTERM, after 2 s SIGKILL. Returns when the client is gone.
    func stop() {
        _ = process.sendToGroup(SIGTERM)
        for _ in 0..<200 where end == nil { usleep(10_000) }
        _ = process.sendToGroup(SIGKILL)
        // It may have gone to another group.
        _ = process.send(SIGKILL)
        while end == nil { usleep(1000) }
        // What it wrote last may still be in the pipe; a grandchild that left the group may hold it for ever.
        for _ in 0..<50 where !output.isOver { usleep(2000) }
    }
}

extension ServerProcess.End {
    /// `exit code 1`, `signal 11`.
    var words: String {
        switch self {
        case .exit(let code): "exit code \(code)"
        case .signal(let signal): "signal \(signal)"
        }
    }
}
