import Foundation
import MCPCore
import MCPWire
import NIOCore
import NIOPosix
import RepriseScenarios
import RepriseSimulation

/// A scenario's stdio server: a command that the client starts joins its pipes to a socket of ours (``StdioPeer``).
///
/// A fault of a connection means on a pipe that the command ends: with exit code 0 for one that is closed in good
/// order, with the code that the scenario says, and with 1 for any other.
final class StdioStage: Stage, Sendable {
    let keeper: StageKeeper
    let targets: [String]
    let directory: JSONValue
    /// The file to which the first connection is recorded; others are numbered.
    let recordings: [String]
    private let folder: String
    private let host: LiveStdioHost

    /// Why a scenario cannot be played over stdio; nil for one that can.
    static func obstacle(to scenario: Scenario) -> String? {
        guard scenario.servers.count == 1, let server = scenario.servers.first else {
            return "over stdio only one server is played"
        }
        guard server.configuration.transport == .stdio, case .declared(let description) = server.behaviour,
            description.http == nil
        else { return "its server \(server.name) is not a declared one over stdio" }
        return nil
    }

    /// Listens at a socket in a new folder; throws what making it throws.
    init(_ scenario: Scenario, seed: UInt64, clock: RehearsalClock, _ options: RehearsalOptions) throws {
        let keeper = StageKeeper(scenario, clock: clock)
        self.keeper = keeper
        let name = UUID().uuidString.prefix(8)
        folder = FileManager.default.temporaryDirectory.appending(path: "reprise-\(name)").path
        var world = MessageWorld(faults: scenario.faults, seed: seed)
        for server in scenario.servers {
            guard case .declared(let description) = server.behaviour else { continue }
            world.add(description, named: server.name, link: server.link)
        }
        let server = scenario.servers.first?.name ?? ""
        let socket = "\(folder)/socket"
        guard socket.utf8.count < 104 else {
            keeper.group.shutdownGracefully { _ in }
            throw Rehearsal.StartError(
                description: "\(socket) is too long for a socket: name a shorter folder for temporary files in TMPDIR")
        }
        var command = options.program + ["stdio-peer", socket]
        var recordings: [String] = []
        if let folder = options.recordingFolder {
            recordings = ["\(folder)/\(scenario.name).stdio.jsonl"]
            command = options.program + ["record", "--out", recordings[0], "--"] + command
        }
        (targets, self.recordings) = (command, recordings)
        directory = .object([.init(server, ["command": .array(command.map { .string($0) })])])
        host = LiveStdioHost(world, server: server, keeper)
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            try host.listen(at: socket)
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            keeper.group.shutdownGracefully { _ in }
            throw error
        }
    }

    func stop() throws -> StageKeeper.Sight {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try keeper.stop { [host] in
            host.stop()
            guard host.refusedCount > 0 else { return nil }
            return "the client flooded: \(host.refusedCount) connections or messages beyond the limits of "
                + "\(LiveStdioHost.connectionCountMax) connections, \(LiveStdioHost.messageCountMax) messages and "
                + "\(LiveStdioHost.partByteCountMax) bytes of messages that are not whole"
        }
    }
}
