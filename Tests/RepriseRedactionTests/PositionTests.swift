import Testing

@testable import RepriseRedaction

@Suite struct PositionTests {
    @Test(
        "S-179: strings under secret names are replaced, however the name is spelled",
        arguments: [
            "authorization", "Proxy-Authorization", "password", "PASSWORD", "passWord", "passwd", "passphrase",
            "secret",
            "client_secret", "clientSecret", "CLIENT-SECRET", "apiKey", "api_key", "X-Api-Key", "token", "access_token",
            "accessToken", "refresh_token", "id_token", "authToken", "bearer_token", "sessionToken", "private_key",
            "secretKey", "accessKey", "secretAccessKey", "credential", "credentials", "code_verifier",
            "clientAssertion",
            "OPENAI_API_KEY", "dbPassword", "github_token", "user_pwd", "stripeSecretKey", "pa\\u0073sword",
        ])
    func replacesStringUnderSecretName(_ name: String) throws {
        var redactor = try Redactor.standard()
        #expect(redactor.json("{\"\(name)\":\"grey-goose\"}") == "{\"\(name)\":\"reprise-secret-1\"}")
        #expect(redactor.json("{\"a\":[{\"\(name)\":\"\"}]}") == "{\"a\":[{\"\(name)\":\"\"}]}")
    }

    @Test(
        "S-179: places of the protocol and ordinary names are none",
        arguments: [
            #"{"jsonrpc":"2.0","id":"password=abc12345","method":"token=abc12345x","params":{"_meta":{"progressToken":"tok-en-12345"}}}"#,
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"abc-123-def","progress":1}}"#,
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"abc-123-def"}}"#,
            #"{"maxTokens":4096,"tokens":12,"inputTokens":"12","nextCursor":"c2VjcmV0LWN1cnNvcg==","cursor":"page-2-of-9"}"#,
            #"{"nextPageToken":"abcdef123456","continuation_token":"abcdef123456","tokenType":"example-type"}"#,
            #"{"tools":[{"name":"get_password","inputSchema":{"type":"object","properties":{"password":{"type":"string","description":"the user's password"},"token":"described-thing"},"required":["password"]}}]}"#,
            #"{"params":{"requestedSchema":{"type":"object","properties":{"apiKey":{"type":"string","title":"The key","secret":"grey-goose"}}}}}"#,
            #"{"properties":{"password":{"type":"string","description":"a password"}}}"#,
            #"{"password":null,"token":true,"secret":{},"apiKey":[],"credentials":""}"#,
            #"{"environment":"staging-two","name":"token","key":"password"}"#,
            #"{"type":"password","enum":["token","secret"],"tokenEndpoint":"/oauth/x","passwordHint":"the usual"}"#,
        ])
    func leavesOrdinaryPlacesAlone(_ json: String) throws {
        var redactor = try Redactor.standard()
        #expect(redactor.json(json) == json)
    }

    @Test func patternsApplyWithinSchemas() throws {
        var redactor = try Redactor.standard()
        let json = #"{"inputSchema":{"properties":{"password":{"default":"Bearer abcdefgh12345678"}}}}"#
        #expect(redactor.json(json) == json.replacing("abcdefgh12345678", with: "reprise-secret-1"))
    }

    @Test func idsAreOrdinaryOutsideOfMessages() throws {
        var redactor = try Redactor.standard()
        #expect(redactor.json(#"{"id":"password=abc12345"}"#) == #"{"id":"password=reprise-secret-1"}"#)
        #expect(
            redactor.json(#"[{"jsonrpc":"2.0","id":"token=abc12345x"}]"#)
                == #"[{"jsonrpc":"2.0","id":"token=abc12345x"}]"#)
    }

    @Test func schemeOfAuthorizationStays() throws {
        var redactor = try Redactor.standard()
        #expect(
            redactor.json(#"{"Authorization":"Bearer grey-goose","x":{"authorization":"bearer  grey-goose"}}"#)
                == #"{"Authorization":"Bearer reprise-secret-1","x":{"authorization":"bearer  reprise-secret-1"}}"#)
        #expect(
            redactor.json(#"{"proxy_authorization":"Basic YTpi","token":"Bearer grey-goose"}"#)
                == #"{"proxy_authorization":"Basic reprise-secret-2","token":"Bearer reprise-secret-1"}"#)
    }

    @Test func cookiesKeepTheirNames() throws {
        var redactor = try Redactor.standard()
        #expect(
            redactor.json(#"{"Set-Cookie":"sid=abc123; Path=/; HttpOnly"}"#)
                == #"{"Set-Cookie":"sid=reprise-secret-1; Path=/; HttpOnly"}"#)
        #expect(
            redactor.json(#"{"cookie":"theme=dark; sid=abc123"}"#)
                == #"{"cookie":"theme=reprise-secret-2; sid=reprise-secret-1"}"#)
    }

    @Test func numbersUnderPasswordsBecomeStrings() throws {
        var redactor = try Redactor.standard()
        let result = redactor.redact(json: Array(#"{"pin":1234,"password": 12345678 ,"token":5,"n":12345678}"#.utf8))
        #expect(
            String(decoding: result.bytes, as: UTF8.self)
                == #"{"pin":"reprise-secret-1","password": "reprise-secret-2" ,"token":5,"n":"reprise-secret-2"}"#)
        let texts = result.placeholders.map { String(decoding: result.bytes[$0], as: UTF8.self) }
        #expect(texts == ["reprise-secret-1", "reprise-secret-2", "reprise-secret-2"])
    }

    @Test func numbersInNestedJSONBecomeStringsThere() throws {
        var redactor = try Redactor.standard()
        let json = #"{"t":"{\"pin\":1234,\"u\":\"[{\\\"password\\\":12345678}]\"}","v":"[12345678] {\"pin\":1234}"}"#
        let result = redactor.redact(json: Array(json.utf8))
        #expect(
            String(decoding: result.bytes, as: UTF8.self)
                == #"{"t":"{\"pin\":\"reprise-secret-1\",\"u\":\"[{\\\"password\\\":\\\"reprise-secret-2\\\"}]\"}","#
                + #""v":"[reprise-secret-2] {\"pin\":\"reprise-secret-1\"}"}"#)
        let texts = result.placeholders.map { String(decoding: result.bytes[$0], as: UTF8.self) }
        #expect(texts == ["reprise-secret-1", "reprise-secret-2", "reprise-secret-2", "reprise-secret-1"])
    }

    @Test func aPlaceholderInANameSaysNothing() throws {
        var redactor = try Redactor.standard()
        #expect(redactor.json(#"{"x-reprise-secret-1":"grey-goose"}"#) == #"{"x-reprise-secret-1":"grey-goose"}"#)
    }

    @Test func everyStringBelowASecretNameIsSecret() throws {
        var redactor = try Redactor.standard()
        #expect(
            redactor.json(
                #"{"credentials":{"user":"grey-goose","list":["one-more",2,{"x":"grey-goose"}]},"y":"other"}"#)
                == #"{"credentials":{"user":"reprise-secret-1","list":["reprise-secret-2",2,{"x":"reprise-secret-1"}]},"y":"other"}"#
        )
    }

    @Test("S-179: environment values are secrets, in objects and lists")
    func environmentValuesAreSecrets() throws {
        var redactor = try Redactor.standard()
        #expect(
            redactor.json(#"{"env":{"MODE":"grey-goose","EMPTY":"","N":1},"environment":["A=grey-goose","HOME"]}"#)
                == #"{"env":{"MODE":"reprise-secret-1","EMPTY":"","N":1},"environment":["A=reprise-secret-1","HOME"]}"#)
        #expect(
            redactor.json(#"{"envVars":[{"name":"MODE","value":"grey-goose","type":"plain"}]}"#)
                == #"{"envVars":[{"name":"MODE","value":"reprise-secret-1","type":"plain"}]}"#)
    }

    @Test func pathsInTheEnvironmentAreNotSoughtElsewhere() throws {
        var redactor = try Redactor.standard()
        #expect(redactor.json(#"{"env":{"HOME":"/home/ada"}}"#) == #"{"env":{"HOME":"reprise-secret-1"}}"#)
        #expect(redactor.line("opened /home/ada/file") == "opened /home/ada/file")
    }

    @Test func valueOfASecretNameInAListOfPairsIsSecret() throws {
        var redactor = try Redactor.standard()
        #expect(
            redactor.json(
                #"{"headers":[{"name":"X-Api-Key","value":"grey-goose"},{"name":"Accept","value":"text/html"}]}"#)
                == #"{"headers":[{"name":"X-Api-Key","value":"reprise-secret-1"},{"name":"Accept","value":"text/html"}]}"#
        )
    }

    @Test func namesHaveWords() {
        #expect(SecretNames.words(of: Array("OPENAI_API_KEY2".utf8)) == ["openai", "api", "key"])
        #expect(SecretNames.words(of: Array("myHTTPToken".utf8)) == ["my", "http", "token"])
        #expect(SecretNames.words(of: Array("__".utf8)).isEmpty)
    }
}
