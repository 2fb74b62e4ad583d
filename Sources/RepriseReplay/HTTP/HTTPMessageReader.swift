import RepriseRecording

/// Splits the bytes of one direction of an HTTP/1 connection into heads, bodies and ends, whatever the chunks (RFC 9112).
///
/// A reader of our own because a recording holds what the usual ones drop: the reason phrase, methods without a
/// registration, header values that are no UTF-8. It is strict where leniency lets one message be read as two: what has
/// two lengths, a bare CR, a NUL, or a space in a name is refused. Tolerated: LF alone as the end of a line, since heads
/// are written anew, and in responses folded lines and spaces before the colon, as a proxy must mend those.
public struct HTTPMessageReader: Sendable {
    /// Whose messages are read.
    public enum Role: Sendable {
        /// Requests of a client.
        case request
        /// Responses of a server, to requests of which ``HTTPMessageReader/expectResponse(to:)`` was told.
        case response
    }

    /// How the end of a body is known (RFC 9112, section 6.3).
    public enum Framing: Equatable, Sendable {
        /// There is no body.
        case none
        /// By its length in bytes, which may be 0.
        case length(Int)
        /// By a chunk of size 0.
        case chunked
        /// By the end of the connection.
        case untilEnd
    }

    /// What a head says about its message and connection.
    public struct Info: Equatable, Sendable {
        /// 0 for HTTP/1.0, 1 for every later minor version.
        public var minorVersion: Int
        /// How the body ends.
        public var framing: Framing
        /// Whether the connection stays open for another message (RFC 9112, section 9.3).
        public var keepsAlive: Bool
        /// The bytes of the header values, one for each field: a value need not be UTF-8.
        public var rawValues: [[UInt8]]
        /// What was mended, one sentence each.
        public var remarks: [String]
    }

    /// A piece of a message.
    public enum Part: Equatable, Sendable {
        /// The head of a request.
        case request(RequestHead, Info)
        /// The head of a response; one below 200 is followed by another head and has no end.
        case response(ResponseHead, Info)
        /// Bytes of a body, never empty.
        case body([UInt8])
        /// The message is complete.
        case end(trailers: [HTTPField])
    }

    /// Why the bytes are no HTTP/1 message that this reader accepts.
    public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// The status with which a server answers such a request: 400, 431, 501 or 505.
        public var status: Int
        /// What is wrong, without a full stop.
        public var reason: String
        /// The reason.
        public var description: String { reason }

        init(status: Int = 400, _ reason: String) {
            self.status = status
            self.reason = reason
        }
    }

    private enum State {
        case head
        case body(remaining: Int)
        case untilEnd
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers
        case failed
    }

    /// How many bytes may come, and what is said of more.
    private struct Limit: Sendable {
        var byteCount: Int
        var failure: Failure
    }

    private static let chunkLineLimit = Limit(
        byteCount: 4096, failure: Failure("a chunk's size with more than 4096 bytes of extensions"))
    private static let chunkEndLimit = Limit(byteCount: 2, failure: Failure("a chunk longer than its size"))

    private let role: Role
    private let headLimit: Limit
    private let fieldCountMax: Int
    private var state = State.head
    private var line: [UInt8] = []
    private var lines: [[UInt8]] = []
    /// Bytes of the head or the trailers so far.
    private var headByteCount = 0
    /// The methods of the requests whose responses are awaited.
    private var awaited: [String] = []

    /// A reader at the beginning of a connection; a head, or the trailers, may have so many bytes and fields.
    public init(_ role: Role, headByteCountMax: Int = 256 << 10, fieldCountMax: Int = 1000) {
        self.role = role
        headLimit = Limit(
            byteCount: headByteCountMax,
            failure: Failure(status: 431, "a head of more than \(headByteCountMax) bytes"))
        self.fieldCountMax = fieldCountMax
    }

    /// A request was sent: the next response answers it, and its method decides whether there is a body.
    public mutating func expectResponse(to method: String) { awaited.append(method) }

    /// Takes the bytes of one read and adds the parts that they make; those of a body that follow one another are one.
    ///
    /// Throws ``Failure``, also for every later call; the parts before the fault stand in `parts`.
    public mutating func receive(_ bytes: [UInt8], into parts: inout [Part]) throws(Failure) {
        var index = 0
        while index < bytes.count {
            do throws(Failure) {
                try step(bytes, &index, &parts)
            } catch {
                state = .failed
                throw error
            }
        }
    }

    /// The connection ended; throws ``Failure`` when that was within a message, or an answer was still awaited.
    public mutating func finish(into parts: inout [Part]) throws(Failure) {
        defer { state = .failed }
        switch state {
        case .untilEnd:
            parts.append(.end(trailers: []))
        case .head where line.isEmpty && lines.isEmpty:
            if !awaited.isEmpty { throw Failure("the connection ended before a response") }
        case .failed:
            break
        default:
            throw Failure("the connection ended in the middle of a message")
        }
    }

    private mutating func step(_ bytes: [UInt8], _ index: inout Int, _ parts: inout [Part]) throws(Failure) {
        switch state {
        case .head:
            guard role == .request || !awaited.isEmpty else {
                throw Failure("\(bytes.count - index) bytes that answer no request")
            }
            let isComplete = try readLine(bytes, &index, headLimit)
            if lines.isEmpty, role == .request, line.first == 0x16 {
                // Nothing more would come: the client waits for the other half of the handshake.
                throw Failure("TLS on a port without it: use http")
            }
            guard isComplete else { return }
            if lines.isEmpty, !line.isEmpty { _ = try minorVersion(Self.words(line)) }
            if line.isEmpty {
                // An empty line before a request line is to be skipped (RFC 9112, section 2.2).
                guard !lines.isEmpty else { return }
                try endHead(&parts)
            } else {
                try keepLine()
            }
        case .body(let remaining):
            let count = min(remaining, bytes.count - index)
            Self.append(bytes[index..<index + count], to: &parts)
            index += count
            if count == remaining { end([], &parts) } else { state = .body(remaining: remaining - count) }
        case .untilEnd:
            Self.append(bytes[index...], to: &parts)
            index = bytes.count
        case .chunkSize:
            guard try readLine(bytes, &index, Self.chunkLineLimit) else { return }
            let size = try chunkSize()
            startLine()
            state = size == 0 ? .trailers : .chunk(remaining: size)
        case .chunk(let remaining):
            let count = min(remaining, bytes.count - index)
            Self.append(bytes[index..<index + count], to: &parts)
            index += count
            state = count == remaining ? .chunkEnd : .chunk(remaining: remaining - count)
        case .chunkEnd:
            guard try readLine(bytes, &index, Self.chunkEndLimit) else { return }
            guard line.isEmpty else { throw Failure("a chunk longer than its size") }
            startLine()
            state = .chunkSize
        case .trailers:
            guard try readLine(bytes, &index, headLimit) else { return }
            if line.isEmpty {
                var remarks: [String] = []
                end(try fields(lines[...], remarks: &remarks).map(\.field), &parts)
            } else {
                try keepLine()
            }
        case .failed:
            throw Failure("bytes after a fault")
        }
    }

    private static func append(_ bytes: ArraySlice<UInt8>, to parts: inout [Part]) {
        guard !bytes.isEmpty else { return }
        if case .body(var body) = parts.last {
            parts.removeLast()
            body += bytes
            parts.append(.body(body))
        } else {
            parts.append(.body(Array(bytes)))
        }
    }

    private mutating func end(_ trailers: [HTTPField], _ parts: inout [Part]) {
        parts.append(.end(trailers: trailers))
        startLine()
        lines = []
        state = .head
    }

    // MARK: Lines

    private mutating func startLine() {
        line.removeAll(keepingCapacity: true)
        headByteCount = 0
    }

    /// Moves bytes up to a line feed into `line`; true when the line is complete, which is then without its end.
    private mutating func readLine(_ bytes: [UInt8], _ index: inout Int, _ limit: Limit) throws(Failure) -> Bool {
        let feed = bytes[index...].firstIndex(of: 0x0A)
        let end = feed ?? bytes.count
        headByteCount += end - index + (feed == nil ? 0 : 1)
        guard headByteCount <= limit.byteCount else { throw limit.failure }
        line += bytes[index..<end]
        index = feed.map { $0 + 1 } ?? bytes.count
        guard feed != nil else { return false }
        if line.last == 0x0D { line.removeLast() }
        guard !line.contains(0x0D), !line.contains(0) else { throw Failure("a CR or NUL within a line of the head") }
        return true
    }

    private mutating func keepLine() throws(Failure) {
        guard lines.count <= fieldCountMax else {
            throw Failure(status: 431, "more than \(fieldCountMax) header fields")
        }
        lines.append(line)
        line.removeAll(keepingCapacity: true)
    }

    /// The size before a chunk; extensions have no meaning to us and are not passed on.
    private func chunkSize() throws(Failure) -> Int {
        let digits = line.prefix { $0 != 0x3B && $0 != 0x20 && $0 != 0x09 }
        var size = 0
        for digit in digits {
            let value: Int
            switch digit {
            case 0x30...0x39: value = Int(digit - 0x30)
            case 0x41...0x46, 0x61...0x66: value = Int((digit | 0x20) - 0x57)
            default: throw Failure("the size of a chunk is no hexadecimal number")
            }
            guard size <= Int.max >> 5 else { throw Failure("a chunk of more than \(Int.max) bytes") }
            size = size << 4 + value
        }
        guard !digits.isEmpty else { throw Failure("a chunk without a size") }
        return size
    }

    // MARK: Heads

    private mutating func endHead(_ parts: inout [Part]) throws(Failure) {
        var remarks: [String] = []
        let fields = try fields(lines.dropFirst(), remarks: &remarks)
        let words = Self.words(lines[0])
        let minorVersion = try minorVersion(words)
        var info = Info(
            minorVersion: minorVersion, framing: .none, keepsAlive: keepsAlive(fields, minorVersion: minorVersion),
            rawValues: fields.map(\.value), remarks: remarks)
        startLine()
        lines = []
        if role == .request {
            let head = RequestHead(method: words[0], target: words[1], fields: fields.map(\.field))
            info.framing = try framing(head.fields, minorVersion: minorVersion, remarks: &info.remarks) ?? .none
            parts.append(.request(head, info))
        } else {
            let head = try responseHead(words, fields.map(\.field))
            info.framing = try framing(head.fields, minorVersion: minorVersion, remarks: &info.remarks) ?? .untilEnd
            if head.status >= 200 {
                let method = awaited.removeFirst()
                if method == "HEAD" || [204, 304].contains(head.status) { info.framing = .none }
            } else {
                parts.append(.response(head, info))
                return
            }
            if info.framing == .untilEnd { info.keepsAlive = false }
            parts.append(.response(head, info))
        }
        switch info.framing {
        case .none, .length(0): end([], &parts)
        case .length(let count): state = .body(remaining: count)
        case .chunked: state = .chunkSize
        case .untilEnd: state = .untilEnd
        }
    }

    /// The three words of a first line, of which the last may hold spaces.
    private static func words(_ line: [UInt8]) -> [String] {
        String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            .map(String.init)
    }

    private func minorVersion(_ words: [String]) throws(Failure) -> Int {
        let version: String
        if role == .request {
            guard words.count == 3, words[0].utf8.allSatisfy(\.isTokenByte), !words[0].isEmpty, !words[1].isEmpty,
                words[1].utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
            else { throw Failure("the first line is no request line of HTTP/1") }
            version = words[2]
        } else {
            version = words[0]
        }
        guard version.hasPrefix("HTTP/"), version.utf8.count == 8 else {
            throw Failure("the first line names no version of HTTP")
        }
        guard version.hasPrefix("HTTP/1."), let minor = Int(version.dropFirst(7)) else {
            throw Failure(status: 505, "\(version) instead of HTTP/1.1")
        }
        return min(minor, 1)
    }

    private func responseHead(_ words: [String], _ fields: [HTTPField]) throws(Failure) -> ResponseHead {
        guard words.count >= 2, words[1].utf8.count == 3, let status = Int(words[1]), (100...999).contains(status)
        else {
            throw Failure("a response without a status of three digits")
        }
        // No proxy passes on a wish to upgrade (RFC 9110, section 7.8), so nothing that follows could be read.
        guard status != 101 else { throw Failure("a switch of protocols that nobody asked for") }
        return ResponseHead(status: status, reason: words.count > 2 ? words[2] : "", fields: fields)
    }

    /// The fields with the bytes of their values, without the white space around them.
    private func fields(
        _ lines: ArraySlice<[UInt8]>, remarks: inout [String]
    ) throws(Failure) -> [(field: HTTPField, value: [UInt8])] {
        var found: [(name: ArraySlice<UInt8>, value: [UInt8])] = []
        for line in lines {
            if line[0] == 0x20 || line[0] == 0x09 {
                guard role == .response, !found.isEmpty else { throw Failure("a folded line in the head") }
                found[found.count - 1].value += [0x20] + line.trimmed
                remarks.append("a folded header line was joined")
                continue
            }
            guard let colon = line.firstIndex(of: 0x3A) else { throw Failure("a header line without a colon") }
            var name = line[..<colon]
            if role == .response, let last = name.last, last == 0x20 || last == 0x09 {
                name = line[..<colon].trimmed
                remarks.append("white space after a header name was removed")
            }
            guard !name.isEmpty, name.allSatisfy(\.isTokenByte) else { throw Failure("a header name that is none") }
            found.append((name, Array(line[(colon + 1)...].trimmed)))
        }
        return found.map { name, value in
            (HTTPField(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)), value)
        }
    }

    /// How the body ends as far as the fields say; nil where they do not.
    private func framing(
        _ fields: [HTTPField], minorVersion: Int, remarks: inout [String]
    ) throws(Failure) -> Framing? {
        let codings = fields.values(of: "transfer-encoding")
        let lengths = fields.values(of: "content-length")
        if !codings.isEmpty {
            guard codings.count == 1, codings[0].equalsIgnoringCase("chunked") else {
                throw Failure(status: 501, "a transfer encoding other than chunked")
            }
            guard minorVersion >= 1 else { throw Failure("a transfer encoding in HTTP/1.0") }
            guard lengths.isEmpty || role == .response else {
                throw Failure("both a content length and a transfer encoding")
            }
            if !lengths.isEmpty { remarks.append("content length ignored, as the body is chunked") }
            return .chunked
        }
        guard let first = lengths.first else { return nil }
        guard lengths.allSatisfy({ $0 == first }) else { throw Failure("two different content lengths") }
        guard lengths.count == 1 || role == .response else { throw Failure("two content lengths") }
        guard first.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let count = Int(first) else {
            throw Failure("a content length that is no number of bytes")
        }
        return .length(count)
    }

    private func keepsAlive(_ fields: [(field: HTTPField, value: [UInt8])], minorVersion: Int) -> Bool {
        let options = fields.map(\.field).values(of: "connection").flatMap { $0.split(separator: ",") }
            .map { String(decoding: Array($0.utf8).trimmed, as: UTF8.self) }
        if options.contains(where: { $0.equalsIgnoringCase("close") }) { return false }
        return minorVersion >= 1 || options.contains { $0.equalsIgnoringCase("keep-alive") }
    }
}

extension Collection<UInt8> where Self: BidirectionalCollection {
    /// Without spaces and tabs at both ends.
    fileprivate var trimmed: SubSequence {
        guard let start = firstIndex(where: { $0 != 0x20 && $0 != 0x09 }),
            let end = lastIndex(where: { $0 != 0x20 && $0 != 0x09 })
        else { return self[startIndex..<startIndex] }
        return self[start...end]
    }
}

extension UInt8 {
    /// `tchar` of RFC 9110, section 5.6.2.
    var isTokenByte: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
