import Foundation
import RepriseRecording
import TestSupport
import Testing

/// Whatever becomes of the file, the session goes on untouched, and standard error says so once.
@Suite(.ownThreads) struct RecorderDiskTests {
    /// Has a session of so many lines echoed one by one, and demands each.
    private func echo(_ process: RunningProcess, lines: Range<Int>) throws {
        for number in lines {
            let line = Line.call(number, "add", #"{"a":\#(number),"b":1}"#)
            try process.send(line)
            #expect(try process.readLine() == line)
        }
    }

    private func expectStopped(_ finished: Finished, _ reason: String) {
        #expect(finished.ending == .exit(0))
        #expect(finished.output.isEmpty)
        #expect(finished.said.count == 2)
        #expect(finished.said.last?.hasPrefix("recording stopped, the session goes on: ") == true)
        #expect(finished.said.last?.contains(reason) == true)
    }

    @Test("the file size limit ends the recording with a whole line, and not the session")
    func theFileSizeLimit() throws {
        let folder = try TestFolder()
        // dash counts in blocks of 512 bytes, bash in 1024.
        let limited = Command.shell("ulimit -f 8; exec \"$@\"", "sh")
        let process = try RunningProcess(limited + Command.record(folder.file("a.jsonl"), ["cat"]))
        try echo(process, lines: 1..<200)
        expectStopped(try process.finish(), "File too large")
        let recording = try folder.recording("a.jsonl")
        #expect(recording.completion == .unfinished)
        #expect(recording.tornByteCount == nil)
        #expect(recording.events.count > 4)
        #expect(try folder.bytes(of: "a.jsonl").count <= 8 * 1024)
    }

    @Test("a file that never gets its header is said, and the session goes on")
    func notEvenAHeader() throws {
        let folder = try TestFolder()
        let limited = Command.shell("ulimit -f 0; exec \"$@\"", "sh")
        let process = try RunningProcess(limited + Command.record(folder.file("a.jsonl"), ["cat"]))
        try echo(process, lines: 1..<5)
        expectStopped(try process.finish(), "File too large")
        #expect(try folder.bytes(of: "a.jsonl").isEmpty)
    }

    @Test(
        "a full file system ends the recording with a whole line, and not the session",
        .enabled(if: canMount, "a small file system can be mounted by root on Linux only"))
    func aFullFileSystem() throws {
        let folder = try TestFolder()
        let disk = folder.file("disk"), copy = folder.file("copy.jsonl")
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
        let script = #"mount -t tmpfs -o size=16k tmpfs "$0" && "$@"; code=$?; cp "$0/a.jsonl" "$0.copy"; exit $code"#
        let process = try RunningProcess(
            ["unshare", "-m"] + Command.shell(script, disk) + Command.record(disk + "/a.jsonl", ["cat"]))
        try echo(process, lines: 1..<200)
        expectStopped(try process.finish(), "No space left on device")
        try FileManager.default.moveItem(atPath: disk + ".copy", toPath: copy)
        let recording = try folder.recording("copy.jsonl")
        #expect(recording.completion == .unfinished)
        #expect(recording.tornByteCount == nil)
        #expect(recording.events.count > 4)
    }

    /// Whether a file system can be mounted here, in a namespace of its own.
    private static let canMount: Bool = {
        let tried = try? RunningProcess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        return tried?.ending == .exit(0)
    }()

    @Test("a file removed during the session is missed, and the session goes on")
    func theFileIsRemoved() throws {
        let folder = try TestFolder()
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), ["cat"]))
        try echo(process, lines: 1..<5)
        try FileManager.default.removeItem(atPath: folder.file("a.jsonl"))
        try echo(process, lines: 5..<20)
        expectStopped(try process.finish(), "\(folder.file("a.jsonl")) was removed")
        #expect(folder.names.isEmpty)
    }

    @Test("a place that cannot be written to is said, and the session goes on")
    func thePlaceCannotBeWrittenTo() throws {
        let folder = try TestFolder()
        try folder.write("", to: "file")
        let places = [
            folder.file("file/a.jsonl"), folder.path + "/", "/proc/self/none/a.jsonl", "",
            folder.file(String(repeating: "a", count: 300)),
        ]
        for place in places {
            let process = try RunningProcess(Command.record(place, ["cat"]))
            try echo(process, lines: 1..<5)
            let finished = try process.finish()
            #expect(finished.ending == .exit(0))
            #expect(finished.said.count == 1, "\(place): \(finished.error)")
            #expect(finished.said.first?.hasPrefix("not recording, the session goes on: cannot create ") == true)
        }
        #expect(folder.names == ["file"])
    }

    @Test("folders that are missing are made, for their owner alone")
    func missingFoldersAreMade() throws {
        let folder = try TestFolder()
        let finished = try RunningProcess.run(Command.record("new/deeper/a.jsonl", ["cat"]), in: folder)
        #expect(finished.said == ["recording to new/deeper/a.jsonl"])
        #expect(try folder.recording("new/deeper/a.jsonl").completion == .finished)
        for name in ["new", "new/deeper"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.file(name))
            #expect(attributes[.posixPermissions] as? Int == 0o700)
        }
    }
}
