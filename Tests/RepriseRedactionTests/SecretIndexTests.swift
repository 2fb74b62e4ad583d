import Testing
import MCPCore

@testable import RepriseRedaction

@Suite struct SecretIndexTests {
    @Test("S-179: 100,000 secrets that begin alike are each found again")
    func manySecrets() throws {
        var generator = SplitMix64(seed: 5)
        let secrets = (0..<100_000).map { "sk-common-prefix-\($0)-" + String(generator.next(), radix: 36) }
        var index = SecretIndex(countMax: 200_000, byteCountMax: 1 << 30)
        for secret in secrets { _ = index.learn(Array(secret.utf8), isSought: true) }
        #expect(index.count == secrets.count)
        for number in stride(from: 0, to: secrets.count, by: 997) {
            let hits = find("<" + secrets[number] + ">", in: index)
            #expect(hits == [SecretIndex.Hit(range: 1..<(1 + secrets[number].utf8.count), entry: number)])
        }
        #expect(find("sk-common-prefix-77-of nothing that was learnt", in: index).isEmpty)
        // However many begin alike, few stand under one window: what a look-up costs does not grow.
        #expect(index.chainLengthMax <= 4)
    }

    @Test func chainsStayShortForTokensOfOneIssuer() {
        var index = SecretIndex(countMax: 20_000, byteCountMax: 1 << 30)
        for number in 0..<5_000 {
            _ = index.learn(Array("eyJhbGciOiJIUzI1NiJ9.\(number)abcdefgh.same-tail".utf8), isSought: true)
        }
        #expect(index.chainLengthMax <= 100)
    }

    @Test func theLongestAndEveryOverlappingSecretIsFound() {
        var index = SecretIndex(countMax: 10, byteCountMax: 1 << 20)
        for text in ["abcdefgh", "abcdefghij", "ghijklmn"] { _ = index.learn(Array(text.utf8), isSought: true) }
        let found = find("abcdefghijklmn", in: index).map(\.range)
        #expect(Set(found) == [0..<8, 0..<10, 6..<14])
    }

    @Test("a text made to match everywhere is replaced whole instead of searched for ever")
    func hostileTextsAreReplacedWhole() throws {
        var redactor = try Redactor.standard()
        let secret = String(repeating: "ab", count: 40_000)
        #expect(redactor.json("{\"token\":\"\(secret)\"}") == #"{"token":"reprise-secret-1"}"#)
        let text = "plain " + String(repeating: "ab", count: 100_000) + "!"
        let result = redactor.redact(text: Array(text.utf8), stream: 2)
        #expect(result.placeholders.count == 1)
        #expect(!String(decoding: result.bytes, as: UTF8.self).contains("abab"))
        #expect(redactor.line("<\(secret)>") == "<reprise-secret-1>")
    }

    @Test func aSecretThatOverlapsItselfIsOnePlace() throws {
        var redactor = try Redactor.standard()
        _ = redactor.json(#"{"token":"abcabcabc","password":"zzabcabc"}"#)
        #expect(redactor.line("<abcabcabcabc>") == "<reprise-secret-3>")
        #expect(redactor.line("<zzabcabcabcabc> abcabcabc") == "<reprise-secret-4> reprise-secret-1")
    }

    @Test func limitsAreReportedAndSecretsStillReplaced() throws {
        var redactor = try Redactor(rules: .standard, secretCountMax: 1, secretByteCountMax: 1_000)
        #expect(redactor.json(#"{"token":"grey-goose"}"#) == #"{"token":"reprise-secret-1"}"#)
        #expect(!redactor.isFull)
        #expect(redactor.json(#"{"token":"red-goose"}"#) == #"{"token":"reprise-secret-2"}"#)
        #expect(redactor.isFull)
        #expect(
            redactor.json(#"{"token":"red-goose","x":"grey-goose"}"#)
                == #"{"token":"reprise-secret-3","x":"reprise-secret-1"}"#)
        var small = try Redactor(rules: .standard, secretCountMax: 10, secretByteCountMax: 4)
        #expect(small.json(#"{"token":"grey-goose"}"#) == #"{"token":"reprise-secret-1"}"#)
        #expect(small.isFull)
    }

    @Test func aSecretSeenFirstWhereItIsNotSoughtIsSoughtLater() throws {
        var redactor = try Redactor.standard()
        #expect(redactor.json(#"{"env":{"P":"/opt/goose"}}"#) == #"{"env":{"P":"reprise-secret-1"}}"#)
        #expect(redactor.line("in /opt/goose") == "in /opt/goose")
        #expect(redactor.json(#"{"token":"/opt/goose"}"#) == #"{"token":"reprise-secret-1"}"#)
        #expect(redactor.line("in /opt/goose") == "in reprise-secret-1")
    }

    private func find(_ text: String, in index: SecretIndex) -> [SecretIndex.Hit] {
        var hits: [SecretIndex.Hit] = []
        Array(text.utf8).withUnsafeBufferPointer { index.find(in: $0, into: &hits) }
        return hits
    }
}
