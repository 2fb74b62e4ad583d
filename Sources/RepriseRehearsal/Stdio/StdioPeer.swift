import Foundation
import MCPTransports

/// The command that a client starts for a scenario's stdio server: it joins its pipes to the socket of ``StdioStage``.
public enum StdioPeer {
    /// What the socket says: what to write to standard output, or to end.
    enum Frame: Equatable {
        case output([UInt8])
        case exit(code: UInt8)

        /// A length of four bytes, the highest first, and the output; a length of all ones and the code.
        var encoded: [UInt8] {
            switch self {
            case .output(let bytes): withUnsafeBytes(of: UInt32(bytes.count).bigEndian, Array.init) + bytes
            case .exit(let code): [0xFF, 0xFF, 0xFF, 0xFF, code]
            }
        }
    }

    /// Passes on what comes from either side until one of them ends; gives the exit code.
    ///
    /// Throws ``MCPTransports/SystemError`` when there is no socket at `path`.
    public static func run(socket path: String) throws -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        let socket = try connect(to: path)
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = read(STDIN_FILENO, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0, write(buffer[..<count], to: socket) else { break }
            }
            // The other side then ends us.
            shutdown(socket, Int32(SHUT_WR))
        }
        while let head = take(4, from: socket) {
            let length = head.reduce(0) { $0 << 8 | Int($1) }
            if length == 0xFFFF_FFFF { return take(1, from: socket).map { Int32($0[0]) } ?? 1 }
            guard let bytes = take(length, from: socket), write(bytes[...], to: STDOUT_FILENO) else { break }
        }
        return 0
    }

    private static func connect(to path: String) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else { throw SystemError("cannot reach \(path)", code: ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        #if canImport(Glibc)
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw SystemError("cannot make a socket") }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SystemError("cannot reach \(path)") }
        return descriptor
    }

    /// So many bytes; nil if the other side ends before.
    private static func take(_ count: Int, from descriptor: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let got = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + have, count - have) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            have += got
        }
        return bytes
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
