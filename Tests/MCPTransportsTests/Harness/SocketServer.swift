import Foundation

/// A server on a free port of 127.0.0.1 that the test plays: each connection has a thread of its own.
///
/// Whatever blocks does so for 20 seconds at most, so that a hang is a failure.
final class SocketServer: Sendable {
    let port: Int
    private let descriptor: Int32

    /// Where it is, without a path.
    var url: String { "http://127.0.0.1:\(port)" }

    init(_ serve: @escaping @Sendable (SocketPeer) -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 && listen(descriptor, 300) == 0
                    && getsockname(descriptor, pointer, &size) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread {
            while case let peer = accept(descriptor, nil, nil), peer >= 0 {
                Thread.detachNewThread {
                    serve(SocketPeer(peer))
                    close(peer)
                }
            }
        }
    }

    deinit {
        stop()
        close(descriptor)
    }

    /// Listens no more: connections are refused, and nobody else gets the port for as long as this is held.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

/// The server's end of one connection.
struct SocketPeer: Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] { setsockopt(descriptor, SOL_SOCKET, option, &limit, size) }
    }

    /// The next request: its head, the empty line and its body; nil at the end of the connection.
    func request() -> String? {
        var text = ""
        while true {
            if let head = text.range(of: "\r\n\r\n") {
                let length = text[..<head.upperBound].lowercased().firstMatch(of: /content-length: ([0-9]+)/)
                let count = length.flatMap { Int($0.1) } ?? 0
                if text[head.upperBound...].utf8.count >= count { return text }
            }
            guard let more = read() else { return nil }
            text += more
        }
    }

    /// What one read gives; nil at the end of the connection.
    func read() -> String? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            offset += count
        }
    }

    /// Writes until nothing is taken for half a second, at most so many bytes; how many were taken.
    func writeUntilFull(limit: Int) -> Int {
        let bytes = [UInt8](repeating: 0x61, count: 1 << 16)
        var written = 0
        while written < limit {
            var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&polled, 1, 500) > 0 else { break }
            let count = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            guard count > 0 else { break }
            written += count
        }
        return written
    }

    /// Breaks the connection off.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        let null = open("/dev/null", O_RDWR)
        dup2(null, descriptor)
        close(null)
    }
}
