import Foundation
import MCPWire
import RepriseRecording

/// One event, or one message of it, as `reprise inspect` shows it.
struct InspectionRow {
    var event: Int
    var time: Int64
    var direction: Direction?
    /// Kind of event, or what the message is.
    var what: String
    /// The message's own id.
    var id: String?
    /// The id of the server-sent event that carries it.
    var eventID: String?
    /// Microseconds between a request and this answer.
    var elapsed: Int64?
    var detail = ""
    var exchange: Int?
    var session: Int?
    /// Whether text leaves it out, because other rows say it or it says nothing.
    var isQuiet = false

    /// The row as a line; `exchangeWidth` is that of the column of exchanges, 0 for none.
    func line(exchangeWidth: Int, showsSession: Bool) -> String {
        let arrow =
            switch direction {
            case .clientToServer?: "->"
            case .serverToClient?: "<-"
            case nil: "  "
            }
        let seconds = String(format: "%.3f", Double(time) / 1_000_000)
        var line = "\(Self.pad(String(event), 5)) \(Self.pad(seconds, 9)) s "
        if showsSession { line += Self.pad(session.map { "s\($0)" } ?? "", 3) + " " }
        if exchangeWidth > 0 { line += Self.pad(exchange.map { "x\($0)" } ?? "", exchangeWidth) + " " }
        line += "\(arrow) \(what)"
        let ids = [id.map { "id \($0)" }, eventID.map { "event id \($0)" }].compactMap { $0 }
        if !ids.isEmpty { line += " (\(ids.joined(separator: ", ")))" }
        if let elapsed { line += String(format: " after %.1f ms", Double(elapsed) / 1000) }
        return detail.isEmpty ? line : line + "  " + detail
    }

    var json: JSONValue {
        .record([
            ("event", .int(event)), ("time", .int(Int(time))),
            ("session", session.map { .int($0) }), ("exchange", exchange.map { .int($0) }),
            ("direction", direction.map { .string($0.rawValue) }), ("what", .string(what)),
            ("id", id.map { .string($0) }), ("eventId", eventID.map { .string($0) }),
            ("elapsed", elapsed.map { .int(Int($0)) }), ("detail", detail.isEmpty ? nil : .string(detail)),
        ])
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// The first characters on one line, with control characters as escapes.
    static func excerpt(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.prefix(400), as: UTF8.self)
        let shown = text.prefix(100).unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }.joined()
        return shown.count < text.count || bytes.count > 400 ? shown + "… (\(bytes.count) bytes)" : shown
    }
}
