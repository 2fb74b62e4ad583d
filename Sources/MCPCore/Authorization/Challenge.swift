/// One challenge of a `WWW-Authenticate` field (RFC 9110, section 11.6.1).
public struct Challenge: Sendable, Equatable {
    /// The scheme in lower case, such as `bearer`.
    public var scheme: String
    /// What some schemes have in place of parameters.
    public var token68: String?
    /// In order; names in lower case, values without their quotes.
    public var parameters: [Parameter]

    /// A parameter of a challenge.
    public struct Parameter: Sendable, Equatable {
        /// The name in lower case.
        public var name: String
        /// The value.
        public var value: String

        /// A parameter.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A challenge.
    public init(scheme: String, token68: String? = nil, parameters: [Parameter] = []) {
        self.scheme = scheme
        self.token68 = token68
        self.parameters = parameters
    }

    /// The value of the first parameter of that name, which is in lower case.
    public subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// Field values longer than this, in bytes, are not read.
    public static let byteCountMax = 16_384

    /// All challenges in the values of a field, in order.
    ///
    /// What cannot be read ends its value: the challenges before it count. A value over ``byteCountMax`` has none.
    public static func challenges(in values: [String]) -> [Challenge] {
        values.flatMap { value in
            guard value.utf8.count <= byteCountMax else { return [Challenge]() }
            var parser = Parser(bytes: Array(value.utf8))
            return parser.challenges()
        }
    }

    /// The first `Bearer` challenge in the values of a field (RFC 6750, section 3).
    public static func bearer(in values: [String]) -> Challenge? {
        challenges(in: values).first { $0.scheme == "bearer" }
    }
}

extension Challenge {
    /// Reads one field value.
    private struct Parser {
        var bytes: [UInt8]
        var place = 0

        mutating func challenges() -> [Challenge] {
            var found: [Challenge] = []
            while true {
                skipListSeparators()
                guard let word = token() else { return found }
                let end = place
                skipSpace()
                // A word with `=` behind it is a parameter of the challenge before it; a scheme has a space or nothing.
                if let last = found.indices.last, found[last].token68 == nil, peek == UInt8(ascii: "=") {
                    place += 1
                    guard let value = value() else { return found }
                    found[last].parameters.append(Parameter(word.lowercased(), value))
                    continue
                }
                guard peek != UInt8(ascii: "=") else { return found }
                var challenge = Challenge(scheme: word.lowercased())
                if place > end { challenge.token68 = token68() }
                found.append(challenge)
            }
        }

        private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

        private mutating func skipSpace() {
            while let byte = peek, byte == 0x20 || byte == 0x09 { place += 1 }
        }

        private mutating func skipListSeparators() {
            while let byte = peek, byte == 0x20 || byte == 0x09 || byte == UInt8(ascii: ",") { place += 1 }
        }

        private mutating func token() -> String? {
            let start = place
            while let byte = peek, Self.isTokenByte(byte) { place += 1 }
            return place > start ? String(decoding: bytes[start..<place], as: UTF8.self) : nil
        }

        /// A text with nothing but a comma or the end behind it; the place stays where it is if there is none.
        private mutating func token68() -> String? {
            let start = place
            while let byte = peek, Self.isToken68Byte(byte) { place += 1 }
            let body = place
            while peek == UInt8(ascii: "=") { place += 1 }
            let end = place
            skipSpace()
            if body > start, peek == nil || peek == UInt8(ascii: ",") {
                return String(decoding: bytes[start..<end], as: UTF8.self)
            }
            place = start
            return nil
        }

        /// A token or a quoted string.
        private mutating func value() -> String? {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { return token() }
            place += 1
            var text: [UInt8] = []
            while let byte = peek {
                place += 1
                if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
                guard byte == UInt8(ascii: "\\") else {
                    text.append(byte)
                    continue
                }
                guard let escaped = peek else { return nil }
                text.append(escaped)
                place += 1
            }
            return nil
        }

        /// `tchar` of RFC 9110, section 5.6.2.
        private static func isTokenByte(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }

        private static func isToken68Byte(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-._~+/".utf8.contains(byte)
            }
        }
    }
}
