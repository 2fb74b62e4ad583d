#if canImport(Glibc)
    import CProcess
    import Glibc
#else
    import Darwin
#endif

/// What `posix_spawn` is to do between fork and exec.
struct SpawnPlan {
    #if canImport(Glibc)
        private var actions = posix_spawn_file_actions_t()
        private var attributes = posix_spawnattr_t()
    #else
        private var actions: posix_spawn_file_actions_t?
        private var attributes: posix_spawnattr_t?
    #endif
    private let environment: [String]?

    init(_ relation: ServerProcess.Relation) {
        switch relation {
        case .standIn: environment = nil
        case .contained(let environment, _): self.environment = environment
        }
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        var flags: Int32 = 0
        switch relation {
        case .standIn(var mask?):
            posix_spawnattr_setsigmask(&attributes, &mask)
            flags = Int32(POSIX_SPAWN_SETSIGMASK)
        case .standIn(nil): break
        case .contained(_, let directory):
            if let directory { posix_spawn_file_actions_addchdir_np(&actions, directory) }
            var signals = sigset_t()
            sigemptyset(&signals)
            posix_spawnattr_setsigmask(&attributes, &signals)
            // NIO ignores it in this process, and what is ignored stays ignored across exec.
            sigaddset(&signals, SIGPIPE)
            posix_spawnattr_setsigdefault(&attributes, &signals)
            posix_spawnattr_setpgroup(&attributes, 0)
            flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETPGROUP)
            #if canImport(Darwin)
                flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
            #endif
        }
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    mutating func destroy() {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }

    /// Makes a descriptor of ours a standard one of the child.
    mutating func give(_ descriptor: Int32, as standard: Int32) {
        posix_spawn_file_actions_adddup2(&actions, descriptor, standard)
    }

    /// Has the child begin without the descriptors from 3 on, those included that others left open for it.
    mutating func closeOthers() {
        #if canImport(Glibc)
            posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        #endif
    }

    /// Starts a command; 0, or an error number.
    mutating func spawn(_ command: [String], _ id: inout pid_t) -> Int32 {
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        guard let environment else {
            return posix_spawnp(&id, command[0], &actions, &attributes, &arguments, environ)
        }
        guard let path = Self.search(command[0], environment) else { return ENOENT }
        var variables = environment.map { strdup($0) } + [nil]
        defer { for variable in variables { free(variable) } }
        return posix_spawn(&id, path, &actions, &attributes, &arguments, &variables)
    }

    /// Where a command is, by the PATH that the child gets; nil if it is in none of its folders.
    private static func search(_ command: String, _ environment: [String]) -> String? {
        guard !command.contains("/") else { return command }
        let path = environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? "/usr/bin:/bin"
        let folders = path.split(separator: ":", omittingEmptySubsequences: false)
        return folders.lazy.map { "\($0.isEmpty ? "." : $0)/\(command)" }.first { access($0, X_OK) == 0 }
    }
}
