import Foundation
import RepriseRecording
import TestSupport
import Testing

/// The recorder ends as its server ended, and hands on the end of each pipe.
@Suite(.ownThreads) struct RecorderEndTests {
    private func record(_ script: String, input: String = "") throws -> (Finished, Recording, TestFolder) {
        let folder = try TestFolder()
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), Command.shell(script)))
        process.writeInBackground(Array(input.utf8))
        let finished = try process.finish()
        try process.waitUntilAllAreGone()
        return (finished, try folder.recording("a.jsonl"), folder)
    }

    @Test("the exit code of the server is the recorder's", arguments: [0, 1, 3, 126, 127, 255] as [Int32])
    func exitCodesPass(code: Int32) throws {
        let (finished, recording, _) = try record("exit \(code)")
        #expect(finished.ending == .exit(code))
        #expect(recording.outline.suffix(2) == ["close exit \(code)", "finish"])
        #expect(recording.completion == .finished)
    }

    @Test(
        "a server that a signal ended ends the recorder by the same signal",
        arguments: [SIGTERM, SIGKILL, SIGSEGV, SIGINT, SIGHUP, SIGPIPE, SIGABRT, SIGUSR1])
    func signalsOfTheServerPass(signal: Int32) throws {
        let (finished, recording, _) = try record("ulimit -c 0; kill -\(signal) $$")
        #expect(finished.ending == .signal(signal))
        #expect(recording.outline.suffix(2) == ["close signal \(signal)", "finish"])
    }

    @Test(
        "a signal to the recorder reaches the server, which decides what becomes of it",
        arguments: [("TERM", SIGTERM), ("INT", SIGINT), ("HUP", SIGHUP), ("USR1", SIGUSR1)])
    func signalsToTheRecorderReachTheServer(name: String, number: Int32) throws {
        let folder = try TestFolder()
        let script = "trap 'echo caught; exit 7' \(name); echo ready; while read line; do :; done; exit 1"
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), Command.shell(script)))
        #expect(try process.readLine() == "ready")
        kill(process.id, number)
        #expect(try process.readLine() == "caught")
        #expect(try process.finish().ending == .exit(7))
        #expect(try folder.recording("a.jsonl").completion == .finished)
    }

    @Test("a signal that the server does not catch ends both")
    func anUncaughtSignalEndsBoth() throws {
        let folder = try TestFolder()
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), Command.shell("echo ready; exec cat")))
        #expect(try process.readLine() == "ready")
        kill(process.id, SIGTERM)
        // Its input stays open until then: the end of it would end the server, too.
        #expect(try process.wait() == .signal(SIGTERM))
        try process.waitUntilAllAreGone()
        #expect(try folder.recording("a.jsonl").outline.contains("close signal 15"))
    }

    @Test(
        "a recorder that was started with SIGCHLD ignored still learns how its server ended",
        .enabled(if: Program.python != nil, "there is no python3 to start it so"))
    func anIgnoredChildSignalHidesNothing() throws {
        let folder = try TestFolder()
        let script = """
            import os, signal, sys
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            os.execv(sys.argv[1], sys.argv[1:])
            """
        let python = [try #require(Program.python), "-c", script]
        let finished = try RunningProcess.run(
            python + Command.record(folder.file("a.jsonl"), Command.shell("exit 3")))
        #expect(finished.ending == .exit(3))
        #expect(try folder.recording("a.jsonl").outline.contains("close exit 3"))
    }

    @Test("a command that is not found ends with 127 and leaves no file", arguments: ["no-such-command", "./missing"])
    func aMissingCommand(command: String) throws {
        let folder = try TestFolder()
        let finished = try RunningProcess.run(Command.record(folder.file("a.jsonl"), [command]))
        #expect(finished.ending == .exit(127))
        #expect(finished.output.isEmpty)
        #expect(
            finished.said == ["cannot start \"\(command)\": No such file or directory; check the spelling and PATH"])
        #expect(folder.names.isEmpty)
    }

    @Test("a command that cannot be started ends with 126 and leaves no file")
    func aCommandThatCannotBeStarted() throws {
        let folder = try TestFolder()
        let text = try folder.write("no program", to: "text", mode: 0o755)
        let locked = try folder.write("#!/bin/sh\n", to: "locked", mode: 0o644)
        for command in [text, locked, folder.path] {
            let finished = try RunningProcess.run(Command.record(folder.file("a.jsonl"), [command]))
            #expect(finished.ending == .exit(126))
            #expect(finished.output.isEmpty)
            #expect(finished.said.count == 1)
            #expect(finished.error.contains("cannot start \"\(command)\": "))
        }
        #expect(folder.names == ["locked", "text"])
    }

    @Test("a server that closes its output lives on, and the client sees the end of the output at once")
    func aServerMayCloseItsOutputAndLiveOn() throws {
        let folder = try TestFolder()
        let script = "echo one; exec >&-; read line; echo \"got $line\" >&2; exit 4"
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), Command.shell(script)))
        #expect(try process.readToEnd() == Array("one\n".utf8))
        #expect(process.isRunning)
        try process.send("{}")
        try process.waitForError("got {}")
        #expect(try process.finish().ending == .exit(4))
        let outline = try folder.recording("a.jsonl").outline
        let end = try #require(outline.firstIndex(of: "end stdout"))
        #expect(outline[..<end] == ["open", "line s2c"])
        #expect(outline[end...].contains("line c2s"))
    }

    @Test("a server that closes its input is heard to its end, and the client's next writes fail")
    func aServerMayCloseItsInput() throws {
        let folder = try TestFolder()
        let script = "exec <&-; echo closed; while [ ! -e \"$0\" ]; do :; done; echo last"
        let gate = folder.file("gate")
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), Command.shell(script, gate)))
        #expect(try process.readLine() == "closed")
        #expect(throws: HarnessError.self) {
            while true { try process.send("{}") }
        }
        try folder.write("", to: "gate")
        let finished = try process.finish()
        #expect(finished.text == "last\n")
        #expect(finished.ending == .exit(0))
        let recording = try folder.recording("a.jsonl")
        #expect(recording.notes.count == 1)
        #expect(recording.notes.first?.hasPrefix("the reader of stdin has gone") == true)
        #expect(recording.completion == .finished)
    }

    @Test("a process left behind that keeps the server's output open does not keep the recorder")
    func aGrandchildDoesNotHoldTheRecorder() throws {
        let folder = try TestFolder()
        let process = try RunningProcess(
            Command.record(folder.file("a.jsonl"), Command.shell("sleep 600 & echo hello; exit 5")))
        #expect(try process.readLine() == "hello")
        let finished = try process.finish()
        #expect(finished.ending == .exit(5))
        let recording = try folder.recording("a.jsonl")
        #expect(recording.outline.suffix(2) == ["close exit 5", "finish"])
        #expect(!recording.outline.contains("end stdout"))
    }

    @Test("what the server wrote before its end reaches a client that reads late")
    func aLateReaderGetsEverything() throws {
        let folder = try TestFolder()
        // More than one pipe holds, less than two: the recorder between them may have read but little.
        let process = try RunningProcess(
            Command.record(folder.file("a.jsonl"), Command.shell("head -c 100000 /dev/zero; echo done >&2; exit 6")))
        try process.waitForError("done")
        // The recorder must not leave while it still holds bytes: after two seconds it would have.
        let patience = Deadline(seconds: 2)
        #expect(throws: HarnessError.self) { try patience.wait("alive") { !process.isRunning } }
        let output = try process.readToEnd()
        #expect(output.difference(from: [UInt8](repeating: 0, count: 100_000)) == nil)
        let finished = try process.finish()
        #expect(finished.ending == .exit(6))
        #expect(try folder.recording("a.jsonl").frames(.stdout).map(\.wireByteCount) == [100_000])
    }

    @Test("a signal ends a recorder that waits for a late reader after the end of its server")
    func aSignalEndsARecorderWithoutServer() throws {
        let folder = try TestFolder()
        let process = try RunningProcess(
            Command.record(folder.file("a.jsonl"), Command.shell("head -c 100000 /dev/zero; echo done >&2; exit 7")))
        try process.waitForError("done")
        try process.deadline.wait("the end of the server") {
            try !folder.bytes(of: "a.jsonl").isEmpty && Children.of(process.id).isEmpty
        }
        kill(process.id, SIGTERM)
        #expect(try process.wait() == .exit(7))
        #expect(try folder.recording("a.jsonl").outline.contains("close exit 7"))
        #expect(try folder.recording("a.jsonl").bytes(.stdout).count > 0)
    }
}
