import RepriseCommands

@main
enum Reprise {
    static func main() {
        RepriseCommand.runAndExit()
    }
}
