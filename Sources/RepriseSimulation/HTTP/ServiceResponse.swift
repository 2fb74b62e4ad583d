import HTTPTypes
import MCPWire

/// A whole response of a double, as its parts answer a request.
public struct ServiceResponse: Sendable, Equatable {
    /// Status and headers.
    public var head: HTTPResponse
    /// The whole body.
    public var body: [UInt8]

    /// A response.
    public init(_ head: HTTPResponse, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    /// A response of a status; it is not to be kept in caches.
    init(status: Int, body: [UInt8] = [], type: String? = nil) {
        head = HTTPResponse(status: .init(code: status))
        head.headerFields[.cacheControl] = "no-store"
        if let type { head.headerFields[.contentType] = type }
        self.body = body
    }

    /// A JSON value.
    init(status: Int = 200, _ value: JSONValue) {
        self.init(status: status, body: value.encoded, type: "application/json")
    }

    /// A sentence for people.
    init(status: Int, text: String) {
        self.init(status: status, body: Array((text + "\n").utf8), type: "text/plain; charset=utf-8")
    }

    /// A way on to another address.
    init(redirectTo location: String) {
        self.init(status: 302)
        head.headerFields[.location] = location
    }

    /// What a service does to give this response.
    public func actions(exchange: Int) -> [ServiceAction] {
        let body = body.isEmpty ? [] : [ServiceAction.body(exchange: exchange, body, message: nil)]
        return [.head(exchange: exchange, head)] + body + [.end(exchange: exchange)]
    }
}

extension MetadataBehaviour {
    /// What somebody gets who asks for metadata at `path`: `valid` if all is well, otherwise what is wrong with it.
    func response(to path: String, valid: JSONValue, identity: String) -> ServiceResponse {
        switch self {
        case .valid: ServiceResponse(valid)
        case .missing: ServiceResponse(status: 404, text: "there is nothing at \(path)")
        case .notJSON:
            ServiceResponse(status: 200, body: Array("<!doctype html><p>Sign in</p>".utf8), type: "text/html")
        case .oversized(let byteCount): ServiceResponse(Self.padded(valid, to: byteCount))
        case .redirect(let origin): ServiceResponse(redirectTo: origin + path)
        case .impostor: ServiceResponse(Self.replacing(identity, in: valid, by: "https://impostor.example"))
        }
    }

    /// The value with one more member, so that its text has so many bytes; the value itself if it is as long.
    private static func padded(_ value: JSONValue, to byteCount: Int) -> JSONValue {
        let added = JSONValue.Member("padding", "")
        let least = JSONValue.object((value.members ?? []) + [added]).encoded.count
        guard byteCount > least else { return value }
        let padding = JSONValue.string(String(repeating: "x", count: byteCount - least))
        return .object((value.members ?? []) + [.init("padding", padding)])
    }

    private static func replacing(_ key: String, in value: JSONValue, by text: String) -> JSONValue {
        .object((value.members ?? []).map { $0.key == key ? .init(key, .string(text)) : $0 })
    }
}
