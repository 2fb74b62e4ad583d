#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPCore
import MCPWire

/// Which program a stdio server is: the `target` of its configuration, read.
struct StdioTarget: Equatable {
    /// The program and its arguments.
    var command: [String]
    /// What is set in its environment beside what it inherits, in the order of the configuration.
    var variables: [(name: String, value: String)]
    /// Whether it inherits all of our environment, or only what a program needs to be at home (S-006).
    var inheritsEnvironment: Bool
    /// Where it runs; nil is where we do.
    var directory: String?

    /// What a server needs that is given nothing else: to find programs, its user and that user's files.
    static let baseline = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"]

    /// Reads `{"command", "args", "env", "cwd", "inheritEnvironment"}`, all but the first optional.
    ///
    /// Throws `misconfigured`, with the key that is wrong.
    init(_ target: JSONValue) throws(TransportFailure) {
        guard let program = target["command"]?.text, !program.isEmpty else {
            throw .misconfigured("a stdio server needs a command")
        }
        command = [program]
        if let arguments = target["args"] {
            guard let elements = arguments.elements else { throw .misconfigured("args is no list") }
            for element in elements {
                guard let argument = element.text else {
                    throw .misconfigured("args holds \(element), which is no text")
                }
                command.append(argument)
            }
        }
        variables = []
        for member in target["env"]?.members ?? [] {
            guard let value = member.value.text else { throw .misconfigured("env: \(member.key) is no text") }
            guard !member.key.isEmpty, !member.key.contains("=") else {
                throw .misconfigured("env: \"\(member.key)\" is no name of a variable")
            }
            variables.append((member.key, value))
        }
        if let env = target["env"], env.members == nil { throw .misconfigured("env is no object") }
        if let directory = target["cwd"] {
            guard let path = directory.text else { throw .misconfigured("cwd is no text") }
            self.directory = path
        }
        if let inherits = target["inheritEnvironment"] {
            guard let flag = inherits.boolean else {
                throw .misconfigured("inheritEnvironment is neither true nor false")
            }
            inheritsEnvironment = flag
        } else {
            inheritsEnvironment = true
        }
        let texts = command + variables.flatMap { [$0.name, $0.value] } + [directory ?? ""]
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw .misconfigured("no text of a command, its environment or its folder may hold a NUL")
        }
    }

    /// What the program's environment is, given ours, both as `NAME=VALUE`: each name of `variables` stands once.
    func environment(over inherited: [String]) -> [String] {
        func name(_ entry: String) -> Substring { entry.prefix { $0 != "=" } }
        let kept = inherited.filter { entry in
            (inheritsEnvironment || Self.baseline.contains { $0 == name(entry) })
                && !variables.contains { $0.name == name(entry) }
        }
        return kept + variables.map { "\($0.name)=\($0.value)" }
    }

    /// The environment of this process, as `NAME=VALUE`.
    static var inherited: [String] {
        var entries: [String] = []
        var next = environ
        while let entry = next.pointee {
            entries.append(String(cString: entry))
            next += 1
        }
        return entries
    }

    static func == (left: StdioTarget, right: StdioTarget) -> Bool {
        left.command == right.command && left.directory == right.directory
            && left.inheritsEnvironment == right.inheritsEnvironment
            && left.variables.elementsEqual(right.variables) { $0 == $1 }
    }
}

extension StdioTarget {
    /// Whether there is a folder at a path.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
