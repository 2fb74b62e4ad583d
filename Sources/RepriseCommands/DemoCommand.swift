import ArgumentParser
import Foundation
import RepriseProxy
import RepriseRecording
import RepriseReplay

/// `reprise demo`: the first thing that a newcomer runs.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract:
            "Record a session between a built-in client and server, show it, replay it, verify the server with it.")

    func run() throws {
        guard let program = Bundle.main.executablePath else { throw CommandFailure(.bug, "where is this program?") }
        let folder = FileManager.default.temporaryDirectory.appending(path: "reprise-demo-\(getpid())").path
        let session = folder + "/session.jsonl"
        let changed = folder + "/changed.jsonl"

        title("1. Record a session: a built-in client and a built-in server, the recorder between them")
        shell("reprise record --out \(session) -- reprise demo-server")
        let live = try DemoClient.run([program, "record", "--out", session, "--", program, "demo-server"])
        print("   the client saw \(live.transcript.count) messages\n")

        title("2. Show what was recorded")
        shell("reprise inspect \(session)")
        let recording = try Recording.load(session)
        print(Inspection(recording, path: session).text + "\n")

        title("3. Replay it to the same client; no server runs")
        shell("reprise replay \(session)")
        let replayed = try DemoClient.run([program, "replay", session])
        guard replayed.transcript == live.transcript, replayed.exitCode == 0 else {
            throw CommandFailure(.differs, "the replay differs from the live session")
        }
        print("   the client saw the same \(replayed.transcript.count) messages, byte for byte\n")

        title("4. Play the recorded client to the server, and compare its answers")
        shell("reprise verify \(session) -- reprise demo-server")
        let report = try Verification.runBlocking(recording, against: .command([program, "demo-server"]))
        print("\(report)\n")
        guard report.isMatch else { throw CommandFailure(.differs, "the server was expected to answer as before") }

        title("5. The same after one recorded answer was changed, as if the server had been")
        _ = try Self.changeOneAnswer(of: recording).save(changed)
        shell("reprise verify \(changed) -- reprise demo-server")
        let difference = try Verification.runBlocking(
            try Recording.load(changed), against: .command([program, "demo-server"]))
        print("\(difference)\n")
        guard difference.verdicts.filter({ $0.kind != .match }).count == 1 else {
            throw CommandFailure(.differs, "one difference was expected")
        }

        print("The recordings are in \(folder). Next: put `reprise record --` in front of your own server's command.")
    }

    private func title(_ text: String) { print(text) }

    private func shell(_ command: String) { print("   $ \(command)") }

    /// The sum 5 becomes 6.
    private static func changeOneAnswer(of recording: Recording) -> Recording {
        var changed = recording
        let before = Array(#""text":"5""#.utf8)
        let after = Array(#""text":"6""#.utf8)
        for (index, event) in recording.events.enumerated() {
            guard var frame = event.frame, case .bytes(let bytes) = frame.payload,
                let range = bytes.firstRange(of: before)
            else { continue }
            frame.payload = .bytes(bytes[..<range.lowerBound] + after + bytes[range.upperBound...])
            changed.events[index].frame = frame
        }
        return changed
    }
}
