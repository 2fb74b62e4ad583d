#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import NIOCore
import RepriseRecording

/// One TCP connection as a proxy sees it: reads on demand, writes that are flushed at once, and how it went.
///
/// Everything here happens on the one event-loop thread, hence unchecked.
final class ChannelEnd: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    /// Who is told; set before the channel becomes active, and cleared when the connection is given up.
    weak var owner: (any ChannelEndOwner)?
    private(set) var channel: (any Channel)?
    private var isReading = false
    private var isClosing = false
    private var lastWrite: EventLoopFuture<Void>?
    private var how = Disconnect.eof
    private var failure: (any Error)?

    /// Whether more may be written without waiting for the peer.
    var isWritable: Bool { channel?.isWritable ?? false }

    func handlerAdded(context: ChannelHandlerContext) { channel = context.channel }

    /// Asks for the next bytes, unless that was done already.
    func read() {
        guard !isReading, !isClosing, let channel else { return }
        isReading = true
        channel.read()
    }

    /// Writes; ``flush()`` is to follow.
    func write(_ bytes: [UInt8]) {
        guard !bytes.isEmpty, !isClosing, let channel else { return }
        let written = channel.write(channel.allocator.buffer(bytes: bytes))
        lastWrite = written
        written.whenFailure { [weak self] in self?.note($0) }
    }

    /// Sends what was written.
    func flush() { if !isClosing { channel?.flush() } }

    /// Writes the first bytes of a connection; closes it with an error if they cannot be sent, TLS included, in time.
    func write(_ bytes: [UInt8], within timeout: TimeAmount) {
        guard let channel else { return }
        write(bytes)
        let alarm = channel.eventLoop.scheduleTask(in: timeout) { [weak self] in
            self?.note(ChannelError.connectTimeout(timeout))
            channel.close(promise: nil)
        }
        lastWrite?.whenComplete { _ in alarm.cancel() }
    }

    /// Closes in order, or by a TCP reset; what was written before is sent first.
    func close(_ how: Disconnect) {
        guard !isClosing, let channel else { return }
        channel.flush()
        isClosing = true
        owner = nil
        (lastWrite ?? channel.eventLoop.makeSucceededVoidFuture()).whenComplete { _ in
            guard how == .reset else { return channel.close(promise: nil) }
            let atOnce = linger(l_onoff: 1, l_linger: 0)
            let isSet = (channel as? any SocketOptionProvider)?.setSoLinger(atOnce)
            (isSet ?? channel.eventLoop.makeSucceededVoidFuture()).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    /// Closes when the peer has, or after a second, having read what it still sends.
    ///
    /// Closing at once would reset the connection and could cost the peer the answer that it has not read yet
    /// (RFC 9112, section 9.6).
    func closeAfterPeer() {
        guard !isClosing, let channel else { return }
        channel.flush()
        isClosing = true
        owner = nil
        (lastWrite ?? channel.eventLoop.makeSucceededVoidFuture()).whenComplete { _ in
            channel.close(mode: .output, promise: nil)
            channel.setOption(.autoRead, value: true).whenComplete { _ in channel.read() }
            channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        }
    }

    func channelActive(context: ChannelHandlerContext) { owner?.isReady(self) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let owner else { return }
        owner.received(Array(buffer: unwrapInboundIn(data)), from: self)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        owner?.isReady(self)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { owner?.isReady(self) }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        owner?.closed(self, how, failure)
        owner = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        note(error)
        context.close(promise: nil)
    }

    private func note(_ error: any Error) {
        if let error = error as? IOError, [ECONNRESET, EPIPE, ETIMEDOUT].contains(error.errnoCode) { how = .reset }
        if failure == nil { failure = error }
    }
}

/// Who has a ``ChannelEnd``.
protocol ChannelEndOwner: AnyObject {
    /// Bytes were read.
    func received(_ bytes: [UInt8], from end: ChannelEnd)
    /// A read is over, or there is room for writing again.
    func isReady(_ end: ChannelEnd)
    /// The connection is gone.
    func closed(_ end: ChannelEnd, _ how: Disconnect, _ failure: (any Error)?)
}
