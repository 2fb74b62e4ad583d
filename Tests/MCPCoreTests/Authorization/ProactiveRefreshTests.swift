import MCPCore
import MCPWire
import Testing

/// Replacing tokens before they expire, by clocks that may be wrong.
@Suite struct ProactiveRefreshTests {
    private static func policy(_ isOn: Bool = true) -> AuthorizationPolicy {
        var policy = AuthorizationPolicy()
        policy.proactiveRefresh = isOn
        return policy
    }

    @Test("AE-12: with a clock 90 s fast, tokens are replaced beforehand once in 60 s at most")
    func refreshesAreSpaced() {
        var machine = TokenRehearsal(TokenRehearsal.credential(expiresAt: 1_800_000_060), policy: Self.policy())
        machine.unixOffset += 90
        var refreshes: [Double] = []
        for second in 0..<600 {
            machine.pass(to: Double(second))
            machine.request()
            // The life that is granted, 60 s, is over by that clock when it begins.
            machine.unixOffset = 1_800_000_090
            for entry in machine.take() where entry.hasPrefix("refresh") {
                refreshes.append(Double(second))
                machine.unixOffset = 1_800_000_000
                machine.grant("B")
                machine.unixOffset = 1_800_000_090
            }
        }
        #expect(refreshes == (0..<10).map { Double($0) * 60 })
    }

    @Test("AE-12: with a clock 90 s slow, exp looks good, and a 401 still has the token replaced")
    func aRefusalWinsOverTheClock() {
        for isOn in [false, true] {
            var machine = TokenRehearsal(TokenRehearsal.credential(expiresAt: 1_800_000_000), policy: Self.policy(isOn))
            machine.unixOffset -= 90
            machine.request()
            #expect(machine.take() == ["1 token 1"])
            machine.refuse()
            #expect(machine.take() == ["refresh 1 by r1"])
        }
    }

    @Test("S-138: off by default, nothing happens when a token expires")
    func nothingHappensByDefault() {
        var machine = TokenRehearsal(TokenRehearsal.credential(expiresAt: 1_800_000_001))
        machine.pass(to: 100)
        machine.request()
        #expect(machine.take() == ["1 token 1"])
        #expect(machine.machine.nextDeadline == nil)
        #expect(machine.loadCount == 0)
    }

    @Test func whoAsksMeanwhileWaitsForTheSameAndAFailureLeavesTheOldToken() {
        var machine = TokenRehearsal(TokenRehearsal.credential(expiresAt: 1_800_000_020), policy: Self.policy())
        machine.request()
        machine.request()
        #expect(machine.take() == ["refresh 1 by r1"])
        machine.grant("B")
        #expect(machine.take() == ["1 token 2", "2 token 2"])
        machine.pass(to: 70)
        machine.request()
        machine.fail()
        #expect(machine.take() == ["refresh 2 by r1", "3 token 2"])
        #expect(machine.machine.nextDeadline == nil)
        machine.pass(to: 140)
        machine.request()
        machine.feed(.replied(.invalidGrant))
        machine.request()
        machine.refuse(2)
        #expect(
            machine.take() == [
                "refresh 2 by r1", "4 token 2", "5 token 2", "6 sign in: the refresh token is no longer good",
            ])
    }

    @Test func aRefusalJoinsARefreshThatWasBegunBeforehandAndKeepsItGoing() {
        var machine = TokenRehearsal(TokenRehearsal.credential(expiresAt: 1_800_000_020), policy: Self.policy())
        machine.request()
        machine.refuse()
        machine.fail()
        #expect(machine.take() == ["refresh 1 by r1", "1 token 1"])
        machine.pass(to: 1)
        machine.grant("B")
        #expect(machine.take() == ["refresh 1 by r1", "2 retry B2"])
    }

    @Test("S-142: the exp of the token itself counts where it is earlier, and a malformed one does not")
    func theClaimCounts() {
        func token(_ payload: String) -> String {
            ["{}", payload].map { String(decoding: Base64URL.encoded(Array($0.utf8)), as: UTF8.self) }
                .joined(separator: ".") + "."
        }
        for (text, isReplaced) in [
            (token(#"{"exp":1800000010}"#), true), (token(#"{"exp":1800000100}"#), false),
            (token(#"{"exp":"soon"}"#), false),
            (token(#"{"exp":-9007199254740992}"#), true), ("opaque", false),
        ] {
            var machine = TokenRehearsal(
                TokenRehearsal.credential(text, expiresAt: 1_800_000_600), policy: Self.policy())
            machine.request()
            #expect(machine.take() == [isReplaced ? "refresh 1 by r1" : "1 token 1"], "\(text)")
        }
        var extreme = TokenRehearsal(TokenRehearsal.credential(expiresAt: .min), policy: Self.policy())
        extreme.request()
        #expect(extreme.take() == ["refresh 1 by r1"])
    }
}
