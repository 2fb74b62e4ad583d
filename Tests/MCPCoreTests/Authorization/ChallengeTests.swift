import MCPCore
import Testing

/// What servers say in `WWW-Authenticate`.
@Suite struct ChallengeTests {
    private static func challenge(
        _ scheme: String, _ parameters: KeyValuePairs<String, String> = [:], token68: String? = nil
    ) -> Challenge {
        Challenge(scheme: scheme, token68: token68, parameters: parameters.map { .init($0.key, $0.value) })
    }

    @Test(
        "challenges are read one by one, through quotes, lists and odd spaces",
        arguments: [
            ("Bearer", [challenge("bearer")]),
            ("bearer realm=x", [challenge("bearer", ["realm": "x"])]),
            (
                #"Bearer error="insufficient_scope", scope="a b", resource_metadata="https://s/.well-known/x""#,
                [
                    challenge(
                        "bearer",
                        [
                            "error": "insufficient_scope", "scope": "a b",
                            "resource_metadata": "https://s/.well-known/x",
                        ])
                ]
            ),
            (
                #"Basic realm="a, \"b\"" , Bearer , Negotiate dG9rZW4=, Digest realm = "x",nonce=1"#,
                [
                    challenge("basic", ["realm": #"a, "b""#]), challenge("bearer"),
                    challenge("negotiate", token68: "dG9rZW4="), challenge("digest", ["realm": "x", "nonce": "1"]),
                ]
            ),
            (",, ,Bearer Realm=\"\",,", [challenge("bearer", ["realm": ""])]),
            ("Negotiate", [challenge("negotiate")]),
            ("Negotiate abc==,Bearer", [challenge("negotiate", token68: "abc=="), challenge("bearer")]),
        ])
    func challengesAreRead(value: String, expected: [Challenge]) {
        #expect(Challenge.challenges(in: [value]) == expected)
    }

    @Test(
        "what cannot be read ends its value, and what stood before it counts",
        arguments: [
            ("", 0), ("=", 0), ("a=b", 0), ("Bearer realm=\"open", 1), ("Bearer realm=\"x\\", 1), ("Bearer, \"x\"", 1),
            ("Bearer \u{1}", 1), ("Bearer realm=, Basic", 2), ("Bearer realm=a b", 2),
        ])
    func whatCannotBeReadEndsItsValue(value: String, count: Int) {
        #expect(Challenge.challenges(in: [value]).count == count)
        #expect(Challenge.challenges(in: [value, "Basic"]).count == count + 1)
    }

    @Test func theFirstBearerChallengeOfAllValuesCounts() {
        let values = ["Basic realm=x", "DPoP algs=\"ES256\", BEARER scope=one", "Bearer scope=two"]
        #expect(Challenge.bearer(in: values)?["scope"] == "one")
        #expect(Challenge.bearer(in: ["Basic"]) == nil)
        #expect(Challenge.bearer(in: ["Bearer scope=" + String(repeating: "x", count: Challenge.byteCountMax)]) == nil)
    }

    @Test func anyBytesAreReadToAnEnd() {
        var generator = SplitMix64(seed: 1)
        let pieces = ["Bearer", "Basic", " ", ",", "=", "\"", "\\", "a", "scope", "é", "\t", "x y", "=="]
        for _ in 0..<5000 {
            let text = (0..<generator.below(20)).map { _ in pieces[generator.below(pieces.count)] }.joined()
            let found = Challenge.challenges(in: [text])
            #expect(found.allSatisfy { !$0.scheme.isEmpty && $0.scheme == $0.scheme.lowercased() }, "\(text)")
            #expect(found.count <= text.utf8.count)
        }
    }
}
