import MCPWire
import RepriseRecording

/// Maps between the origin of a server and ours in its place: the few things that must change for a client to work.
///
/// It changes `Host` and `Origin` of requests, and in responses a same-origin `Location`, `resource_metadata` of
/// challenges, `resource` of protected-resource metadata (RFC 9728) and the `endpoint` event of 2024-11-05; nothing else.
public struct OriginMap: Equatable, Sendable {
    /// A value with the remarks that tell what was changed in it, none where it is as it was.
    public struct Mapped<Value: Equatable & Sendable>: Equatable, Sendable {
        /// The value to pass on.
        public var value: Value
        /// One sentence a change.
        public var notes: [String]

        /// Makes a mapped value from its parts.
        public init(value: Value, notes: [String]) {
            self.value = value
            self.notes = notes
        }
    }

    /// The recorded server.
    public let server: Origin
    /// Ours, as the client names it in `Host`.
    public let local: Origin

    /// Makes a map; `local` is best taken from the client's `Host`, since clients compare what they get with their URL.
    public init(server: Origin, local: Origin) {
        self.server = server
        self.local = local
    }

    /// A client's header fields as the server is to see them.
    ///
    /// An `Origin` of another site stays: who the client is must not change.
    public func request(_ fields: [HTTPField]) -> Mapped<[HTTPField]> {
        var mapped = Mapped(value: fields, notes: [])
        for index in fields.indices {
            let field = fields[index]
            let value: String
            if field.name.equalsIgnoringCase("host") {
                value = server.authority
            } else if field.name.equalsIgnoringCase("origin"), Origin(url: field.value) == local {
                value = server.description
            } else {
                continue
            }
            mapped.set(value, at: index)
        }
        return mapped
    }

    /// The server's header fields as the client is to see them.
    public func response(_ fields: [HTTPField]) -> Mapped<[HTTPField]> {
        var mapped = Mapped(value: fields, notes: [])
        for index in fields.indices {
            let field = fields[index]
            if field.name.equalsIgnoringCase("location") {
                mapped.set(location(field.value), at: index)
            } else if field.name.equalsIgnoringCase("www-authenticate") {
                mapped.set(challenge(field.value), at: index)
            }
        }
        return mapped
    }

    /// Whether a request target is that of protected-resource metadata (RFC 9728, section 3.1).
    public static func isResourceMetadata(target: String) -> Bool {
        let path = target.prefix { $0 != "?" }
        return path == wellKnownPath || path.hasPrefix(wellKnownPath + "/")
    }

    private static let wellKnownPath = "/.well-known/oauth-protected-resource"

    /// Protected-resource metadata with a `resource` of ours; every other byte stays, and so does what is no such text.
    public func metadata(_ body: [UInt8]) -> Mapped<[UInt8]> {
        guard let document = try? JSONDocument(body), let resource = document.member("resource", of: 0),
            document.nodes[resource].kind == .string, let url = toLocal(document.text(at: resource))
        else { return Mapped(value: body, notes: []) }
        var text: [UInt8] = []
        JSONString.encode(url, into: &text)
        var edited = body
        edited.replaceSubrange(document.nodes[resource].range, with: text)
        return Mapped(value: edited, notes: ["resource rewritten to \(url)"])
    }

    /// The bytes of a server-sent event whose type is `endpoint` with a URL of ours; a relative URL fits as it is.
    public func endpoint(_ frame: SSEFrame) -> Mapped<[UInt8]> {
        guard let event = frame.event, event.type == "endpoint",
            let url = toLocal(String(decoding: event.data, as: UTF8.self)),
            let place = SSEDataLine.range(in: frame.bytes)
        else { return Mapped(value: frame.bytes, notes: []) }
        var edited = frame.bytes
        edited.replaceSubrange(place, with: Array(url.utf8))
        return Mapped(value: edited, notes: ["endpoint rewritten to \(url)"])
    }

    /// A URL of the server as one of ours; nil for one of any other origin, and for a relative one.
    public func toLocal(_ url: String) -> String? {
        guard let length = Origin.length(in: url), Origin(url: url) == server else { return nil }
        return local.description + url.dropFirst(length)
    }

    private func location(_ url: String) -> String {
        // A network-path reference takes the scheme of the page, which is ours and need not be the server's.
        if url.hasPrefix("//") { return toLocal("\(server.scheme):\(url)") ?? url }
        return toLocal(url) ?? url
    }

    /// A list of challenges with every `resource_metadata` mapped; quoted strings are skipped as such (RFC 9110, 5.6.4).
    private func challenge(_ value: String) -> String {
        let bytes = Array(value.utf8)
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == Self.quote {
                let end = Self.endOfQuoted(bytes, from: index)
                output += bytes[index..<end]
                index = end
                continue
            }
            guard bytes[index].isTokenByte else {
                output.append(bytes[index])
                index += 1
                continue
            }
            let nameEnd = bytes[index...].firstIndex { !$0.isTokenByte } ?? bytes.count
            let name = String(decoding: bytes[index..<nameEnd], as: UTF8.self)
            output += bytes[index..<nameEnd]
            index = nameEnd
            guard name.equalsIgnoringCase("resource_metadata") else { continue }
            let start = Self.startOfValue(bytes, after: nameEnd)
            guard let start else { continue }
            output += bytes[nameEnd..<start]
            index = Self.endOfValue(bytes, from: start)
            output += mappedParameter(bytes[start..<index])
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// A parameter's value, quoted or (against the grammar, as a URL is no token) bare.
    private func mappedParameter(_ value: ArraySlice<UInt8>) -> [UInt8] {
        guard value.first == Self.quote, value.count >= 2, value.last == Self.quote else {
            return toLocal(String(decoding: value, as: UTF8.self)).map { Array($0.utf8) } ?? Array(value)
        }
        var plain: [UInt8] = []
        var isEscaped = false
        for byte in value.dropFirst().dropLast() {
            if byte == Self.backslash, !isEscaped {
                isEscaped = true
            } else {
                plain.append(byte)
                isEscaped = false
            }
        }
        guard let url = toLocal(String(decoding: plain, as: UTF8.self)) else { return Array(value) }
        let escaped = url.utf8.flatMap { $0 == Self.quote || $0 == Self.backslash ? [Self.backslash, $0] : [$0] }
        return [Self.quote] + escaped + [Self.quote]
    }

    private static let quote: UInt8 = 0x22
    private static let backslash: UInt8 = 0x5C

    /// The index behind a quoted string; the end of the text where it is not closed.
    private static func endOfQuoted(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == quote { return index + 1 }
            index += bytes[index] == backslash ? 2 : 1
        }
        return bytes.count
    }

    /// Where the value after a name and `=` begins; nil where no `=` follows.
    private static func startOfValue(_ bytes: [UInt8], after end: Int) -> Int? {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        guard let equals = bytes[end...].firstIndex(where: { !isSpace($0) }), bytes[equals] == 0x3D else { return nil }
        return bytes[(equals + 1)...].firstIndex { !isSpace($0) } ?? bytes.count
    }

    private static func endOfValue(_ bytes: [UInt8], from start: Int) -> Int {
        guard start < bytes.count else { return start }
        if bytes[start] == quote { return endOfQuoted(bytes, from: start) }
        return bytes[start...].firstIndex { $0 == 0x2C || $0 == 0x20 || $0 == 0x09 } ?? bytes.count
    }
}

extension OriginMap.Mapped<[HTTPField]> {
    fileprivate mutating func set(_ new: String, at index: Int) {
        guard value[index].value != new else { return }
        value[index].value = new
        notes.append("\(value[index].name) rewritten to \(new)")
    }
}
