import Testing

@testable import RepriseRedaction

@Suite struct RedactionRulesTests {
    private let text = """
        # what this server calls its secrets
        key X-Tenant
          keep api_key\t
        pattern ticket (?i)ticket-(?<secret>[0-9]+)
        pattern whole GOOSE#[0-9]+
        literal Zoë & Co
        """

    @Test func rulesExtendTheStandard() throws {
        var redactor = try Redactor(rules: RedactionRules(parsing: text))
        #expect(
            redactor.json(#"{"x_tenant":"goose","apiKey":"grey-goose","token":"grey-duck","n":"Zo\u00eb & Co"}"#)
                == #"{"x_tenant":"reprise-secret-1","apiKey":"grey-goose","token":"reprise-secret-2","n":"reprise-secret-3"}"#
        )
        #expect(
            redactor.line("TICKET-77 GOOSE#12 of Zoë & Co")
                == "TICKET-reprise-secret-4 reprise-secret-5 of reprise-secret-3")
    }

    @Test(
        "a wrong rule is refused with its line and what is allowed",
        arguments: [
            (
                "secret x",
                "line 1: `secret` is no rule; allowed are `key NAME`, `keep NAME`, `pattern NAME REGEX`, `literal TEXT` and `#`"
            ),
            ("\n# c\r\nkey", "line 3: `key` takes one name without spaces: `key NAME`"),
            ("keep a b", "line 1: `keep` takes one name without spaces: `keep NAME`"),
            ("key --", "line 1: the name of `key` needs more than `_` and `-`"),
            ("pattern x", "line 1: `pattern` takes a name and a regular expression: `pattern NAME REGEX`"),
            ("literal abc", "line 1: `literal` takes a text of at least 4 bytes: `literal TEXT`"),
            ("pattern a x\npattern a y", "line 2: a pattern called `a` stands in line 1 already"),
            (
                "key a\npattern bad [a-",
                "line 2: pattern `bad`: invalid regular expression at byte 3: missing terminating ] for character class"
            ),
        ])
    func wrongRules(_ text: String, _ expected: String) {
        let error = #expect(throws: RedactionRuleError.self) { _ = try RedactionRules(parsing: text) }
        #expect(error?.description == expected)
    }

    @Test func canonicalTextIsStableAndWithoutTheEnvironment() throws {
        let rules = try RedactionRules(parsing: text)
        let turned = try RedactionRules(parsing: text.split(separator: "\n").reversed().joined(separator: "\n"))
        #expect(rules.canonicalText == turned.canonicalText)
        #expect(rules.canonicalText != RedactionRules.standard.canonicalText)
        let environment = rules.adding(environment: [(name: "API_TOKEN", value: "grey-goose")])
        #expect(environment.canonicalText == rules.canonicalText)
        #expect(rules.canonicalText.contains("\nkey xtenant\nkeep apikey\npattern ticket "))
    }

    @Test("S-179: values of secret-looking variables are secrets wherever they come")
    func environmentValuesBecomeLiterals() throws {
        let rules = RedactionRules.standard.adding(environment: [
            (name: "ACME_TOKEN", value: "grey-goose"), (name: "PGPASSWORD", value: "red-goose"),
            (name: "DB_PASS", value: "blue/goose"), (name: "SSH_AUTH_SOCK", value: "/run/user/ssh"),
            (name: "KEY", value: "short"), (name: "SECRET_LEVEL", value: "123456789"),
            (name: "TOKEN_LOCALE", value: "en_US.UTF-8"), (name: "PWD", value: "work-folder"),
            (name: "KEYBOARD", value: "dvorak-layout"), (name: "EDITOR", value: "emacs-nox"),
            (name: "AUTH_URL", value: "https://login.example.com"), (name: "MAX_TOKENS", value: "very-many"),
        ])
        var redactor = try Redactor(rules: rules)
        let untouched =
            "/run/user/ssh short 123456789 en_US.UTF-8 work-folder dvorak-layout emacs-nox https://login.example.com very-many"
        #expect(redactor.line(untouched) == untouched)
        #expect(redactor.json(#"{"a":"blue\/goose, red-goose"}"#) == #"{"a":"reprise-secret-1, reprise-secret-2"}"#)
        #expect(redactor.line("xgrey-goosex ?a=blue%2Fgoose") == "xreprise-secret-3x ?a=reprise-secret-1")
    }

    @Test func aPatternBeyondItsLimitIsReportedAndFindsNothing() throws {
        var redactor = try Redactor(
            rules: RedactionRules(parsing: "pattern slow (?:a|a)+b[0-9]\npattern empty x*"))
        let text = String(repeating: "a", count: 40) + "b c"
        #expect(redactor.line(text) == text)
        #expect(redactor.exhaustedPatterns == ["slow"])
        #expect(redactor.line("token=goose-77 xxxx") == "token=reprise-secret-1 reprise-secret-2")
    }

    @Test func patternsOfUsersCountCharacters() throws {
        var redactor = try Redactor(rules: RedactionRules(parsing: "pattern name <(?<secret>.{3})>"))
        #expect(redactor.line("<Zoë>") == "<reprise-secret-1>")
        #expect(redactor.json(#"{"a":"<Zo\u00eb> <\ud800ab> <ab>"}"#).contains("<reprise-secret-1> "))
    }
}
