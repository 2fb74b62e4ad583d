import Testing

/// Nothing unfinished, nothing of one machine, and names that work everywhere.
@Suite struct HygieneTests {
    /// Put together here, so that this file does not contain what it looks for.
    static let markers = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    static let hosts = [
        "pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org", "npmjs" + ".com", "crates" + ".io",
        "ruby" + "gems.org", "docker" + ".io", "proxy.golang" + ".org",
    ]
    static let folders = ["/" + "root", "/" + "work", "/" + "tmp/"]

    private struct Needle: Sendable {
        var bytes: [UInt8]
        var problem: String
        /// Whether a place where the bytes stand is what is looked for.
        var counts: @Sendable ([UInt8], Range<Int>) -> Bool

        init(_ text: String, _ problem: String, _ counts: @escaping @Sendable ([UInt8], Range<Int>) -> Bool) {
            bytes = Array(text.utf8)
            self.problem = problem
            self.counts = counts
        }
    }

    /// What is looked for, by the first byte.
    private static let needles: [[Needle]] = {
        var byFirst = [[Needle]](repeating: [], count: 256)
        let all =
            markers.map { Needle($0, "\($0) left behind", isWord) }
            + hosts.map { Needle($0, "host of a package registry: \($0)", { _, _ in true }) }
            + folders.map { Needle($0, "path of one machine: \($0)", isPath) }
        for needle in all { byFirst[Int(needle.bytes[0])].append(needle) }
        return byFirst
    }()

    /// Looks at bytes, once through the file, and at little but the first two of a needle: recordings are long.
    static func violations(in file: SourceFile) -> [Violation] {
        let bytes = Array(file.text.utf8)
        let needles = Self.needles
        var found: [Violation] = []
        var line = 1
        var index = 0
        while index + 1 < bytes.count {
            let byte = Int(bytes[index])
            if byte == 0x0A { line += 1 }
            for needle in needles[byte] where needle.bytes[1] == bytes[index + 1] {
                guard bytes[index...].starts(with: needle.bytes) else { continue }
                guard needle.counts(bytes, index..<(index + needle.bytes.count)) else { continue }
                found.append(Violation(path: file.path, line: line, problem: needle.problem))
            }
            index += 1
        }
        return found
    }

    @Sendable private static func isWord(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        !isLetter(bytes, range.lowerBound - 1) && !isLetter(bytes, range.upperBound)
    }

    /// An absolute path that begins with the folder, and not a longer path or name that contains it.
    @Sendable private static func isPath(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        let endsThere = bytes[range.upperBound - 1] == UInt8(ascii: "/") || !isLetter(bytes, range.upperBound)
        let previous = range.lowerBound - 1
        let beginsThere = previous < 0 || !(isLetter(bytes, previous) || ".-})*~".utf8.contains(bytes[previous]))
        return beginsThere && endsThere
    }

    private static func isLetter(_ bytes: [UInt8], _ index: Int) -> Bool {
        guard bytes.indices.contains(index) else { return false }
        switch bytes[index] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
            return true
        default: return false
        }
    }

    /// Names that survive every file system and every shell; Swift files and documents may have capitals.
    static func isBadName(_ path: String) -> Bool {
        !path.utf8.allSatisfy {
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+/".utf8.contains($0)
        }
    }

    @Test func nothingIsLeftBehind() {
        let found = Repository.files.flatMap(Self.violations)
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func everyNameIsSafeInEveryFileSystem() {
        let found = Repository.paths.filter(Self.isBadName)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
        #expect(Repository.paths.contains("Package.swift"))
    }

    @Test func everyMarkerHostAndPathIsFound() {
        let paths = Self.folders.flatMap { ["\"\($0)/a\"", "$(cat \($0)/a)", "file://\($0)/a", "A=\($0)/a"] }
        for planted in Self.markers.map({ "// \($0): later" }) + Self.hosts.map({ "https://\($0)/simple" }) + paths {
            let found = Self.violations(in: .init(path: "a.md", text: "fine\n\(planted)\nfine"))
            #expect(found.map(\.line) == [2], "\(planted)")
        }
    }

    @Test func whatOnlyContainsOneIsNotFound() {
        for text in ["/roots/list", "roots/root", "a/tmp/b", "./work", "${base}/work", "MAXXXX", "hackathon", "/tmp"] {
            #expect(Self.violations(in: .init(path: "a.md", text: text)).isEmpty, "\(text)")
        }
    }

    @Test func aBadNameIsFound() {
        #expect(Self.isBadName("docs/a b.md"))
        #expect(Self.isBadName("docs/a:b.md"))
        #expect(Self.isBadName("docs/ä.md"))
        #expect(!Self.isBadName("Sources/A/Type+Topic.swift"))
    }
}
