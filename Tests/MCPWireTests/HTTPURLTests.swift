import MCPCore
import MCPWire
import Testing

/// URLs and the escapes of forms.
@Suite struct HTTPURLTests {
    @Test(
        "a URL is taken apart and put together",
        arguments: [
            ("https://Example.com", "https://example.com", "/"),
            ("HTTP://example.com:80/mcp?a=1", "http://example.com/mcp?a=1", "/mcp?a=1"),
            ("http://127.0.0.1:8080?x", "http://127.0.0.1:8080?x", "/?x"),
            ("https://[::1]:8443/a/b/?", "https://[::1]:8443/a/b/?", "/a/b/?"),
        ])
    func aURLIsTakenApart(text: String, description: String, target: String) {
        let url = HTTPURL(text)
        #expect(url?.description == description)
        #expect(url?.target == target)
    }

    @Test(
        "what is no URL for HTTP is refused",
        arguments: [
            "", "/mcp", "ftp://a/", "https://", "https://user@a/", "https://a/#b", "https://a/ b", "https://a:0/",
            "https://a:70000/", "https://a/\u{e9}", "https://a/\n", "https:///a", "javascript:alert(1)",
            "https://a/" + String(repeating: "b", count: 8192),
        ])
    func whatIsNoURLIsRefused(text: String) {
        #expect(HTTPURL(text) == nil)
    }

    @Test func queriesAreAddedToAndRead() {
        let url = HTTPURL("https://a/b?c=d")?.adding([("e f", "g&h=i+j"), ("é", "")])
        #expect(url?.description == "https://a/b?c=d&e%20f=g%26h%3Di%2Bj&%C3%A9=")
        #expect(url?.value(of: "c") == "d")
        #expect(url?.value(of: "e f") == "g&h=i+j")
        #expect(url?.value(of: "é") == "")
        #expect(url?.value(of: "x") == nil)
        #expect(HTTPURL("https://a?")?.adding([("b", "c")]).description == "https://a?b=c")
    }

    @Test func fieldsComeBackAsTheyWere() {
        var generator = SplitMix64(seed: 5)
        for _ in 0..<300 {
            let fields = (0..<(1 + generator.below(4))).map { _ in
                (name: "n" + text(&generator), value: text(&generator))
            }
            let read = FormText.fields(of: FormText.encode(fields).utf8)
            #expect(read.map(\.name) == fields.map(\.name) && read.map(\.value) == fields.map(\.value))
        }
        #expect(
            FormText.fields(of: "a=1&&b&=c&d=%4&e=%zz+".utf8).map { "\($0.name)|\($0.value)" } == [
                "a|1", "b|", "|c", "d|%4", "e|%zz ",
            ])
    }

    private func text(_ generator: inout SplitMix64) -> String {
        String(
            String.UnicodeScalarView(
                (0..<generator.below(6)).compactMap { _ in Unicode.Scalar(generator.below(0x300)) }))
    }
}
