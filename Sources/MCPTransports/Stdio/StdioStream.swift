#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPCore
import NIOCore
import NIOPosix

/// A session with a server that was started for it, over its standard input and output.
final class StdioStream: MessageStream {
    /// How many bytes may wait to be taken before no more is read from the server.
    private static let pendingByteCountMax = 1 << 20

    private let process: ServerProcess
    private let loop: any EventLoop
    private let mailbox: StdioMailbox
    private let output: StdioOutput
    private let input: any Channel
    private let errors: (any Channel)?
    private let grace: Duration

    /// Takes over a process that was just started, with its pipes; throws when that cannot be, and ends it then.
    init(
        _ process: ServerProcess, lineByteCountMax: Int, grace: Duration, stderr: (@Sendable (String) -> Void)?
    ) async throws {
        self.process = process
        self.grace = grace
        loop = MultiThreadedEventLoopGroup.singleton.next()
        mailbox = StdioMailbox(byteCountMax: Self.pendingByteCountMax)
        output = StdioOutput(mailbox, lineByteCountMax: lineByteCountMax, on: loop)
        do {
            let ended = loop.makePromise(of: ServerProcess.End.self)
            do {
                try startThread { ended.succeed(process.wait()) }
            } catch {
                ended.fail(error)
                throw error
            }
            input = try await NIOPipeBootstrap(group: loop).takingOwnershipOfDescriptor(output: process.stdin).get()
            errors = try await Self.reader(stderr.map(StdioErrors.init), process.stderr, on: loop)
            // Before the output is read: this task may be slow to go on afterwards, and its end must not wait for it.
            ended.futureResult.whenSuccess { [output, loop] in output.ended($0, on: loop) }
            _ = try await Self.reader(output, process.stdout, readsByItself: false, on: loop)
        } catch {
            _ = process.sendToGroup(SIGKILL)
            throw error
        }
    }

    /// A channel that reads from a descriptor; nil without either.
    private static func reader(
        _ handler: (some ChannelHandler & Sendable)?, _ descriptor: Int32?, readsByItself: Bool = true,
        on loop: any EventLoop
    ) async throws -> (any Channel)? {
        guard let handler, let descriptor else { return nil }
        return try await NIOPipeBootstrap(group: loop)
            .channelOption(.autoRead, value: readsByItself)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler) }
            }
            .takingOwnershipOfDescriptor(input: descriptor).get()
    }

    /// Writes one line; returns when the pipe has it, which is when the server reads.
    ///
    /// Throws why the connection ended if it ends within a second, and `closed` for a server that only closed its input.
    func send(_ message: [UInt8]) async throws(TransportFailure) {
        do {
            try await input.writeAndFlush(ByteBuffer(bytes: StdioLine.encode(message))).get()
        } catch {
            // The pipe tells of the end before the process does.
            let patience = loop.makePromise(of: TransportFailure.self)
            let alarm = loop.scheduleTask(in: .seconds(1)) { patience.succeed(.closed) }
            output.failure.whenSuccess { failure in
                alarm.cancel()
                patience.succeed(failure)
            }
            throw (try? await patience.futureResult.get()) ?? .closed
        }
    }

    func next() async -> StreamEvent? { await mailbox.next() }

    /// Ends the server and what it started (S-007): the end of its input, then SIGTERM, then SIGKILL.
    ///
    /// Each is given time to be followed, and the next comes only if a process is left. Goes on when the task is
    /// cancelled: what was started has to end.
    func close() async {
        mailbox.finish()
        output.leave()
        input.close(promise: nil)
        for signal in [nil, SIGTERM, SIGKILL] {
            if let signal { _ = process.sendToGroup(signal) }
            if await isGone(within: grace) { break }
        }
        loop.execute { [output] in output.close() }
        errors?.close(promise: nil)
    }

    /// Waits for the end of the server and of all that it started in its group.
    private func isGone(within limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        // The group is there as long as the server's id was not taken back, which its thread does.
        while process.sendToGroup(0) {
            guard ContinuousClock.now < deadline else { return false }
            _ = try? await loop.scheduleTask(in: .milliseconds(2)) {}.futureResult.get()
        }
        return true
    }
}
