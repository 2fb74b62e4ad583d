import Foundation

/// What the system tells about processes (Linux).
enum Children {
    /// The ids of the processes that another started and has not waited for.
    static func of(_ id: pid_t) -> [pid_t] {
        let text = (try? String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { pid_t($0) }
    }

    /// The most memory that a process has had, in bytes; nil where the system does not say.
    static func peakMemory(of id: pid_t) -> Int? {
        let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 }
    }
}
