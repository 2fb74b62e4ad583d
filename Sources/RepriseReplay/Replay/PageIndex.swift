import MCPWire
import RepriseRecording

/// Finds the recorded exchange that a live request outside MCP matches: metadata, registration, logins, tokens.
///
/// Compared are method, path, and the fields of query and form; what the client mints anew is not, nor other bodies.
struct PageIndex: Sendable {
    /// A recorded exchange.
    private struct Page {
        /// Its stream.
        var stream: Int
        var event: Int
        var head: RequestHead
        var fields: [FormField]
        /// Whether it may be served any number of times, as asking for it changes nothing.
        var isRepeatable: Bool
    }

    /// What a live request matches.
    struct Match: Equatable {
        var stream: Int
        /// Whether it was served before.
        var isRepeated: Bool
    }

    private var pages: [Page] = []
    private var isUsed: [Bool] = []
    private var echoes: [Echo] = []

    /// A value that the client chose, and that the server sends back in a redirect.
    private struct Echo {
        var name: String
        var recorded: String
        var live: String
    }

    /// Fields of OAuth requests that the client mints, or that name a place of its own or ours (RFC 6749, 7636, 8707).
    private static let minted: Set = [
        "state", "nonce", "code_challenge", "code_verifier", "redirect_uri", "resource", "client_assertion",
        "assertion",
    ]

    init(_ script: HTTPScript) {
        for stream in script.pages {
            let exchange = script.log.exchanges[script.streams[stream].segments[0].exchange]
            let status = exchange.response?.status ?? 0
            let isReading = ["GET", "HEAD", "OPTIONS"].contains(exchange.request.method)
            let body = exchange.requestBody?.frame
            let shift = body?.pre.count ?? 0
            pages.append(
                Page(
                    stream: stream, event: exchange.requestEvent, head: exchange.request,
                    fields: Self.fields(
                        of: exchange.request, body: body?.wireBytes ?? [],
                        placeholders: body?.placeholders.map { $0.lowerBound + shift..<$0.upperBound + shift } ?? []),
                    isRepeatable: isReading && exchange.response != nil && !(300..<400).contains(status)))
        }
        isUsed = pages.map { _ in false }
    }

    /// The first unused page that matches, else the last used one that may be served again.
    mutating func take(_ head: RequestHead, body: [UInt8], bindings: inout SecretBindings) -> Match? {
        let fields = Self.fields(of: head, body: body)
        var repeated: Int?
        for (index, page) in pages.enumerated() where page.head.method == head.method && page.head.path == head.path {
            if isUsed[index], !page.isRepeatable { continue }
            var trial = bindings
            guard Self.difference(page.fields, fields, bindings: &trial) == nil else { continue }
            if isUsed[index] {
                repeated = index
                continue
            }
            isUsed[index] = true
            bindings = trial
            note(page.fields, fields)
            return Match(stream: page.stream, isRepeated: false)
        }
        return repeated.map { Match(stream: pages[$0].stream, isRepeated: true) }
    }

    private mutating func note(_ recorded: [FormField], _ live: [FormField]) {
        for name in ["state", "redirect_uri"] {
            guard let was = recorded.first(where: { $0.name == name }), let now = live.first(where: { $0.name == name })
            else { continue }
            echoes.append(Echo(name: name, recorded: was.value, live: now.value))
        }
    }

    /// A recorded `Location` with what the live client chose in the place of what the recorded one did.
    func echoed(_ location: String) -> String {
        var location = location
        if let echo = echoes.last(where: { $0.name == "redirect_uri" && location.hasPrefix($0.recorded) }) {
            location = echo.live + location.dropFirst(echo.recorded.count)
        }
        guard let mark = location.firstIndex(of: "?") else { return location }
        let parts = location[location.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        let query = parts.map { part in
            guard let field = FormField.fields(of: Array(part.utf8)).first, field.name == "state",
                let echo = echoes.last(where: { $0.name == "state" && $0.recorded == field.value })
            else { return String(part) }
            return "state=" + FormText.encode(echo.live.utf8)
        }
        return location[...mark] + query.joined(separator: "&")
    }

    /// The unused, else any page of this method and path, with what differs first.
    func nearest(_ head: RequestHead, body: [UInt8], bindings: SecretBindings) -> Mismatch.Nearest? {
        let candidates = pages.indices.filter {
            pages[$0].head.method == head.method && pages[$0].head.path == head.path
        }
        guard let index = candidates.first(where: { !isUsed[$0] }) ?? candidates.last else { return nil }
        var trial = bindings
        let difference = Self.difference(pages[index].fields, Self.fields(of: head, body: body), bindings: &trial)
        return Mismatch.Nearest(
            event: pages[index].event, differences: difference.map { [$0] } ?? [], isUsed: isUsed[index])
    }

    /// The streams of pages that had to be asked for and were not, in recorded order.
    var neverCame: [Int] { pages.indices.filter { !isUsed[$0] && !pages[$0].isRepeatable }.map { pages[$0].stream } }

    private static func fields(of head: RequestHead, body: [UInt8], placeholders: [Range<Int>] = []) -> [FormField] {
        let type = head.fields.first("content-type") ?? ""
        let isForm = String(type.prefix { $0 != ";" && $0 != " " })
            .equalsIgnoringCase("application/x-www-form-urlencoded")
        return FormField.query(of: head) + (isForm ? FormField.fields(of: body, placeholders: placeholders) : [])
    }

    /// The first place where the fields of a live request are not those of a recorded one, in whatever order.
    private static func difference(
        _ recorded: [FormField], _ live: [FormField], bindings: inout SecretBindings
    ) -> JSONDifference? {
        var rest = live
        for field in recorded {
            let place = rest.firstIndex { other in
                guard other.name == field.name else { return false }
                return minted.contains(field.name) || field.text.matches(Array(other.value.utf8), bindings: &bindings)
            }
            if let place {
                // What a client mints is a variable also where a placeholder stands for it.
                _ = field.text.matches(Array(rest[place].value.utf8), bindings: &bindings)
                rest.remove(at: place)
                continue
            }
            let other = live.first { $0.name == field.name }
            return JSONDifference(
                pointer: "/\(field.name)",
                change: other.map { .changed(from: "\"\(field.value)\"", to: "\"\($0.value)\"") }
                    ?? .removed("\"\(field.value)\""))
        }
        guard let extra = rest.first(where: { !minted.contains($0.name) }) else { return nil }
        return JSONDifference(pointer: "/\(extra.name)", change: .added("\"\(extra.value)\""))
    }
}
