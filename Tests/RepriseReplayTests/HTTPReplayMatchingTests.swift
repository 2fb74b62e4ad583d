import RepriseRecording
import RepriseReplay
import Testing

/// Which exchange of a recording answers a live request over HTTP.
@Suite struct HTTPReplayMatchingTests {
    static let opening = """
        1 > POST 0 initialize {"protocolVersion":"2025-11-25"}
        1 < 200 json @A
        1 < 0 = {"serverInfo":{}}
        1 < end
        2 > POST @A - notifications/initialized
        2 < 202
        2 < end
        """

    @Test("S-009: calls are answered by JSON and by a stream, as recorded, under live ids and tokens")
    func callsAreAnsweredByJSONAndByAStream() throws {
        try replayHTTP(
            Self.opening + "\n" + """
                3 > POST @A 1 tools/list
                3 < 200 json @A
                3 < 1 = {"tools":[]}
                3 < end
                4 > POST @A 2 tools/call {"name":"a","_meta":{"progressToken":2}}
                4 < 200 sse @A
                4 < id=x-1
                4 < id=x-2 retry=50 - notifications/progress {"progressToken":2,"progress":1}
                4 < :ping
                4 < 2 = {"content":[]}
                4 < end
                """,
            live: """
                7 > POST "i" initialize {"protocolVersion":"2025-11-25"}
                7 < 200 json @A
                7 < "i" = {"serverInfo":{}}
                7 < end
                8 > POST @A - notifications/initialized
                8 < 202
                8 < end
                9 > POST @A 5 tools/list
                9 < 200 json @A
                9 < 5 = {"tools":[]}
                9 < end
                10 > POST @A "n" tools/call {"name":"a","_meta":{"progressToken":"t"}}
                10 < 200 sse @A
                10 < id=x-1
                10 < id=x-2 retry=50 - notifications/progress {"progressToken":"t","progress":1}
                10 < :ping
                10 < "n" = {"content":[]}
                10 < end
                """)
    }
}
