#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPTransports
import MCPWire

/// The client's end of a stdio session: lines to and from a server that it started. Blocks; for one thread.
public struct ProcessConnection {
    /// The server went away while a line was awaited.
    public struct Ended: Error, CustomStringConvertible {
        /// One sentence.
        public var description: String { "the server ended while an answer was awaited" }
    }

    private let process: ServerProcess
    private var decoder = LineDecoder()
    private var lines: ArraySlice<[UInt8]> = []

    /// Starts a server whose standard error is ours; throws ``ServerProcess/StartError``.
    public init(starting command: [String]) throws {
        process = try ServerProcess.start(command, pipesStderr: false)
    }

    /// Sends one line.
    public func send(_ message: String) {
        Array((message + "\n").utf8).withUnsafeBytes { _ = writeAll(process.stdin, $0) }
    }

    /// The next line, its line feed included; throws ``Ended`` at the end.
    public mutating func receive() throws -> [UInt8] {
        while lines.isEmpty {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            guard let count = buffer.withUnsafeMutableBytes({ readSome(process.stdout, into: $0) }), count > 0 else {
                throw Ended()
            }
            let chunk = buffer[..<count]
            lines = decoder.receive(chunk.span).map(\.bytes)[...]
        }
        return lines.removeFirst()
    }

    /// Closes the server's input and waits for its end; gives its exit code, 128 more than the signal for one.
    public func end() -> Int32 {
        close(process.stdin)
        let end = process.wait()
        close(process.stdout)
        switch end {
        case .exit(let code): return code
        case .signal(let signal): return 128 + signal
        }
    }
}

/// What standard input gives next, at most 64 KiB; nil at its end.
public func readStandardInput() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    guard let count = buffer.withUnsafeMutableBytes({ readSome(STDIN_FILENO, into: $0) }), count > 0 else { return nil }
    return Array(buffer[..<count])
}

/// Writes all bytes to standard output.
public func writeStandardOutput(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { _ = writeAll(STDOUT_FILENO, $0) }
}
