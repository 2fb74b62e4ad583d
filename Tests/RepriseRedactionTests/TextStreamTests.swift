import Testing

@testable import RepriseRedaction

@Suite struct TextStreamTests {
    @Test("S-179: a private key in a text stream is replaced line by line until its end")
    func privateKeyOverSeveralLines() throws {
        var redactor = try Redactor.standard()
        let lines = [
            "loading key\n", "-----BEGIN PRIVATE KEY-----\n", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n", "\n",
            "  q83vEjRWeJCrze8SNFZ4kKvN7xI=\r\n", "-----END PRIVATE KEY----- token=goose-77\n", "ready\n",
        ]
        let expected = [
            "loading key\n", "-----BEGIN PRIVATE KEY-----\n", "reprise-secret-1\n", "\n", "  reprise-secret-2\r\n",
            "-----END PRIVATE KEY----- token=reprise-secret-3\n", "ready\n",
        ]
        #expect(lines.map { redactor.line($0) } == expected)
    }

    @Test func streamsAreApart() throws {
        var redactor = try Redactor.standard()
        _ = redactor.line("-----BEGIN OPENSSH PRIVATE KEY-----", stream: 2)
        #expect(redactor.line("an ordinary line", stream: 1) == "an ordinary line")
        #expect(redactor.line("b3BlbnNzaC1rZXktdjEAAAAA", stream: 2) == "reprise-secret-1")
        #expect(redactor.line("-----END OPENSSH PRIVATE KEY-----", stream: 2) == "-----END OPENSSH PRIVATE KEY-----")
        #expect(redactor.line("b3BlbnNzaC1rZXktdjEAAAAB", stream: 2) == "b3BlbnNzaC1rZXktdjEAAAAB")
    }

    @Test func proseAboutAKeyOpensNothing() throws {
        var redactor = try Redactor.standard()
        _ = redactor.line("expected -----BEGIN PRIVATE KEY----- at the start of the file\n")
        #expect(redactor.line("an ordinary line\n") == "an ordinary line\n")
    }

    @Test func aKeyWithoutEndIsGivenUpAtItsLimit() throws {
        var redactor = try Redactor.standard()
        _ = redactor.line("-----BEGIN PRIVATE KEY-----\n")
        for _ in 0..<Redactor.privateKeyLineCountMax { #expect(redactor.line("word\n") == "reprise-secret-1\n") }
        #expect(redactor.line("word\n") == "word\n")
    }

    @Test func aKeyInAStringOfJSONIsOneSecret() throws {
        var redactor = try Redactor.standard()
        let key = #"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIB\nq83vEjRW==\n-----END EC PRIVATE KEY-----\n"#
        #expect(
            redactor.json("{\"text\":\"a \(key) b\"}")
                == #"{"text":"a -----BEGIN EC PRIVATE KEY-----\nreprise-secret-1\n-----END EC PRIVATE KEY-----\n b"}"#)
        #expect(
            redactor.json(#"{"text":"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBF"}"#)
                == #"{"text":"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nreprise-secret-2"}"#)
    }

    @Test func linesOfJSONInATextStreamAreReadAsJSON() throws {
        var redactor = try Redactor.standard()
        #expect(
            redactor.line(#"{"level":"info","env":{"A":"grey-goose"}}"# + "\n")
                == #"{"level":"info","env":{"A":"reprise-secret-1"}}"# + "\n")
    }
}
