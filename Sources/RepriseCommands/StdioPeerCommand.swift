import ArgumentParser
import Foundation
import MCPTransports
import RepriseRehearsal

/// `reprise stdio-peer`: what a client starts for the stdio server of a scenario that is played to it.
struct StdioPeerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stdio-peer", abstract: "The stdio server of a scenario.", shouldDisplay: false)

    @Argument(help: "The socket of the scenario.")
    var socket: String

    func run() throws {
        do {
            Foundation.exit(try StdioPeer.run(socket: socket))
        } catch let error as SystemError {
            throw CommandFailure(.notStarted, "\(error): the scenario is over")
        }
    }
}
