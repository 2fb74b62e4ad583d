/// Where recordings go when the user names no place.
public enum RecordingLocation {
    /// `<state>/reprise/<name>-<UTC time>-<pid>.jsonl`, with the state directory of the XDG base directory
    /// specification; nil when neither `XDG_STATE_HOME` nor `HOME` is set.
    ///
    /// `name` is made fit for a file name: lower case letters, digits, dots and hyphens.
    public static func path(
        for command: String, time: String, process: Int32, environment: [String: String]
    ) -> String? {
        let state: String
        if let directory = environment["XDG_STATE_HOME"], directory.hasPrefix("/") {
            state = directory
        } else if let home = environment["HOME"], !home.isEmpty {
            state = home + "/.local/state"
        } else {
            return nil
        }
        let base = command.split(separator: "/").last.map(String.init) ?? ""
        let name = String(base.lowercased().map { isPlain($0) ? $0 : "-" })
        return "\(state)/reprise/\(name.isEmpty ? "server" : name)-\(time)-\(process).jsonl"
    }

    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "." || character == "-")
    }
}
