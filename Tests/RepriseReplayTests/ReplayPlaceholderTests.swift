import RepriseRecording
import RepriseReplay
import Testing

/// Placeholders are variables: bound by what the live client sends, written back where the recording uses them.
@Suite struct ReplayPlaceholderTests {
    @Test("S-179: a live secret is bound to its placeholder and written back")
    func aLiveSecretIsBoundAndWrittenBack() throws {
        try replay(
            """
            c> 1 login {"token":"reprise-secret-1","as":"me"}
            s> 1 = {"echo":"reprise-secret-1","header":"Bearer reprise-secret-1."}
            c> 2 use {"url":"https://a.example/?k=reprise-secret-1&x=1","list":["reprise-secret-2"]}
            s> 2 = {"both":"reprise-secret-2/reprise-secret-1"}
            """,
            live: """
                c> 5 login {"token":"s3cr3t","as":"me"}
                s> 5 = {"echo":"s3cr3t","header":"Bearer s3cr3t."}
                c> 6 use {"url":"https://a.example/?k=s3cr3t&x=1","list":["other"]}
                s> 6 = {"both":"other/s3cr3t"}
                """)
    }

    @Test func whatStandsAroundASecretMustBeEqual() throws {
        var playbook = try Playbook("c> 1 get {\"h\":\"Bearer reprise-secret-1!\"}\ns> 1 =")
        playbook.play("c> 1 get {\"h\":\"Basic abc!\"}\nc> 1 get {\"h\":\"Bearer abc\"}\nc> 1 get {\"h\":\"Bearer !\"}")
        #expect(playbook.replayer.report.mismatches.count == 3)
        playbook.play("c> 1 get {\"h\":\"Bearer a!b!\"}")
        #expect(playbook.replayer.report.mismatches.count == 3)
        #expect(playbook.replayer.report.matchedCount == 1)
    }

    @Test func twoValuesForOnePlaceholderAreAMiss() throws {
        let recorded = """
            c> 1 a {"k":"reprise-secret-1"}
            s> 1 =
            c> 2 b {"k":"reprise-secret-1"}
            s> 2 =
            """
        var playbook = try Playbook(recorded)
        playbook.expect(
            #"""
            c> 1 a {"k":"one"}
            s> 1 =
            c> 2 b {"k":"two"}
            ! no recorded message matches b (id 2)
            !   nearest is event 4, which names another request or another secret
            s> 2 ! {"code":-32603,"message":"reprise: no recorded message matches b (id 2)\n  nearest is event 4, which names another request or another secret"}
            """#, isSame: false)
        #expect(playbook.replayer.report.neverCame.map(\.event) == [4])
        // A miss has bound nothing.
        playbook.play("c> 3 b {\"k\":\"one\"}")
        #expect(playbook.replayer.report.neverCame.isEmpty)
    }

    @Test func oneValueForTwoPlaceholdersIsAMiss() throws {
        var playbook = try Playbook("c> 1 a {\"k\":\"reprise-secret-1\",\"l\":\"reprise-secret-2\"}\ns> 1 =")
        playbook.play("c> 1 a {\"k\":\"same\",\"l\":\"same\"}")
        #expect(playbook.replayer.report.mismatches.count == 1)
        playbook.play("c> 1 a {\"k\":\"same\",\"l\":\"other\"}")
        #expect(playbook.replayer.report.matchedCount == 1)
    }

    @Test func equalRequestsWithDifferentSecretsAreToldApart() throws {
        try replay(
            """
            c> 1 login {"k":"reprise-secret-1"}
            s> 1 =
            c> 2 login {"k":"reprise-secret-2"}
            s> 2 =
            c> 3 who {"k":"reprise-secret-1"}
            s> 3 = {"n":1}
            c> 4 who {"k":"reprise-secret-2"}
            s> 4 = {"n":2}
            """,
            live: """
                c> 1 login {"k":"a"}
                s> 1 =
                c> 2 login {"k":"b"}
                s> 2 =
                c> 4 who {"k":"a"}
                s> 4 = {"n":1}
                c> 3 who {"k":"b"}
                s> 3 = {"n":2}
                """)
    }

    @Test func aPlainCallAndOneWithASecretAreTakenInTheirOrder() throws {
        try replay(
            """
            c> 1 get {"k":"x"}
            s> 1 = {"n":1}
            c> 2 get {"k":"reprise-secret-1"}
            s> 2 = {"n":2,"k":"reprise-secret-1"}
            c> 3 get {"k":"x"}
            s> 3 = {"n":3}
            """,
            live: """
                c> 1 get {"k":"x"}
                s> 1 = {"n":1}
                c> 2 get {"k":"y"}
                s> 2 = {"n":2,"k":"y"}
                c> 3 get {"k":"x"}
                s> 3 = {"n":3}
                """)
    }

    @Test func aLiveValueIsEscapedAsOftenAsStringsStandAroundIt() throws {
        try replay(
            #"""
            c> 1 set {"k":"reprise-secret-1"}
            s> 1 = {"text":"reprise-secret-1","json":"{\"deep\":\"reprise-secret-1\"}"}
            c> 2 get
            s> 2 = {"text":"[\"[\\\"reprise-secret-1\\\"]\"]","plain":"not { json reprise-secret-1"}
            """#,
            live: #"""
                c> 1 set {"k":"a\"b\\c\u000a"}
                s> 1 = {"text":"a\"b\\c\n","json":"{\"deep\":\"a\\\"b\\\\c\\n\"}"}
                c> 2 get
                s> 2 = {"text":"[\"[\\\"a\\\\\\\"b\\\\\\\\c\\\\n\\\"]\"]","plain":"not { json a\"b\\c\n"}
                """#)
    }

    @Test func aSecretInsideNestedJSONIsBound() throws {
        try replay(
            #"""
            c> 1 set {"json":"{\"k\":\"reprise-secret-1\",\"n\":1}"}
            s> 1 = {"text":"reprise-secret-1"}
            """#,
            live: #"""
                c> 1 set {"json":"{\"k\":\"live-value\",\"n\":1}"}
                s> 1 = {"text":"live-value"}
                """#)
    }

    @Test func aSecretOfTheServerIsSentAsItStandsAndAcceptedBack() throws {
        let recorded = """
            c> 1 login
            s> 1 = {"session":"reprise-secret-1"}
            c> 2 use {"session":"reprise-secret-1"}
            s> 2 = {"again":"reprise-secret-1"}
            """
        try replay(
            recorded,
            live: """
                c> 7 login
                s> 7 = {"session":"reprise-secret-1"}
                c> 8 use {"session":"reprise-secret-1"}
                s> 8 = {"again":"reprise-secret-1"}
                """)
        var playbook = try Playbook(recorded)
        playbook.play("c> 7 login\nc> 8 use {\"session\":\"invented\"}")
        #expect(playbook.replayer.report.mismatches.count == 1)
    }

    @Test func unmarkedTextOfTheSameFormIsNoPlaceholder() throws {
        var recording = Dialogue.recording("c> 1 a {\"k\":\"reprise-secret-1\"}\ns> 1 = {\"k\":\"reprise-secret-1\"}")
        recording.events[1].frame?.placeholders = []
        recording.events[2].frame?.placeholders = []
        var playbook = try Playbook(recording)
        playbook.play("c> 1 a {\"k\":\"other\"}")
        #expect(playbook.replayer.report.mismatches.count == 1)
        playbook.play("c> 1 a {\"k\":\"reprise-secret-1\"}")
        #expect(playbook.text.hasSuffix(Dialogue.expanded("s> 1 = {\"k\":\"reprise-secret-1\"}")))
    }

    @Test func aSecretThatIsAKeyLeavesItsObjectOut() throws {
        try replay(
            "c> 1 a {\"o\":{\"reprise-secret-1\":1},\"n\":2}\ns> 1 =",
            live: "c> 1 a {\"o\":{\"live\":1},\"n\":2}\ns> 1 =")
        var playbook = try Playbook("c> 1 a {\"o\":{\"reprise-secret-1\":1},\"n\":2}\ns> 1 =")
        playbook.play("c> 1 a {\"o\":{\"live\":1},\"n\":3}")
        #expect(playbook.replayer.report.mismatches.count == 1)
    }

    @Test func aSecretInAnAnswerOfTheClientIsBoundAsWell() throws {
        try replay(
            """
            c> 1 ask
            s> 9 elicitation/create {}
            c> 9 = {"content":{"password":"reprise-secret-1"}}
            s> 1 = {"echo":"reprise-secret-1"}
            """,
            live: """
                c> 1 ask
                s> 9 elicitation/create {}
                c> 9 = {"content":{"password":"hunter2"}}
                s> 1 = {"echo":"hunter2"}
                """)
    }

    @Test func anotherSecretInAnAnswerOfTheClientIsReported() throws {
        var playbook = try Playbook(
            """
            c> 1 ask {"k":"reprise-secret-1"}
            s> 9 elicitation/create {}
            c> 9 = {"k":"reprise-secret-1","l":2}
            s> 1 =
            """)
        playbook.play("c> 1 ask {\"k\":\"one\"}\nc> 9 = {\"k\":\"two\",\"l\":2}")
        #expect(playbook.replayer.report.mismatches.count == 1)
        #expect(playbook.text.contains("!   /result/k: \"reprise-secret-1\" -> \"two\""))
        #expect(playbook.replayer.report.neverSent.isEmpty)
    }

    @Test func aCutBehindALiveSecretKeepsItsPlace() throws {
        let recorded = Dialogue.message("1 = {\"k\":\"reprise-secret-1\",\"l\":1}")
        var recording = Dialogue.recording(
            "c> 1 a {\"k\":\"reprise-secret-1\"}\ns> 1 = {\"k\":\"reprise-secret-1\",\"l\":1}")
        let quote = recorded.utf8.count - 9
        recording.events[2].frame?.cuts = [
            .init(offset: quote, age: 0), .init(offset: recorded.utf8.count + 1, age: 0),
        ]
        var playbook = try Playbook(recording)
        playbook.play("c> 1 a {\"k\":\"live\"}")
        let result = Dialogue.message("1 = {\"k\":\"live\",\"l\":1}")
        #expect(playbook.text.hasSuffix("s> \(result.dropLast(9))…\ns> \(result.suffix(9))"))
    }
}
