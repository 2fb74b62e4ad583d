import MCPWire
import RepriseRecording

/// Looks for what is likely to be a secret in a session that would be written without redaction.
///
/// No replacement for redaction, which knows far more: it only stops what is plain to see.
enum SecretCheck {
    private static let names: Set = [
        "accesstoken", "apikey", "authorization", "clientsecret", "cookie", "credential", "credentials", "idtoken",
        "passphrase", "password", "passwd", "privatekey", "refreshtoken", "secret", "sessiontoken", "token",
    ]
    private static let beginnings = [
        "Bearer ", "Basic ", "-----BEGIN ", "AKIA", "eyJ", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "sk-",
        "sk_live_", "xoxb-", "xoxp-",
    ]

    /// The first place that looks like a secret, `/params/arguments/password of event 7`; nil if there is none.
    static func firstPlace(in recording: Recording) -> String? {
        for (index, event) in recording.events.enumerated() {
            guard case .bytes(let bytes)? = event.frame?.payload else { continue }
            let value = (try? JSONValue(bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
            if let path = place(in: value, at: "") { return "\(path) of event \(index + 1)" }
        }
        return nil
    }

    private static func place(in value: JSONValue, at path: String) -> String? {
        switch value {
        case .object(let members):
            for member in members {
                let here = path + "/" + member.key
                let name = member.key.lowercased().filter { $0 != "-" && $0 != "_" }
                if names.contains(name), let text = member.value.text, !text.isEmpty { return here }
                if let found = place(in: member.value, at: here) { return found }
            }
            return nil
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                if let found = place(in: element, at: "\(path)/\(index)") { return found }
            }
            return nil
        case .string(let text):
            return beginnings.contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count + 7 } ? path : nil
        case .null, .bool, .number: return nil
        }
    }
}
