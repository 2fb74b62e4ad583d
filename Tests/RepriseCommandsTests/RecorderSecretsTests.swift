import Foundation
import MCPWire
import RepriseRecording
import TestSupport
import Testing

/// Secrets that pass through a recorded session are not on disk, and the replay works all the same.
@Suite(.ownThreads) struct RecorderSecretsTests {
    private enum Secret {
        static let apiKey = "sk-proj-Zq8vN3xT7yB2mK5wR9cD4fG6hJ1pL0sA"
        static let gitHub = "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
        static let password = "correct-horse-battery"
        static let variable = "env-5f2c9a7e41d84b06"
        static let inURL = "url.9f8e7d6c5b4a3210"
        static let bearer = "abcdefGHIJ.klmnop-1234567890"
        static let nested = "nested-77aa88bb99cc"
        static let escaped = "pAss/word-9x8y7z"
        static let standardError = "stderr-13579bdf2468"
        static let all = [
            apiKey, gitHub, password, variable, inURL, bearer, nested, escaped, standardError,
        ]
    }

    /// What the client sends: each line is a request that the server answers with the line of the same number.
    private static let requests = [
        Line.initialize(1),
        Line.request(
            2, "tools/call",
            #"{"name":"login","arguments":{"apiKey":"\#(Secret.apiKey)","password":"\#(Secret.password)","#
                + #""headers":{"Authorization":"Bearer \#(Secret.bearer)"}},"_meta":{"progressToken":"token-1234567890"}}"#
        ),
        Line.call(3, "open", #"{"url":"https://example.com/callback?access_token=\#(Secret.inURL)&page=2"}"#),
        Line.call(4, "nest", #"{"body":"{\"client_secret\":\"\#(Secret.nested)\",\"grant\":\"x\"}"}"#),
        Line.call(5, "escape", #"{"password":"p\u0041ss\/word-9x8y7z","maxTokens":4096}"#),
        Line.call(6, "again", #"{"apiKey":"\#(Secret.apiKey)","other":"\#(Secret.gitHub)"}"#),
    ]

    private static let answers = [
        #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}"#,
        #"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"logged in with \#(Secret.apiKey)"}]}}"#,
        #"{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"see https:\/\/example.com\/callback?access_token=\#(Secret.inURL)"}]}}"#,
        #"{"jsonrpc":"2.0","id":4,"result":{"content":[{"type":"text","text":"{\"client_secret\":\"\#(Secret.nested)\"}"}]}}"#,
        #"{"jsonrpc":"2.0","id":5,"result":{"content":[{"type":"text","text":"variable is \#(Secret.variable), maxTokens 4096"}]}}"#,
        #"{"jsonrpc":"2.0","id":6,"result":{"content":[{"type":"text","text":"found \#(Secret.gitHub)"}]}}"#,
    ]

    private static let environment = ["PLANTED_SERVICE_TOKEN": Secret.variable]

    /// Reads its answers from a file, one for each line; says a secret on standard error, and prints its environment.
    private static func server(_ folder: TestFolder) throws -> [String] {
        try folder.write(answers.joined(separator: "\n") + "\n", to: "answers")
        let script = """
            echo "password=$STDERR_TEXT" >&2; echo "service token: $PLANTED_SERVICE_TOKEN" >&2
            exec 3<"$0"; while read -r line; do read -r answer <&3; printf '%s\\n' "$answer"; done
            """
        return Command.shell(
            script, folder.file("answers"), "--api-key", Secret.apiKey, "--token=\(Secret.nested)",
            "https://user:\(Secret.password)@example.com/?access_token=\(Secret.inURL)")
    }

    private static func session(_ command: [String], splitting: Bool = false) throws -> [String] {
        var environment: [String: String?] = ["STDERR_TEXT": Secret.standardError]
        for (name, value) in Self.environment { environment[name] = value }
        let process = try RunningProcess(command, environment: environment)
        var transcript: [String] = []
        for (number, request) in requests.enumerated() {
            let bytes = Array((request + "\n").utf8)
            // Reads that end within a secret, at another place in each line.
            let cuts = splitting ? stride(from: 7 + number, to: bytes.count, by: 11) : stride(from: 1, to: 0, by: 1)
            var start = 0
            for end in cuts {
                try process.write(bytes[start..<end])
                try process.waitUntilTaken()
                start = end
            }
            try process.write(bytes[start...])
            transcript.append(try #require(try process.readLine()))
        }
        #expect(try process.finish().ending == .exit(0))
        return transcript
    }

    /// The planted secrets that a file holds, as bytes or in a JSON string of whatever depth.
    private static func leaks(in bytes: [UInt8]) -> [String] {
        var texts = [String(decoding: bytes, as: UTF8.self)]
        var waiting = bytes.split(separator: 0x0A).map { Array($0) }
        while let json = waiting.popLast() {
            guard let document = try? JSONDocument(json) else { continue }
            for (index, node) in document.nodes.enumerated() where node.kind == .string {
                let text = document.string(at: index)
                texts.append(String(decoding: text, as: UTF8.self))
                if text.count < json.count { waiting.append(text) }
            }
        }
        return Secret.all.filter { secret in texts.contains { $0.contains(secret) } }
    }

    @Test("S-179: no planted secret reaches the disk, split across reads or not", arguments: [false, true])
    func noSecretReachesTheDisk(splitting: Bool) throws {
        let folder = try TestFolder()
        let server = try Self.server(folder)
        let transcript = try Self.session(Command.record(folder.file("a.jsonl"), server), splitting: splitting)
        // The client saw what the server said.
        #expect(transcript == Self.answers)
        let bytes = try folder.bytes(of: "a.jsonl")
        #expect(Self.leaks(in: bytes) == [])
        let text = String(decoding: bytes, as: UTF8.self)
        for kept in ["token-1234567890", "\"maxTokens\":4096", "maxTokens 4096", "page=2", "grant", "example.com"] {
            #expect(text.contains(kept), "\(kept) is no secret")
        }
        if splitting { #expect(try folder.recording("a.jsonl").frames(.stdin)[1].cuts?.isEmpty == false) }
    }

    @Test("S-179: equal secrets have equal placeholders, and different ones different")
    func equalSecretsStayEqual() throws {
        let folder = try TestFolder()
        _ = try Self.session(Command.record(folder.file("a.jsonl"), try Self.server(folder)))
        let recording = try folder.recording("a.jsonl")
        func argument(_ line: Int, _ path: [String]) throws -> String {
            let document = try JSONDocument(try #require(recording.frames(.stdin)[line].wireBytes).dropLast())
            var node = 0
            for key in path { node = try #require(document.member(key, of: node)) }
            return document.text(at: node)
        }
        let first = try argument(1, ["params", "arguments", "apiKey"])
        let again = try argument(5, ["params", "arguments", "apiKey"])
        let password = try argument(1, ["params", "arguments", "password"])
        let other = try argument(5, ["params", "arguments", "other"])
        #expect(first.hasPrefix("reprise-secret-"))
        #expect(first == again)
        #expect(Set([first, password, other]).count == 3)
        guard case .command(let command) = recording.header.target else {
            Issue.record("no command")
            return
        }
        #expect(command.contains(first))
        let answer = try #require(recording.frames(.stdout)[1].wireBytes)
        #expect(String(decoding: answer, as: UTF8.self).contains("logged in with \(first)\""))
    }

    @Test("S-179: the replay matches a client that sends the real secrets, and gives its own back to it")
    func theReplayMatchesTheRealSecrets() throws {
        let folder = try TestFolder()
        _ = try Self.session(Command.record(folder.file("a.jsonl"), try Self.server(folder)))
        let transcript = try Self.session(Command.replay(folder.file("a.jsonl")))
        // Answers 2, 3, 4 and 6 hold only what the client sent; answer 5 holds a secret of the server.
        for index in [0, 1, 2, 3, 5] { #expect(transcript[index] == Self.answers[index]) }
        #expect(transcript[4].contains("variable is reprise-secret-"))
    }

    @Test("redact --scan finds the secrets of a recording made with all of them, and redact --out takes them out")
    func secretsAreTakenOutLater() throws {
        let folder = try TestFolder()
        _ = try Self.session(Command.record(folder.file("a.jsonl"), redact: "none", try Self.server(folder)))
        #expect(Self.leaks(in: try folder.bytes(of: "a.jsonl")) == Secret.all)
        func redact(_ file: String, _ options: String...) throws -> Finished {
            try RunningProcess.run(
                [Program.reprise, "redact", file] + options, environment: Self.environment.mapValues { $0 }, in: folder)
        }
        let found = try redact("a.jsonl", "--scan")
        #expect(found.ending == .exit(1))
        #expect(found.text.contains(/event [0-9]+ c2s line: 3 secrets\n/))
        #expect(found.text.contains(/\n[0-9]+ secrets found\n$/))
        #expect(Self.leaks(in: found.output) == [])

        try folder.write("mine", to: "b.jsonl")
        let written = try redact("a.jsonl", "--out", "b.jsonl")
        #expect(written.ending == .exit(0))
        #expect(written.output.isEmpty)
        #expect(written.said.first?.hasPrefix("wrote b-2.jsonl: ") == true)
        #expect(Self.leaks(in: try folder.bytes(of: "b-2.jsonl")) == [])
        let clean = try folder.recording("b-2.jsonl")
        #expect(clean.completion == .finished)
        #expect(clean.header.redaction != .none)
        #expect(clean.events.count == (try folder.recording("a.jsonl").events.count))

        let scanned = try redact("b-2.jsonl", "--scan")
        #expect(scanned.ending == .exit(0))
        #expect(scanned.text == "no secrets found in \(clean.events.count) events\n")
        let twice = try redact("b-2.jsonl", "--out", "c.jsonl")
        #expect(twice.ending == .exit(2))
        #expect(twice.said.first?.contains("was redacted when it was recorded") == true)
        _ = try Self.session(Command.replay(folder.file("b-2.jsonl")))
    }

    @Test("rules of one's own find further secrets")
    func rulesOfOnesOwn() throws {
        let folder = try TestFolder()
        try folder.write("key pin\npattern badge BADGE-[0-9]+\nliteral swordfish\n", to: "own.rules")
        let input = #"{"jsonrpc":"2.0","method":"m","params":{"pin":4711,"a":"BADGE-123","b":"a swordfish"}}"# + "\n"
        let finished = try RunningProcess.run(
            Command.record("a.jsonl", redact: "own.rules", ["cat"]), input: Array(input.utf8), in: folder)
        #expect(finished.text == input)
        let text = String(decoding: try folder.bytes(of: "a.jsonl"), as: UTF8.self)
        for secret in ["4711", "BADGE-123", "swordfish"] { #expect(!text.contains(secret)) }
        #expect(try folder.recording("a.jsonl").frames(.stdin)[0].placeholders.count == 3)
        #expect(text.contains(#""redaction":{"rules":"own.rules","sha256":""#))
    }
}
