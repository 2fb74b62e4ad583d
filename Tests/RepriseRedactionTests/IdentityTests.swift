import MCPWire
import Testing

@testable import RepriseRedaction

@Suite struct IdentityTests {
    @Test("S-179: equal secrets stay equal and different ones different, whatever their escaping")
    func escapingDoesNotMatter() throws {
        var redactor = try Redactor.standard()
        #expect(redactor.json(#"{"token":"grey\/goose"}"#) == #"{"token":"reprise-secret-1"}"#)
        #expect(redactor.json("{\"token\":\(fullyEscaped("grey/goose"))}") == #"{"token":"reprise-secret-1"}"#)
        #expect(redactor.json(#"{"token":"grey/goose"}"#) == #"{"token":"reprise-secret-1"}"#)
        #expect(redactor.json(#"{"token":"grey/geese"}"#) == #"{"token":"reprise-secret-2"}"#)
    }

    @Test("S-179: a secret once learnt is replaced everywhere, in either direction and as part of a text")
    func learntSecretsAreReplacedEverywhere() throws {
        var redactor = try Redactor.standard()
        _ = redactor.json(#"{"params":{"apiKey":"grey/goose-é"}}"#)
        #expect(
            redactor.json(#"{"result":"you said grey\/goose-\u00e9!","grey/goose-é":[1]}"#)
                == #"{"result":"you said reprise-secret-1!","reprise-secret-1":[1]}"#)
        #expect(redactor.line("panic: xgrey/goose-éx") == "panic: xreprise-secret-1x")
        #expect(redactor.line(#"{"broken": "grey\/goose-\u00E9"#) == #"{"broken": "reprise-secret-1"#)
    }

    @Test func aMessageIsRedactedByWhatItTeachesItself() throws {
        var redactor = try Redactor.standard()
        #expect(
            redactor.json(#"{"echo":"<grey-goose>","password":"grey-goose"}"#)
                == #"{"echo":"<reprise-secret-1>","password":"reprise-secret-1"}"#)
    }

    @Test func shortSecretsAreReplacedInTheirPlaceAlone() throws {
        var redactor = try Redactor.standard()
        #expect(redactor.json(#"{"password":"goose","x":"goose"}"#) == #"{"password":"reprise-secret-1","x":"goose"}"#)
        #expect(redactor.json(#"{"password":"goose"}"#) == #"{"password":"reprise-secret-1"}"#)
    }

    @Test func overlappingSecretsBothGo() throws {
        var redactor = try Redactor.standard()
        _ = redactor.json(#"{"password":"abcdefgh1234","token":"1234ijklmnop"}"#)
        #expect(redactor.line("<abcdefgh1234ijklmnop>") == "<reprise-secret-3>")
        #expect(redactor.line("<abcdefgh1234> <1234ijklmnop>") == "<reprise-secret-1> <reprise-secret-2>")
        _ = redactor.json(#"{"password":"abcdefgh1234-long"}"#)
        #expect(redactor.line("abcdefgh1234-long abcdefgh1234") == "reprise-secret-4 reprise-secret-1")
    }

    @Test func placeholdersInTheTrafficAreLeftAloneAndTheirNumbersNotGiven() throws {
        var redactor = try Redactor.standard()
        let own = #"{"text":"reprise-secret-1","token":"reprise-secret-2","authorization":"Bearer reprise-secret-3"}"#
        let result = redactor.redact(json: Array(own.utf8))
        #expect(String(decoding: result.bytes, as: UTF8.self) == own)
        #expect(result.placeholders.isEmpty)
        #expect(redactor.json(#"{"token":"grey-goose"}"#) == #"{"token":"reprise-secret-4"}"#)
    }

    @Test func partsOfAWholeSecretAreLearnt() throws {
        var redactor = try Redactor.standard()
        #expect(
            redactor.json(
                #"{"env":{"DATABASE_URL":"postgres://app:grey-goose@db/main","C":"{\"apiKey\":\"red-goose\"}"}}"#)
                == #"{"env":{"DATABASE_URL":"reprise-secret-1","C":"reprise-secret-2"}}"#)
        #expect(redactor.line("wrong: grey-goose, red-goose") == "wrong: reprise-secret-3, reprise-secret-4")
    }

    @Test func commonWordsAreNotSoughtElsewhere() throws {
        var redactor = try Redactor.standard()
        #expect(redactor.json(#"{"password":"password"}"#) == #"{"password":"reprise-secret-1"}"#)
        #expect(redactor.json(#"{"description":"password"}"#) == #"{"description":"password"}"#)
    }

    @Test func tokensKeepTheirTimes() throws {
        var redactor = try Redactor.standard()
        let payload = #"{"sub":"ada","exp":1700003600,"iat":1.7e9,"nbf":"never","scope":["a"]}"#
        let jwt = token(payload: payload, signature: "c2lnbmF0dXJlLW9uZQ")
        let result = redactor.redact(json: Array("{\"a\":\"\(jwt)\",\"authorization\":\"Bearer \(jwt)\"}".utf8))
        let placeholder = "eyJhbGciOiJub25lIn0." + encoded(#"{"iat":1.7e9,"exp":1700003600}"#) + ".reprise-secret-1"
        #expect(
            String(decoding: result.bytes, as: UTF8.self)
                == "{\"a\":\"\(placeholder)\",\"authorization\":\"Bearer \(placeholder)\"}")
        #expect(
            result.placeholders.map { String(decoding: result.bytes[$0], as: UTF8.self) } == [placeholder, placeholder])
        var again = try Redactor.standard()
        #expect(again.json("{\"a\":\"\(placeholder)\"}") == "{\"a\":\"\(placeholder)\"}")
    }

    @Test(
        "malformed tokens are secrets too, with the times that can be read",
        arguments: [
            ("eyJhbGciOiJub25lIn0.eyJpYXQiOjF9.", #"{"iat":1}"#), ("eyJhbGciOiJub25lIn0.bm9KU09O.c2ln", "{}"),
            ("eyJhbGciOiJub25lIn0.e30.c2ln", "{}"), ("eyJhbGciOiJub25lIn0.W10.c2ln", "{}"),
            ("eyJhbGciOiJub25lIn0.eyJpYXQiOnt9fQ.c2ln", "{}"), ("eyJhbGciOiJub25lIn0.a.b.c2ln.tag", "{}"),
            ("eyJhbGciOiJub25lIn0.eyJpYXQiOjE.c2ln", "{}"),
        ])
    func malformedTokens(_ jwt: String, _ payload: String) throws {
        var redactor = try Redactor.standard()
        let expected = "eyJhbGciOiJub25lIn0." + encoded(payload) + ".reprise-secret-1"
        #expect(redactor.json("{\"token\":\"\(jwt)\"}") == "{\"token\":\"\(expected)\"}")
    }

    @Test func whatOnlyBeginsAsATokenIsAnOrdinarySecret() throws {
        var redactor = try Redactor.standard()
        #expect(redactor.json(#"{"token":"eyJ.b.c"}"#) == #"{"token":"reprise-secret-1"}"#)
        #expect(redactor.json(#"{"token":"ey...."}"#) == #"{"token":"reprise-secret-2"}"#)
    }

    private func encoded(_ text: String) -> String {
        String(decoding: Base64URL.encoded(Array(text.utf8)), as: UTF8.self)
    }
}
