import MCPCore
import MCPWire
import NIOCore

/// Reads what a server writes, and says how it ended; everything happens on one event loop, hence unchecked.
///
/// The end of the output and that of the process come in either order. A process that the server left behind may hold
/// the output open for ever, and a server may close its output and stay: each is waited for no longer than a moment.
final class StdioOutput: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    /// How long the end of the output may come after that of the process, counted from the last byte.
    private static let lateOutput = TimeAmount.milliseconds(500)
    /// How long the end of the process may come after that of the output.
    private static let lateExit = TimeAmount.seconds(1)

    /// Why the connection ended, once it has.
    let failure: EventLoopFuture<TransportFailure>
    private let failed: EventLoopPromise<TransportFailure>
    private let mailbox: StdioMailbox
    private var decoder: LineDecoder
    private var context: ChannelHandlerContext?
    private var isPaused = false
    private var isOutputOpen = true
    private var end: ServerProcess.End?
    private var isOver = false
    private var alarm: Scheduled<Void>?

    init(_ mailbox: StdioMailbox, lineByteCountMax: Int, on loop: any EventLoop) {
        self.mailbox = mailbox
        failed = loop.makePromise()
        failure = failed.futureResult
        decoder = LineDecoder(lineByteCountMax: lineByteCountMax)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        if end != nil { awaitOutput(context.eventLoop) }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let chunk = Array(unwrapInboundIn(data).readableBytesView)
        for line in decoder.receive(chunk.span) where !isOver { receive(line) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard !isOver else { return }
        if end != nil { awaitOutput(context.eventLoop) }
        let loop = context.eventLoop
        isPaused = !mailbox.hasRoom { loop.execute { self.resume() } }
        if !isPaused { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let tail = decoder.finish(), !isOver { receive(tail) }
        isOutputOpen = false
        self.context = nil
        guard !isOver else { return }
        if let end { return report(end) }
        alarm = context.eventLoop.scheduleTask(in: Self.lateExit) { self.finish(.closed) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// The process is gone, perhaps before anything was read; on the event loop.
    func ended(_ end: ServerProcess.End, on loop: any EventLoop) {
        self.end = end
        alarm?.cancel()
        if !isOutputOpen { report(end) } else if context != nil { awaitOutput(loop) }
    }

    /// Whatever comes now is of no interest, but a server that is to end must be able to write; from anywhere.
    func leave() { failed.succeed(.closed) }

    /// Reads no more; on the event loop.
    func close() {
        isOver = true
        alarm?.cancel()
        failed.succeed(.closed)
        context?.close(promise: nil)
    }

    private func receive(_ line: LineDecoder.Line) {
        if line.end == .limit {
            finish(.protocolBroken("a line is longer than the limit of \(decoder.lineByteCountMax) bytes"))
        } else if let message = StdioLine.decode(line.bytes) {
            mailbox.put(.message(message))
        }
    }

    private func resume() {
        isPaused = false
        guard !isOver else { return }
        context?.read()
    }

    private func awaitOutput(_ loop: any EventLoop) {
        alarm?.cancel()
        alarm = loop.scheduleTask(in: Self.lateOutput) {
            // What waits for room to be read is no silence.
            if self.isPaused { return self.awaitOutput(loop) }
            if let end = self.end { self.report(end) }
        }
    }

    private func report(_ end: ServerProcess.End) {
        switch end {
        case .exit(let code): finish(.exited(code: Int(code)))
        case .signal: finish(.exited(code: nil))
        }
    }

    private func finish(_ failure: TransportFailure) {
        guard !isOver else { return }
        mailbox.put(.closed(failure))
        failed.succeed(failure)
        close()
    }
}
