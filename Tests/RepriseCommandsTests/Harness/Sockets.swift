import Foundation
import TestSupport

/// One end of a TCP connection; every wait has a deadline.
final class Socket: @unchecked Sendable {
    let descriptor: Int32
    let deadline: Deadline
    private var pending: [UInt8] = []

    init(_ descriptor: Int32, deadline: Deadline) {
        self.descriptor = descriptor
        self.deadline = deadline
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Connects to a port of 127.0.0.1; a small `receiveBuffer` makes a slow reader felt soon.
    static func connect(_ port: Int, receiveBuffer: Int32? = nil, deadline: Deadline) throws -> Socket {
        let descriptor = socket(AF_INET, Int32(streamType), 0)
        guard descriptor >= 0 else { throw HarnessError("no socket: errno \(errno)") }
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = loopback(port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let code = errno
        let made = Socket(descriptor, deadline: deadline)
        guard result == 0 else { throw HarnessError("cannot connect: errno \(code)") }
        return made
    }

    // MARK: Sending

    func send(_ bytes: some Collection<UInt8>) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            try deadline.wait(for: descriptor, POLLOUT, "sending")
            let count = sendSome(rest)
            guard count > 0 else { throw HarnessError("cannot send: errno \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends as much as is taken at once; 0 when nothing is.
    func sendSome(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBytes { max(0, Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(noSignal))) }
    }

    /// Sends no more: the peer reads an end.
    func endSending() { shutdown(descriptor, Int32(writeHalf)) }

    /// Breaks the connection off, so that the peer's next read or write fails.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        dup2(null, descriptor)
        close(null)
    }

    /// Closes in order; the descriptor itself goes with the value.
    func hangUp() {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        dup2(null, descriptor)
        close(null)
    }

    // MARK: Receiving

    /// How a connection ended.
    enum End: Equatable { case eof, reset }

    /// What one read gives; nil at the end.
    private func receive() throws -> [UInt8]? {
        try deadline.wait(for: descriptor, POLLIN, "receiving; so far \(String(decoding: pending, as: UTF8.self))")
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0, errno == EAGAIN { return [] }
        guard count > 0 else {
            end = count == 0 ? .eof : .reset
            return nil
        }
        return Array(buffer[..<count])
    }

    private(set) var end: End?

    /// Everything up to and including a text; throws at the end of the connection.
    func read(to text: String) throws -> String {
        let wanted = Array(text.utf8)
        while true {
            if let range = pending.firstRange(of: wanted) {
                defer { pending.removeFirst(range.upperBound) }
                return String(decoding: pending[..<range.upperBound], as: UTF8.self)
            }
            guard let bytes = try receive() else {
                throw HarnessError(
                    "the connection ended before \"\(text)\": \(String(decoding: pending, as: UTF8.self))")
            }
            pending += bytes
        }
    }

    /// A head with its empty line.
    func readHead() throws -> String { try read(to: "\r\n\r\n") }

    /// Exactly so many bytes.
    func read(byteCount: Int) throws -> [UInt8] {
        while pending.count < byteCount {
            guard let bytes = try receive() else {
                throw HarnessError("the connection ended after \(pending.count) bytes")
            }
            pending += bytes
        }
        defer { pending.removeFirst(byteCount) }
        return Array(pending[..<byteCount])
    }

    /// Everything up to the end, which ``end`` then names.
    func readToEnd() throws -> [UInt8] {
        while end == nil { if let bytes = try receive() { pending += bytes } }
        defer { pending = [] }
        return pending
    }

    func readTextToEnd() throws -> String { String(decoding: try readToEnd(), as: UTF8.self) }

    /// A response whose body is delimited by its length or by chunks, with the body put together.
    func readResponse(hasBody: Bool = true) throws -> (head: String, body: String) {
        let head = try readHead()
        guard hasBody else { return (head, "") }
        if head.lowercased().contains("\r\ntransfer-encoding: chunked\r\n") {
            var body: [UInt8] = []
            while true {
                let size = Int(try read(to: "\r\n").replacing("\r\n", with: ""), radix: 16) ?? 0
                body += try read(byteCount: size)
                _ = try read(to: "\r\n")
                if size == 0 { return (head, String(decoding: body, as: UTF8.self)) }
            }
        }
        let length = head.lowercased().firstMatch(of: /content-length: ([0-9]+)/).flatMap { Int($0.1) } ?? 0
        return (head, String(decoding: try read(byteCount: length), as: UTF8.self))
    }
}

/// A listening socket on a free port of 127.0.0.1: a server played by the test itself.
final class ListeningSocket: @unchecked Sendable {
    let port: Int
    private let descriptor: Int32
    let deadline: Deadline

    init(deadline: Deadline) throws {
        let descriptor = socket(AF_INET, Int32(streamType), 0)
        self.descriptor = descriptor
        self.deadline = deadline
        var address = loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 && listen(descriptor, 300) == 0
                    && getsockname(descriptor, pointer, &size) == 0
            }
        }
        guard isBound else { throw HarnessError("cannot listen: errno \(errno)") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }

    func accept() throws -> Socket {
        try deadline.wait(for: descriptor, POLLIN, "nobody connects")
        let accepted = Foundation.accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw HarnessError("cannot accept: errno \(errno)") }
        return Socket(accepted, deadline: deadline)
    }

    /// Whether somebody has connected who was not accepted yet.
    var hasCaller: Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) > 0
    }
}

#if canImport(Glibc)
    private let streamType = SOCK_STREAM.rawValue
    private let noSignal = MSG_NOSIGNAL
    private let writeHalf = SHUT_WR
#else
    private let streamType = SOCK_STREAM
    private let noSignal = 0
    private let writeHalf = SHUT_WR
#endif

private func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}
