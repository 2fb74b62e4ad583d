import MCPWire
import Testing
import MCPCore

@testable import RepriseRedaction

/// Random JSON with secrets planted in every form that the contract names.
private struct Planter {
    var random: SplitMix64
    let secrets: [String]

    init(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        // A slash, a quote and a letter beyond ASCII: what encoders treat differently.
        secrets = (0..<4).map { index in
            generator.secret(byteCount: 14) + ["", "/x9", "é7", "+/="][index] + generator.secret(byteCount: 6)
        }
        random = generator
    }

    mutating func pick<T>(_ items: [T]) -> T { items[Int(random.next() % UInt64(items.count))] }

    mutating func value(_ depth: Int) -> String {
        switch random.next() % (depth > 0 ? 9 : 6) {
        case 0: return pick(["0", "-1.50", "1e3", "true", "null", "12345678901234567890"])
        case 1, 2: return string(pick(["plain words", "", "caf\u{e9} \u{1F600}", "a/b\\c\"d\n", "550e8400-e29b-41d4"]))
        case 3:
            return string(pick(["see ", ""]) + "https://h/?access_token=" + encodedForQuery(pick(secrets)) + "&n=1")
        case 4: return string("echo " + pick(secrets) + pick(["", " done", "."]))
        case 5: return string("{\"deep\":" + string("{\"password\":" + string(pick(secrets)) + "}") + ",\"n\":1.0}")
        case 6: return "[" + (0..<Int(random.next() % 4)).map { _ in value(depth - 1) }.joined(separator: " ,") + "]"
        default:
            return "{" + (0..<Int(random.next() % 5)).map { _ in member(depth - 1) }.joined(separator: ", ") + "}"
        }
    }

    mutating func member(_ depth: Int) -> String {
        switch random.next() % 4 {
        case 0: string(pick(["password", "API_KEY", "access-token", "clientSecret"])) + ":" + string(pick(secrets))
        case 1: string(pick(["progressToken", "maxTokens", "cursor", "name"])) + ": \"keep-me-12345\""
        case 2: string("Authorization") + ":" + string("Bearer " + pick(secrets))
        default: string(pick(["a", "b", "text", "naïve"])) + " : " + value(depth)
        }
    }

    /// The text as JSON, each character plain, or escaped in one of the ways that JSON has.
    mutating func string(_ text: String) -> String {
        var json = "\""
        for unit in text.utf16 {
            let hexadecimal = String(unit, radix: 16, uppercase: random.next() % 2 == 0)
            let escaped = "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
            switch unit {
            case 0x22, 0x5C: json += random.next() % 3 == 0 ? escaped : "\\" + String(UnicodeScalar(UInt8(unit)))
            case 0x2F where random.next() % 2 == 0: json += "\\/"
            case 0x20..<0x7F: json += random.next() % 12 == 0 ? escaped : String(UnicodeScalar(UInt8(unit)))
            default: json += escaped
            }
        }
        return json + "\""
    }

    private func encodedForQuery(_ text: String) -> String {
        String(decoding: PercentEncoding.encodedForms(of: Array(text.utf8)).first ?? Array(text.utf8), as: UTF8.self)
    }
}

/// The structure of a JSON text: kinds and counts, without what strings say.
private func shape(of json: [UInt8]) throws -> [String] {
    let document = try JSONDocument(json)
    return document.nodes.map { node in
        node.kind == .number ? String(decoding: json[node.range], as: UTF8.self) : "\(node.kind) \(node.next)"
    }
}

@Suite struct PlantedSecretTests {
    @Test("S-179: planted secrets occur nowhere in the output, and the structure is the same", arguments: 0..<60)
    func plantedSecretsAreGone(_ seed: Int) throws {
        var planter = Planter(seed: UInt64(seed))
        var redactor = try Redactor.standard()
        // Every secret is learnt first, as a client that authenticates does; then it may stand anywhere.
        for secret in planter.secrets { _ = redactor.json("{\"token\":\(quoted(secret))}") }
        for _ in 0..<20 {
            let json = Array(planter.value(4).utf8)
            let result = redactor.redact(json: json)
            #expect(try shape(of: result.bytes) == shape(of: json))
            let strings = try decodedStrings(of: result.bytes)
            for secret in planter.secrets {
                let leak = strings.first { $0.contains(secret) }
                #expect(leak == nil, "seed \(seed): \(String(decoding: json, as: UTF8.self))")
            }
            #expect(Set(result.placeholders.map { Array(result.bytes[$0]) }).count <= planter.secrets.count)
            #expect(kept(strings) == kept(try decodedStrings(of: json)))
            try expectUntouched(json, result)
        }
        #expect(redactor.json("{\"secret\":\"one-more-secret\"}") == #"{"secret":"reprise-secret-5"}"#)
    }

    @Test("S-179: a secret at its place is gone without having been learnt before", arguments: 0..<30)
    func secretsAtTheirPlacesAreGone(_ seed: Int) throws {
        var planter = Planter(seed: UInt64(seed) + 1_000)
        for secret in planter.secrets {
            let forms = [
                "{\"apiKey\":\(planter.string(secret))}",
                "{\"h\":{\"Authorization\":\(planter.string("Bearer " + secret))}}",
                planter.string("{\"x\":\(planter.string("{\"secret\":\(planter.string(secret))}"))}"),
                planter.string("note: password=\"\(secret)\"."), "{\"env\":{\"ANY\":\(planter.string(secret))}}",
            ]
            for form in forms {
                var redactor = try Redactor.standard()
                let result = redactor.redact(json: Array(form.utf8))
                let strings = try decodedStrings(of: result.bytes)
                #expect(!strings.contains { $0.contains(secret) }, "\(form)")
                #expect(result.placeholders.count == 1)
            }
        }
    }

    private func kept(_ strings: [String]) -> Int { strings.filter { $0 == "keep-me-12345" }.count }

    private func expectUntouched(_ json: [UInt8], _ result: Redacted) throws {
        var position = 0
        var placed = 0
        for edit in result.edits {
            let same = result.bytes[placed..<result.offset(ofSource: edit.source.lowerBound)]
            #expect(Array(json[position..<edit.source.lowerBound]) == Array(same))
            position = edit.source.upperBound
            placed = result.offset(ofSource: position)
        }
        #expect(Array(json[position...]) == Array(result.bytes[placed...]))
    }
}
