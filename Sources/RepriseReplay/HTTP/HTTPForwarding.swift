import RepriseRecording

/// The heads that a proxy sends on: hop-by-hop fields left out, origins mapped, framing and persistence its own.
///
/// Every other field keeps its place, the spelling of its name, and the bytes of its value.
public enum HTTPForwarding {
    /// A head to send on.
    public struct Head: Equatable, Sendable {
        /// Its bytes, the empty line included.
        public var bytes: [UInt8]
        /// What was changed, one sentence each, hop-by-hop fields apart.
        public var notes: [String]
        /// Whether the body goes out in chunks.
        public var isChunked: Bool
        /// Whether the connection has to be closed behind the message.
        public var closes: Bool
    }

    /// Fields that concern one connection alone (RFC 9110, section 7.6.1).
    private static let hopByHop = [
        "connection", "proxy-connection", "keep-alive", "te", "transfer-encoding", "upgrade",
    ]
    /// Fields that a `Connection` field cannot take away, as the message would mean something else without.
    private static let endToEnd = ["host", "content-length", "content-type", "authorization"]

    /// A request to the server, which is asked for no content encoding, so that redaction sees what it must.
    public static func request(
        _ head: RequestHead, _ info: HTTPMessageReader.Info, map: OriginMap
    ) -> Head {
        let mapped = map.request(head.fields)
        var notes = mapped.notes
        var lines = Lines(start: "\(head.method) \(head.target) HTTP/1.1")
        let dropped = dropped(head.fields)
        var hasHost = false, hasEncoding = false
        for (index, field) in mapped.value.enumerated() where !dropped.contains(where: field.name.equalsIgnoringCase) {
            if field.name.equalsIgnoringCase("accept-encoding") {
                if !hasEncoding, field.value != "identity" { notes.append("\(field.name) rewritten to identity") }
                if !hasEncoding { lines.add(field.name, Array("identity".utf8)) }
                hasEncoding = true
                continue
            }
            if field.name.equalsIgnoringCase("host") { hasHost = true }
            lines.add(field, original: head.fields[index], raw: info.rawValues[index])
        }
        if !hasHost { lines.add("Host", Array(map.server.authority.utf8)) }
        if !hasEncoding {
            lines.add("Accept-Encoding", Array("identity".utf8))
            notes.append("Accept-Encoding added: identity")
        }
        for value in head.fields.values(of: "upgrade") { notes.append("Upgrade not passed on: \(value)") }
        if info.framing == .chunked { lines.add("Transfer-Encoding", Array("chunked".utf8)) }
        if !info.keepsAlive { lines.add("Connection", Array("close".utf8)) }
        return Head(
            bytes: lines.finish(), notes: notes, isChunked: info.framing == .chunked, closes: !info.keepsAlive)
    }

    /// A response to the client whose request had the head info `client`; `byteCount` is that of an edited body.
    public static func response(
        _ head: ResponseHead, _ info: HTTPMessageReader.Info, map: OriginMap, to client: HTTPMessageReader.Info,
        byteCount: Int? = nil
    ) -> Head {
        let mapped = map.response(head.fields)
        var lines = Lines(start: "HTTP/1.1 \(head.status) \(head.reason)")
        let dropped = dropped(head.fields)
        var hasLength = false
        for (index, field) in mapped.value.enumerated() where !dropped.contains(where: field.name.equalsIgnoringCase) {
            if field.name.equalsIgnoringCase("content-length") {
                guard !hasLength, info.framing != .chunked else { continue }
                hasLength = true
                if let byteCount {
                    lines.add(field.name, Array(String(byteCount).utf8))
                    continue
                }
            }
            lines.add(field, original: head.fields[index], raw: info.rawValues[index])
        }
        let isChunked = info.framing == .chunked && client.minorVersion >= 1
        let isUnbounded = info.framing == .untilEnd || info.framing == .chunked && !isChunked
        let isInformational = head.status < 200
        let closes = !isInformational && (!info.keepsAlive || !client.keepsAlive || isUnbounded)
        if isChunked { lines.add("Transfer-Encoding", Array("chunked".utf8)) }
        if closes {
            lines.add("Connection", Array("close".utf8))
        } else if client.minorVersion == 0 {
            lines.add("Connection", Array("keep-alive".utf8))
        }
        return Head(bytes: lines.finish(), notes: mapped.notes + info.remarks, isChunked: isChunked, closes: closes)
    }

    /// One chunk of a body (RFC 9112, section 7.1); none for no bytes, as that would end it.
    public static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        guard !bytes.isEmpty else { return [] }
        return Array(String(bytes.count, radix: 16).utf8) + [0x0D, 0x0A] + bytes + [0x0D, 0x0A]
    }

    /// The end of a body in chunks.
    public static func lastChunk(trailers: [HTTPField]) -> [UInt8] {
        var lines = Lines(start: "0")
        for field in trailers { lines.add(field.name, Array(field.value.utf8)) }
        return lines.finish()
    }

    private static func dropped(_ fields: [HTTPField]) -> [String] {
        let named = fields.values(of: "connection").flatMap { $0.split { ", \t".contains($0) } }.map(String.init)
        return hopByHop + named.filter { name in !endToEnd.contains(where: name.equalsIgnoringCase) }
    }

    private struct Lines {
        private var bytes: [UInt8]

        init(start: String) {
            bytes = Array(start.utf8) + [0x0D, 0x0A]
        }

        mutating func add(_ name: String, _ value: [UInt8]) {
            bytes += name.utf8
            bytes += [0x3A, 0x20]
            bytes += value
            bytes += [0x0D, 0x0A]
        }

        /// A field, in the bytes that were read where it is as it was.
        mutating func add(_ field: HTTPField, original: HTTPField, raw: [UInt8]) {
            add(field.name, field.value == original.value ? raw : Array(field.value.utf8))
        }

        mutating func finish() -> [UInt8] { bytes + [0x0D, 0x0A] }
    }
}
