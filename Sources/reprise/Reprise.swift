import RepriseCommands

@main
enum Reprise {
    static func main() async {
        await RepriseCommand.main()
    }
}
