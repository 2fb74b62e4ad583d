import MCPWire
import RepriseRecording
import Testing

@testable import RepriseRedaction

@Suite struct BodyRedactionTests {
    private static let form = "application/x-www-form-urlencoded"

    @Test(
        "S-179: of a form the fields of secret names go",
        arguments: [
            (
                "grant_type=authorization_code&code=goose&redirect_uri=http%3A%2F%2Fa%2Fcb&code_verifier=grey&client_id=c",
                "grant_type=authorization_code&code=@1&redirect_uri=http%3A%2F%2Fa%2Fcb&code_verifier=@2&client_id=c"
            ),
            (
                "grant_type=refresh_token&refresh_token=a%2Bb%2F77&client_secret=grey&token_type_hint=access_token",
                "grant_type=refresh_token&refresh_token=@1&client_secret=@2&token_type_hint=access_token"
            ),
            ("username=me&password=a+b&csrfmiddlewaretoken=grey", "username=me&password=@1&csrfmiddlewaretoken=@2"),
            (
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c&subject_token=x%79",
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=@1&subject_token=@2"
            ),
            ("token=&a&b=%zz", "token=&a&b=%zz"),
        ])
    func forms(_ text: String, _ expected: String) throws {
        for type in [Self.form, "Application/X-WWW-Form-URLEncoded; charset=utf-8"] {
            var redactor = try EventRedactor.standard()
            #expect(redactor.body(text, type) == expected.replacing("@", with: "reprise-secret-"))
        }
    }

    @Test("S-179: a secret is the same in a form, in JSON, in a header and in a URL")
    func oneSecretInManyForms() throws {
        let secret = "goose/77+grey=="
        let encoded = "goose%2f77%2Bgrey%3d%3D"
        var redactor = try EventRedactor.standard()
        #expect(redactor.body("code=\(encoded)&x=\(encoded)", Self.form) == "code=reprise-secret-1&x=reprise-secret-1")
        #expect(
            redactor.body(#"{"text":"it is \#(secret)"}"#, "application/json") == #"{"text":"it is reprise-secret-1"}"#)
        #expect(redactor.field("Authorization", "Bearer \(secret)").value == "Bearer reprise-secret-1")
        #expect(
            redactor.target("/a?next=/b%3Fcode%3D\(encoded)&c=d").target == "/a?next=/b%3Fcode%3Dreprise-secret-1&c=d")
        #expect(redactor.field("Cookie", "s=\(secret)").value == "s=reprise-secret-1")
        #expect(redactor.field("X-Other", secret).value == "reprise-secret-1")
    }

    @Test("S-179: the password of Basic credentials is known in the bodies that follow")
    func basicCredentials() throws {
        var redactor = try EventRedactor.standard()
        let pair = "client:goose%2F77-grey"
        let credential = String(decoding: Base64URL.encoded(Array(pair.utf8)), as: UTF8.self)
        #expect(redactor.field("Authorization", "Basic \(credential)").value == "Basic reprise-secret-1")
        #expect(redactor.body("I am goose/77-grey", "text/plain") == "I am reprise-secret-2")
    }

    @Test(
        "S-179: OAuth's JSON by its members",
        arguments: [
            (
                #"{"access_token":"grey","token_type":"Bearer","expires_in":3600,"refresh_token":"blue","scope":"a"}"#,
                #"{"access_token":"@1","token_type":"Bearer","expires_in":3600,"refresh_token":"@2","scope":"a"}"#
            ),
            (
                #"{"client_id":"c","client_secret":"grey","client_secret_expires_at":0,"registration_access_token":"x"}"#,
                #"{"client_id":"c","client_secret":"@1","client_secret_expires_at":0,"registration_access_token":"@2"}"#
            ),
            (
                #"{"grant_type":"authorization_code","code":"grey","code_verifier":"blue"}"#,
                #"{"grant_type":"authorization_code","code":"@1","code_verifier":"@2"}"#
            ),
            (
                #"{"device_code":"grey","user_code":"blue","interval":5}"#,
                #"{"device_code":"@1","user_code":"@2","interval":5}"#
            ),
            (#"{"code":"invalid","jsonrpc":"2.0"}"#, #"{"code":"invalid","jsonrpc":"2.0"}"#),
            (
                #"{"token_endpoint":"http://a/token","code_challenge_methods_supported":["S256"]}"#,
                #"{"token_endpoint":"http://a/token","code_challenge_methods_supported":["S256"]}"#
            ),
        ])
    func oauthJSON(_ text: String, _ expected: String) throws {
        var redactor = try EventRedactor.standard()
        #expect(redactor.body(text, "application/json") == expected.replacing("@", with: "reprise-secret-"))
    }

    @Test(
        "S-179: of a page the values of secret fields and the secrets of its links go",
        arguments: [
            (
                #"<input type="hidden" name="csrf_token" value="grey-1">"#,
                #"<input type="hidden" name="csrf_token" value="@1">"#
            ),
            (#"<INPUT value='a&#x2F;b-77' name=code>"#, #"<INPUT value='@1' name=code>"#),
            (#"<meta name="csrf-token" content="grey-1" />"#, #"<meta name="csrf-token" content="@1" />"#),
            (#"<input type=password value=grey>"#, #"<input type=password value=@1>"#),
            (#"<div data-access-token="grey-1">"#, #"<div data-access-token="@1">"#),
            (
                #"<a href="/cb?state=open&amp;code=grey-1&amp;x=1">on</a>"#,
                #"<a href="/cb?state=open&amp;code=@1&amp;x=1">on</a>"#
            ),
            (#"<script>var c = {"password": "grey-1"};</script>"#, #"<script>var c = {"password": "@1"};</script>"#),
            (
                #"<input name="q" value="grey-1"><p class=token>5 < 6"#,
                #"<input name="q" value="grey-1"><p class=token>5 < 6"#
            ),
            ("<input name=token value", "<input name=token value"), ("<a b=\"", "<a b=\""), ("<", "<"),
        ])
    func pages(_ text: String, _ expected: String) throws {
        var redactor = try EventRedactor.standard()
        #expect(redactor.body(text, "text/html; charset=utf-8") == expected.replacing("@", with: "reprise-secret-"))
    }

    @Test("S-179: a body that is no UTF-8 keeps its length and digest")
    func binaryBodies() throws {
        for type in [Self.form, "text/html", "application/octet-stream", "application/json"] {
            var redactor = try EventRedactor.standard()
            var exchange = HTTPExchange(response: ResponseHead(status: 200, fields: [HTTPField("Content-Type", type)]))
            exchange.responseBody = ""
            var events = exchange.recorded
            events[2].frame?.payload = .bytes([0x70, 0xFF, 0x00])
            let frame = events.map { redactor.redact($0) }[2].frame
            #expect(frame?.payload == .omitted(byteCount: 3, sha256: SHA256.hexadecimal(of: [0x70, 0xFF, 0x00])))
        }
    }

    @Test("a body of which a limit left pieces is omitted piece by piece, and the next exchange is not")
    func pieces() throws {
        var redactor = try EventRedactor.standard()
        let exchange = HTTPExchange()
        var piece = HTTPExchange.frame("token=grey-goose-77")
        piece.isContinued = true
        let last = HTTPExchange.frame("and the rest")
        let events = [piece, last].map { redactor.redact(exchange.event(.serverToClient, .body($0))).frame?.wireBytes }
        #expect(events == [nil, nil])
        let other = redactor.redact(exchange.event(.serverToClient, .body(last))).frame
        #expect(other?.wireBytes == Array("and the rest".utf8))
        _ = redactor.redact(exchange.event(.serverToClient, .body(piece)))
        _ = redactor.redact(exchange.event(.serverToClient, .disconnect(.reset)))
        #expect(redactor.redact(exchange.event(.serverToClient, .body(last))).frame?.wireBytes != nil)
    }
}
