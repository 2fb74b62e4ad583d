import ArgumentParser

/// The root of the command line.
public struct RepriseCommand: AsyncParsableCommand {
    /// Name and abstract as `--help` prints them.
    public static let configuration = CommandConfiguration(
        commandName: "reprise", abstract: "Record MCP sessions and replay them.")

    /// Made by the argument parser.
    public init() {}
}
