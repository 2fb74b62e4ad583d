#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPTransports

/// A new recording on disk, written line by line.
///
/// A file is never overwritten or appended to, and only its owner may read it.
public struct RecordingFile: ~Copyable, Sendable {
    /// Where it is.
    public let path: String
    private let descriptor: Int32
    private var byteCount: off_t = 0
    private var checkedAt: Int64?

    /// Makes a new file at `path`, or at `path` with `-2`, `-3` … before its extension where that exists already.
    ///
    /// Parent folders that are missing are made. Throws ``SystemError``.
    public init(creating path: String) throws {
        try Self.makeFolders(for: path)
        for attempt in 1...10_000 {
            let candidate = attempt == 1 ? path : Self.numbered(path, attempt)
            let descriptor = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
            if descriptor >= 0 {
                self.path = candidate
                self.descriptor = descriptor
                return
            }
            guard errno == EEXIST else { throw SystemError("cannot create \(candidate)") }
        }
        throw SystemError("cannot create \(path) or a numbered neighbour", code: EEXIST)
    }

    deinit { close(descriptor) }

    /// Writes one line, by one `write` where all of it fits; throws ``SystemError`` when it did not reach the file,
    /// which then ends with the last whole line, or when the file was removed.
    ///
    /// A removal is looked for every 10 ms, and before the last line.
    public mutating func write(_ line: [UInt8], isLast: Bool = false) throws {
        try checkPresence(atOnce: isLast)
        let isWritten = line.withUnsafeBytes { writeAll(descriptor, $0) }
        guard isWritten else {
            let code = errno
            // What fitted of the line would be torn; the file shall end with a whole one.
            _ = ftruncate(descriptor, byteCount)
            throw SystemError("cannot write \(path)", code: code)
        }
        byteCount += off_t(line.count)
    }

    /// Not before every line: after each `fstat` Linux gives the next `write` a time stamp of its own, which makes it
    /// twice as slow.
    private mutating func checkPresence(atOnce: Bool) throws {
        let now = monotonicMicroseconds()
        if let checkedAt, now - checkedAt < 10_000, !atOnce { return }
        checkedAt = now
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError("cannot write \(path)") }
        guard status.st_nlink > 0 else { throw SystemError("\(path) was removed", code: ENOENT) }
    }

    /// `a/b.jsonl` numbered 2 is `a/b-2.jsonl`.
    static func numbered(_ path: String, _ number: Int) -> String {
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "\(path)-\(number)" }
        return "\(path[..<dot])-\(number)\(path[dot...])"
    }

    private static func makeFolders(for path: String) throws {
        var folder = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/").dropLast() {
            folder += "/\(component)"
            if mkdir(folder, 0o700) != 0, errno != EEXIST, errno != EISDIR {
                let code = errno
                var status = stat()
                guard stat(folder, &status) == 0 else {
                    throw SystemError("cannot create the folder \(folder)", code: code)
                }
            }
        }
    }
}

/// All bytes of the file at `path`; throws ``SystemError``.
public func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("cannot open \(path)") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError("cannot read \(path)") }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw SystemError("cannot read \(path)", code: EISDIR) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(status.st_size))
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        guard let count = buffer.withUnsafeMutableBytes({ readSome(descriptor, into: $0) }) else {
            throw SystemError("cannot read \(path)")
        }
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}
