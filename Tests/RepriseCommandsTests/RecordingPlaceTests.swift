import Foundation
import RepriseRecording
import TestSupport
import Testing

/// Where recordings go, and what becomes of files that are there already.
@Suite(.ownThreads) struct RecordingPlaceTests {
    @Test("an existing file is left alone, and the new one is numbered and named")
    func anExistingFileIsLeftAlone() throws {
        let folder = try TestFolder()
        try folder.write("mine", to: "a.jsonl")
        for number in 2...4 {
            let finished = try RunningProcess.run(Command.record("a.jsonl", ["cat"]), in: folder)
            #expect(finished.said == ["a.jsonl exists; recording to a-\(number).jsonl"])
        }
        #expect(folder.names == ["a-2.jsonl", "a-3.jsonl", "a-4.jsonl", "a.jsonl"])
        #expect(try folder.bytes(of: "a.jsonl") == Array("mine".utf8))
        #expect(try folder.recording("a-4.jsonl").completion == .finished)
    }

    @Test("a symbolic link is not followed, even one that leads nowhere")
    func aSymbolicLinkIsNotFollowed() throws {
        let folder = try TestFolder()
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("a.jsonl"), withDestinationPath: folder.file("elsewhere"))
        let finished = try RunningProcess.run(Command.record("a.jsonl", ["cat"]), in: folder)
        #expect(finished.said == ["a.jsonl exists; recording to a-2.jsonl"])
        #expect(folder.names == ["a-2.jsonl", "a.jsonl"])
    }

    @Test("only its owner may read a recording, whatever the umask")
    func onlyTheOwnerMayRead() throws {
        let folder = try TestFolder()
        _ = try RunningProcess.run(
            Command.shell("umask 0; exec \"$@\"", "sh") + Command.record("a.jsonl", ["cat"]), in: folder)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("a.jsonl"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("without a name it goes to the state directory", arguments: ["XDG_STATE_HOME", "HOME"])
    func theDefaultPlace(variable: String) throws {
        let folder = try TestFolder()
        var environment: [String: String?] = ["XDG_STATE_HOME": nil, "HOME": nil]
        environment.updateValue(folder.path, forKey: variable)
        let state = variable == "HOME" ? folder.path + "/.local/state" : folder.path
        let process = try RunningProcess([Program.reprise, "record", "--", "cat"], environment: environment)
        let id = process.id
        let finished = try process.finish()
        #expect(finished.ending == .exit(0))
        let names = try FileManager.default.contentsOfDirectory(atPath: state + "/reprise")
        #expect(names.count == 1)
        let name = try #require(names.first)
        #expect(name.wholeMatch(of: /cat-[0-9]{8}T[0-9]{6}Z-([0-9]+)\.jsonl/)?.1 == "\(id)")
        #expect(finished.said == ["recording to \(state)/reprise/\(name)"])
    }

    @Test("without any place it says so, and the session goes on")
    func noPlaceAtAll() throws {
        let finished = try RunningProcess.run(
            [Program.reprise, "record", "--", "cat"], input: Array("{}\n".utf8),
            environment: ["XDG_STATE_HOME": nil, "HOME": nil])
        #expect(finished.ending == .exit(0))
        #expect(finished.text == "{}\n")
        #expect(finished.said.count == 1)
        #expect(finished.said.first?.hasPrefix("not recording, the session goes on: neither XDG_STATE_HOME") == true)
    }

    @Test("two recorders started at once with one name get a file each")
    func twoRecordersAtOnce() throws {
        let folder = try TestFolder()
        let command = Command.record(folder.file("a.jsonl"), ["cat"])
        let processes = try (0..<2).map { _ in try RunningProcess(command) }
        for (number, process) in processes.enumerated() {
            try process.send("session \(number)")
            #expect(try process.readLine() == "session \(number)")
        }
        for process in processes { #expect(try process.finish().ending == .exit(0)) }
        #expect(folder.names == ["a-2.jsonl", "a.jsonl"])
        let sessions = try folder.names.map { try folder.recording($0) }
        #expect(sessions.map(\.completion) == [.finished, .finished])
        let texts = sessions.map { String(decoding: $0.bytes(.stdout), as: UTF8.self) }
        #expect(texts.sorted() == ["session 0\n", "session 1\n"])
    }

    @Test("a recorder without standard output or input does not write into its own files", arguments: ["<&-", ">&-"])
    func standardDescriptorsMayBeClosed(closing: String) throws {
        let folder = try TestFolder()
        let script = Command.shell("exec \"$@\" \(closing)", "sh")
        let server = Command.shell("echo '{\"a\":1}'; exit 6")
        let finished = try RunningProcess.run(script + Command.record(folder.file("a.jsonl"), server))
        #expect(finished.ending == .exit(6))
        #expect(finished.text == (closing == ">&-" ? "" : "{\"a\":1}\n"))
        let recording = try folder.recording("a.jsonl")
        #expect(recording.completion == .finished)
        #expect(recording.bytes(.stdout) == Array("{\"a\":1}\n".utf8))
    }
}
