import MCPCore
import MCPWire
import Testing

/// When a token is replaced, and what becomes of those who wait for it.
@Suite struct TokenMachineTests {
    @Test("AE-15: a later challenge that does not say where the metadata is leaves what an earlier one said")
    func thePlaceOfTheMetadataIsKept() {
        var rehearsal = TokenRehearsal(TokenRehearsal.credential())
        rehearsal.refuse(challenge: #"Bearer resource_metadata="https://mcp.test/here""#)
        rehearsal.want("write")
        #expect(rehearsal.machine.challenge?["scope"] == "write")
        #expect(rehearsal.machine.challenge?["resource_metadata"] == "https://mcp.test/here")
        rehearsal.refuse(challenge: #"Bearer resource_metadata="https://mcp.test/there""#)
        #expect(rehearsal.machine.challenge?["resource_metadata"] == "https://mcp.test/there")
        #expect(rehearsal.machine.challenge?["scope"] == nil)
    }

    @Test("AE-03: ten requests that are refused at once cause one token request, and all take its token")
    func tenRefusalsCauseOneRefresh() {
        var machine = TokenRehearsal(TokenRehearsal.credential())
        for _ in 1...10 { machine.refuse() }
        #expect(machine.take() == ["refresh 1 by r1"])
        machine.grant("B", refreshToken: "r2")
        #expect(machine.take() == (1...10).map { "\($0) retry B2" })
        // A request that was under way with the old token takes the new one, and nobody is asked.
        machine.refuse(1)
        #expect(machine.take() == ["11 retry B2"])
        #expect(machine.store?.refreshToken == "r2")
        #expect(machine.store?.expiresAt == 1_800_000_060)
    }

    @Test("AE-07: a refresh that fails in passing is tried again after 1 s and 2 s more")
    func aPassingFailureIsTriedAgain() {
        var machine = TokenRehearsal(TokenRehearsal.credential())
        machine.refuse()
        machine.fail("the connection was reset")
        #expect(machine.machine.nextDeadline == Instant(nanoseconds: 1_000_000_000))
        machine.pass(to: 1)
        machine.fail()
        #expect(machine.machine.nextDeadline == Instant(nanoseconds: 3_000_000_000))
        machine.pass(to: 3)
        #expect(machine.take() == ["refresh 1 by r1", "refresh 1 by r1", "refresh 1 by r1"])
        machine.grant("B")
        #expect(machine.take() == ["1 retry B2"])
        #expect(machine.machine.nextDeadline == nil)
        #expect(machine.store?.refreshToken == "r1")
    }

    @Test("S-140: a refresh that goes on failing is given up after five retries, and may be tried again later")
    func retriesAreBounded() {
        var machine = TokenRehearsal(TokenRehearsal.credential())
        machine.refuse()
        var count = 1
        machine.fail()
        while let deadline = machine.machine.nextDeadline {
            machine.pass(to: Double(deadline.nanoseconds) / 1e9)
            machine.fail()
            count += 1
        }
        #expect(count == 6)
        #expect(machine.now == Instant(nanoseconds: 31_000_000_000))
        #expect(machine.take().last == "1 sign in: the token endpoint failed 6 times, at last with: status 503")
        machine.refuse()
        #expect(machine.take() == ["refresh 1 by r1"])
        machine.fail(retryAfter: "30")
        #expect(machine.machine.nextDeadline == Instant(nanoseconds: 61_000_000_000))
    }

    @Test("AE-08: invalid_grant asks for sign-in in the same instant, without another request")
    func invalidGrantAsksForSignIn() {
        var machine = TokenRehearsal(TokenRehearsal.credential())
        machine.refuse()
        machine.refuse()
        machine.feed(.replied(.invalidGrant))
        let reason = "sign in: the refresh token is no longer good"
        #expect(machine.take() == ["refresh 1 by r1", "1 \(reason)", "2 \(reason)"])
        #expect(machine.machine.nextDeadline == nil)
        machine.refuse()
        #expect(machine.take() == ["3 \(reason)"])
        #expect(machine.store == TokenRehearsal.credential())
        machine.feed(.signedIn(TokenRehearsal.credential("B", issue: 2)))
        machine.refuse(1)
        machine.refuse(2)
        #expect(machine.take() == ["4 retry B2", "refresh 2 by r1"])
    }

    @Test("AE-05: who comes too late takes what is stored, and clears nothing")
    func theLoserTakesWhatIsStored() {
        let other = TokenRehearsal.credential("B", issue: 2, refreshToken: "r2")
        var machine = TokenRehearsal(TokenRehearsal.credential())
        machine.refuse()
        machine.store = other
        machine.feed(.replied(.invalidGrant))
        #expect(machine.take() == ["refresh 1 by r1", "1 retry B2"])
        #expect(machine.store == other)
        // The same when our own refresh was granted, and somebody else's was stored before it.
        machine.refuse(2)
        machine.store = TokenRehearsal.credential("C", issue: 3, refreshToken: "r3")
        machine.grant("D", refreshToken: "r4")
        #expect(machine.take() == ["refresh 2 by r2", "2 retry C3"])
        #expect(machine.store?.accessToken == "C")
        // And before anybody is asked.
        machine.store = TokenRehearsal.credential("E", issue: 4)
        machine.refuse(3)
        #expect(machine.take() == ["3 retry E4"])
    }

    @Test("AE-13: the same token again is another issue, and is not replaced for those who have not tried it")
    func theSameTokenIsAnotherIssue() {
        var machine = TokenRehearsal(TokenRehearsal.credential())
        machine.refuse(1)
        machine.grant("A")
        machine.refuse(1)
        #expect(machine.take() == ["refresh 1 by r1", "1 retry A2", "2 retry A2"])
    }

    @Test("S-140: without a credential, a refresh token or a hope, sign-in is asked for at once")
    func withoutHopeSignInIsAskedFor() {
        var machine = TokenRehearsal(nil)
        machine.refuse(0)
        #expect(machine.take() == ["1 sign in: nobody has signed in"])
        machine = TokenRehearsal(TokenRehearsal.credential(refreshToken: nil))
        machine.refuse()
        #expect(machine.take() == ["1 sign in: there is no refresh token"])
        machine = TokenRehearsal(TokenRehearsal.credential())
        machine.refuse()
        machine.feed(.replied(.refused("invalid_client")))
        #expect(
            machine.take() == ["refresh 1 by r1", "1 sign in: the token endpoint refused to refresh: invalid_client"])
    }

    @Test("AE-15: 403 insufficient_scope causes one step-up with all that is wanted, and no refresh")
    func insufficientScopeCausesAStepUp() {
        var machine = TokenRehearsal(TokenRehearsal.credential(scope: "read"))
        machine.want("write")
        machine.want("read admin")
        #expect(machine.take() == ["step up to read write"])
        machine.feed(.steppedUp(TokenRehearsal.credential("B", issue: 2, scope: "read write")))
        #expect(machine.take() == ["1 retry B2", "2 retry B2"])
        machine.want("write", issue: 2)
        #expect(machine.take() == ["3 refused: the server wants scopes that were asked for already"])
        machine.refuse(2, status: 403)
        #expect(machine.take() == ["4 refused: the server forbids the request (status 403)"])
    }

    @Test("AE-15: step-ups are bounded until the user signs in, and refused ones ask for sign-in")
    func stepUpsAreBounded() {
        var machine = TokenRehearsal(TokenRehearsal.credential())
        for number in 1...3 {
            machine.want("s\(number)", issue: number)
            machine.feed(.steppedUp(TokenRehearsal.credential("T", issue: number + 1)))
        }
        #expect(machine.take().count == 6)
        machine.want("s4", issue: 4)
        #expect(
            machine.take() == ["4 refused: the server wants more scopes, which were added 3 times already, the limit"])
        machine.feed(.signedIn(TokenRehearsal.credential("U", issue: 5)))
        machine.want("s4", issue: 5)
        machine.feed(.stepUpFailed("the user did not come back"))
        #expect(machine.take() == ["step up to s4", "5 sign in: the user did not come back"])
        #expect(machine.machine.scopeNeeded == "s4")
        var lonely = TokenRehearsal(TokenRehearsal.credential(scope: "a"), canStepUp: false)
        lonely.want("b")
        lonely.want("b")
        let reason = "sign in: the server wants more scopes, and there is nobody to ask"
        #expect(lonely.take() == ["1 \(reason)", "2 \(reason)"])
        #expect(lonely.machine.scopeNeeded == "a b")
    }

    @Test("AE-15: a refresh and a step-up that are wanted at once come one after the other")
    func refreshAndStepUpTakeTurns() {
        var machine = TokenRehearsal(TokenRehearsal.credential())
        machine.refuse()
        machine.want("x")
        #expect(machine.take() == ["refresh 1 by r1"])
        machine.feed(.replied(.refused("invalid_client")))
        #expect(
            machine.take() == [
                "1 sign in: the token endpoint refused to refresh: invalid_client", "step up to x",
            ])
        machine.refuse()
        machine.feed(.steppedUp(TokenRehearsal.credential("B", issue: 2)))
        #expect(machine.take() == ["2 retry B2", "3 retry B2"])
    }
}
