import Foundation
import RepriseRecording
import TestSupport
import Testing

/// Bad use gets a clear sentence on standard error, nothing on standard output, and the right exit code.
@Suite(.ownThreads) struct BadUseTests {
    struct Use: Sendable, CustomTestStringConvertible {
        var arguments: [String]
        var code: Int32
        /// Part of what is said.
        var message: String
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ arguments: String, _ code: Int32, _ message: String) {
            self.arguments = arguments.split(separator: " ").map(String.init)
            self.code = code
            self.message = message
        }
    }

    private func expect(_ use: Use, in folder: TestFolder) throws {
        let finished = try RunningProcess.run([Program.reprise] + use.arguments, in: folder)
        #expect(finished.ending == .exit(use.code))
        #expect(finished.output.isEmpty)
        #expect(finished.error.contains(use.message), "\(finished.error)")
    }

    static let verbs = [
        Use("frob", 2, "Unexpected argument 'frob'"), Use("--frob", 2, "Unknown option '--frob'"),
        Use("inspect", 2, "Missing expected argument '<file>'"), Use("replay", 2, "Missing expected argument '<file>'"),
        Use("diff a.jsonl", 2, "Missing expected argument '<second>'"),
        Use("redact", 2, "Missing expected argument '<file>'"),
        Use("redact a.jsonl", 2, "Give either --out FILE or --scan"),
        Use("redact a.jsonl --scan --out b.jsonl", 2, "Give either --out FILE or --scan"),
        Use("redact a.jsonl --scan --rules none", 2, "--rules none"),
        Use("redact a.jsonl --scan --rules absent", 2, "cannot open absent"),
        Use("record", 2, "There is nothing to record."),
        Use("record --", 2, "There is nothing to record."),
        Use("record cat", 2, "There is nothing to record."),
        Use("record --url http://127.0.0.1:1 -- cat", 2, "either --url or a command"),
        Use("record --listen 127.0.0.1:0 -- cat", 2, "--listen goes with --url"),
        Use("record --url /mcp", 2, "--url takes the URL"), Use("record --url ws://a/mcp", 2, "--url takes the URL"),
        Use("record --url http://u:p@a/mcp", 2, "without user and password"),
        Use("record --url http://a --listen 4000", 2, "'--listen <listen>'"),
        Use("record --url http://a --listen a:65536", 2, "'--listen <listen>'"),
        Use("record --url http://a --redact absent", 2, "cannot open absent"),
        Use("record --frob -- cat", 2, "Unknown option '--frob'"),
        Use("record --redact absent -- cat", 2, "cannot open absent: No such file or directory"),
        Use("record --redact bad.rules -- cat", 2, "bad.rules: line 2: "),
        Use("verify", 2, "Missing expected argument '<file>'"), Use("verify a.jsonl", 2, "There is no server."),
        Use("verify a.jsonl --", 2, "There is no server."), Use("verify a.jsonl cat", 2, "There is no server."),
        Use("verify a.jsonl --stall -1 -- cat", 2, "--stall"),
        Use("verify a.jsonl --url ftp://a", 2, "--url takes the URL of an HTTP server"),
        Use("verify a.jsonl --url http://a/ -- cat", 2, "either --url or a command"),
        Use("verify a.jsonl --header a:b -- cat", 2, "--header goes with --url"),
        Use("verify a.jsonl --url http://a/ --header ab", 2, "'--header <header>'"),
        Use("verify a.jsonl --format xml -- cat", 2, "'--format <format>'"),
        Use("run", 2, "Missing expected argument '<scenario> ...'"),
        Use("run a.yaml --seed x", 2, "\"x\" is no seed"), Use("run a.yaml --seed 1..9", 2, "\"1..9\" is no seed"),
        Use("run a.yaml --seed 9...2", 2, "the range of seeds 9...2 is turned round: write 2...9"),
        Use("run a.yaml --seed 0...100000", 2, "0...100000 are more than 100000 seeds"),
        Use("run a.yaml --seed=-1", 2, "\"-1\" is no seed"),
        Use("run a.yaml --format xml", 2, "'--format <format>'"),
        Use("run a.yaml", 3, "a.yaml: No such file or directory"),
        Use("inspect a.jsonl --format xml", 2, "'--format <format>'"),
        Use("diff a.jsonl a.jsonl --format xml", 2, "'--format <format>'"),
        Use("inspect a.jsonl extra", 2, "Unexpected argument 'extra'"),
    ]

    @Test("options and arguments", arguments: verbs)
    func optionsAndArguments(use: Use) throws {
        let folder = try TestFolder()
        try folder.write(SampleRecording.text, to: "a.jsonl")
        try folder.write("key pin\nfrob\n", to: "bad.rules")
        try expect(use, in: folder)
        #expect(folder.names == ["a.jsonl", "bad.rules"])
    }

    @Test("values of --pace", arguments: ["", "x", "0x", "-1x", "nanx", "infx", "1e-300x", "1e300x", "10", "slow"])
    func valuesOfPace(value: String) throws {
        let folder = try TestFolder()
        try folder.write(SampleRecording.text, to: "a.jsonl")
        var use = Use("replay a.jsonl", 2, "'--pace <pace>'")
        use.arguments.append("--pace=\(value)")
        try expect(use, in: folder)
    }

    @Test("values of --stall", arguments: ["", "abc", "-1", "nan", "inf", "1e300"])
    func valuesOfStall(value: String) throws {
        let folder = try TestFolder()
        try folder.write(SampleRecording.text, to: "a.jsonl")
        var use = Use("replay a.jsonl", 2, "--stall")
        use.arguments.append("--stall=\(value)")
        try expect(use, in: folder)
    }

    /// Files that are no recordings, each with what is said of it.
    static let files: [(content: [UInt8], message: String)] = [
        ([], "the file is empty: not even a header was written"),
        ([0x89] + Array("PNG\r\n".utf8) + [0x1A, 0x0A, 0x00], "not a recording: the first line does not begin with"),
        (Array("Dear reader,\n\nhello\n".utf8), "not a recording: the first line does not begin with"),
        (Array("{\"log\":{}}\n".utf8), "not a recording: the first line does not begin with"),
        (Array(SampleRecording.header.replacingOccurrences(of: ":1,\"st", with: ":2,\"st").utf8) + [0x0A], "version 2"),
        (Array(SampleRecording.header.utf8.prefix(30)), "not a recording"),
        (Array((SampleRecording.text + "{\"t\":-1,\"e\":\"open\"}\n{}\n").utf8), "line 13: \"t\" must be"),
    ]

    @Test(
        "files that are no recordings, for each verb", arguments: files.indices,
        ["inspect", "replay", "verify", "diff", "redact"])
    func filesThatAreNoRecordings(index: Int, verb: String) throws {
        let folder = try TestFolder()
        try folder.write(Self.files[index].content, to: "bad.jsonl")
        let options = ["diff": " bad.jsonl", "redact": " --scan", "verify": " -- cat"][verb] ?? ""
        try expect(Use("\(verb) bad.jsonl\(options)", 3, "reprise: bad.jsonl: "), in: folder)
        try expect(Use("\(verb) bad.jsonl\(options)", 3, Self.files[index].message), in: folder)
    }

    @Test("files that cannot be read, for each verb", arguments: ["inspect", "replay", "verify", "diff", "redact"])
    func filesThatCannotBeRead(verb: String) throws {
        let folder = try TestFolder()
        try folder.write(SampleRecording.text, to: "good.jsonl")
        let options = ["diff": " good.jsonl", "redact": " --out c.jsonl", "verify": " -- cat"][verb] ?? ""
        try expect(Use("\(verb) absent.jsonl\(options)", 3, "cannot open absent.jsonl: No such file"), in: folder)
        try expect(Use("\(verb) .\(options)", 3, "cannot read .: Is a directory"), in: folder)
        try expect(Use("\(verb) good.jsonl/x\(options)", 3, "cannot open good.jsonl/x: Not a directory"), in: folder)
        #expect(folder.names == ["good.jsonl"])
    }

    @Test("recordings that can be read and not replayed")
    func recordingsThatCannotBeReplayed() throws {
        let folder = try TestFolder()
        let other = SampleRecording.text.replacingOccurrences(of: #""transport":"stdio""#, with: #""transport":"ws""#)
        try folder.write(other, to: "ws.jsonl")
        let newer = SampleRecording.text + #"{"t":1400000,"c":1,"d":"s2c","e":"telepathy","thought":"x"}"# + "\n"
        try folder.write(newer, to: "newer.jsonl")
        try folder.write(SampleRecording.header + "\n", to: "nothing.jsonl")
        try expect(Use("replay ws.jsonl", 3, "transport \"ws\""), in: folder)
        try expect(Use("replay newer.jsonl", 3, "event 12 is of kind \"telepathy\""), in: folder)
        try expect(Use("replay nothing.jsonl", 3, "there is nothing to replay"), in: folder)
        // They can be looked at.
        for name in ["ws.jsonl", "newer.jsonl", "nothing.jsonl"] {
            let finished = try RunningProcess.run([Program.reprise, "inspect", name], in: folder)
            #expect(finished.ending == .exit(0))
        }
    }

    @Test("a recorder that runs out of descriptors says that the command could not be started")
    func noDescriptors() throws {
        let folder = try TestFolder()
        let limited = Command.shell("exec 3>&-; ulimit -n 6; exec \"$@\"", "sh")
        let finished = try RunningProcess.run(limited + Command.record("a.jsonl", ["cat"]), in: folder)
        #expect(finished.ending == .exit(126))
        #expect(finished.said == ["cannot start \"cat\": cannot make a pipe: Too many open files"])
        #expect(folder.names.isEmpty)
    }
}
