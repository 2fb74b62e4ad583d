import MCPWire
import NIOCore

/// One command that the client has started, as its socket: lines come in, and ``StdioPeer/Frame`` goes out.
final class LiveStdioConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let host: LiveStdioHost
    private var context: ChannelHandlerContext?
    private var decoder = LineDecoder()
    private var number: Int?

    init(_ host: LiveStdioHost) {
        self.host = host
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        number = host.accept(self)
        if number == nil { end(exitCode: 1) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        let byteCount = decoder.pendingByteCount
        defer { host.hold(decoder.pendingByteCount - byteCount, of: number) }
        for line in decoder.receive(bytes.span) {
            guard let number else { return }
            host.take(line.bytes.last == 0x0A ? Array(line.bytes.dropLast()) : line.bytes, from: number)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let number { host.left(number) }
        number = nil
        host.hold(-decoder.pendingByteCount, of: nil)
        decoder = LineDecoder()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let channel = context.channel
        channel.setOption(.autoRead, value: channel.isWritable).whenFailure { _ in channel.close(promise: nil) }
        context.fireChannelWritabilityChanged()
    }

    /// A message, or its beginning, for the client.
    func send(_ bytes: [UInt8], isWhole: Bool) { write(.output(isWhole ? bytes + [0x0A] : bytes)) }

    /// The command ends.
    func end(exitCode: UInt8) {
        number = nil
        write(.exit(code: exitCode))
        context?.close(promise: nil)
    }

    private func write(_ frame: StdioPeer.Frame) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: frame.encoded)), promise: nil)
    }
}
