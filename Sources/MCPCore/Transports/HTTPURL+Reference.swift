import MCPWire

extension HTTPURL {
    /// What the reference in a `Location` header stands for, seen from here (RFC 3986, 5.2); nil if it cannot be read.
    ///
    /// Its fragment is left out, since it is no business of a server.
    public func resolving(_ reference: String) -> HTTPURL? {
        let reference = reference.prefix { $0 != "#" }
        if reference.isEmpty { return self }
        if reference.hasPrefix("//") { return HTTPURL("\(origin.scheme):\(reference)") }
        if let first = reference.first(where: { ":/?".contains($0) }), first == ":" { return HTTPURL(reference) }
        if reference.hasPrefix("?") { return HTTPURL("\(origin)\(path)\(reference)") }
        let mark = reference.firstIndex(of: "?") ?? reference.endIndex
        let folder = reference.hasPrefix("/") ? "" : path[..<(path.lastIndex(of: "/") ?? path.startIndex)] + "/"
        return HTTPURL("\(origin)\(Self.withoutDots(folder + reference[..<mark]))\(reference[mark...])")
    }

    /// A path without its segments `.` and `..` (RFC 3986, 5.2.4).
    private static func withoutDots(_ path: String) -> String {
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var kept: [Substring] = []
        for (index, segment) in segments.enumerated() {
            if segment == ".." { _ = kept.popLast() }
            if segment != ".", segment != ".." {
                kept.append(segment)
            } else if index == segments.count - 1 {
                kept.append("")
            }
        }
        return "/" + kept.joined(separator: "/")
    }
}
