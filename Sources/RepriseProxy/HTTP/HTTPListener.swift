#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPTransports
import NIOCore
import NIOPosix

/// A listening socket for HTTP.
enum HTTPListener {
    /// Why it cannot listen.
    struct Failure: Error, CustomStringConvertible {
        /// One sentence, with what to type instead where that is known.
        let description: String
    }

    /// Listens at an address; each connection is set up by `initialize`, on its event loop. Throws ``Failure``.
    static func bind(
        _ address: ListenAddress, on group: any EventLoopGroup,
        initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) throws -> any Channel {
        do {
            return try ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer(initialize)
                .bind(host: address.host, port: address.port).wait()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            let free = ListenAddress(host: address.host, port: 0)
            throw Failure(
                description: "\(address) is in use: name another port, or take a free one with --listen \(free)")
        } catch let error as IOError {
            throw Failure(description: "\(SystemError("cannot listen on \(address)", code: error.errnoCode))")
        } catch {
            throw Failure(description: "cannot listen on \(address): \(error)")
        }
    }
}
