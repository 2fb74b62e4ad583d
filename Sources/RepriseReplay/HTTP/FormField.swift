import MCPWire
import RepriseRecording

/// One name and value of a query or of a form body (application/x-www-form-urlencoded), decoded.
struct FormField: Equatable, Sendable {
    var name: String
    var value: String
    /// The value with its placeholders as variables.
    var text: SecretText

    /// The fields of an encoded text in order; `placeholders` are offsets in its UTF-8.
    static func fields(of encoded: [UInt8], placeholders: [Range<Int>] = []) -> [FormField] {
        var fields: [FormField] = []
        var start = 0
        while start <= encoded.count {
            let end = encoded[start...].firstIndex(of: UInt8(ascii: "&")) ?? encoded.count
            defer { start = end + 1 }
            guard start < end else { continue }
            let equals = encoded[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
            let value = min(end, equals + 1)..<end
            var parts: [SecretText.Part] = []
            var position = value.lowerBound
            for place in placeholders where value.lowerBound <= place.lowerBound && place.upperBound <= value.upperBound
            {
                if position < place.lowerBound {
                    parts.append(.literal(FormText.decode(encoded[position..<place.lowerBound])))
                }
                parts.append(.secret(Array(encoded[place])))
                position = place.upperBound
            }
            if position < value.upperBound {
                parts.append(.literal(FormText.decode(encoded[position..<value.upperBound])))
            }
            fields.append(
                FormField(
                    name: String(decoding: FormText.decode(encoded[start..<equals]), as: UTF8.self),
                    value: String(decoding: FormText.decode(encoded[value]), as: UTF8.self),
                    text: SecretText(parts: parts)))
        }
        return fields
    }

    /// The query of a request target.
    static func query(of head: RequestHead) -> [FormField] {
        let target = Array(head.target.utf8)
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        let shift = mark + 1
        return fields(
            of: Array(target[shift...]),
            placeholders: head.targetPlaceholders.filter { $0.lowerBound >= shift }
                .map { $0.lowerBound - shift..<$0.upperBound - shift })
    }
}
