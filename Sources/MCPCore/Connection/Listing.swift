import MCPWire

/// The reading of one list of a server, page by page (S-190).
public struct Listing: Sendable, Equatable {
    /// What to do after a page.
    public enum Step: Sendable, Equatable {
        /// Ask for the page of that cursor.
        case next(cursor: String)
        /// These are all.
        case complete([JSONValue])
    }

    /// The request that is under way; nil when none is.
    public var requestID: Int?
    /// Whether the list has changed since it was asked for, so that it is to be read again.
    public var isStale = false
    /// Whether a user has asked for it since, and waits.
    public var isWanted = false
    /// When the request that is under way is given up; without one, when the list is asked for once more.
    public var due: Instant?
    /// How often the list was asked for once more, since it was last wanted.
    public var retries = 0

    private let kind: ListKind
    /// Readings in a row that a server may cause at once by saying that the list has changed.
    private static let rereadMax = 5
    /// When the last of those was, or one that was put off.
    private var rereadAt: Instant?
    private var rereadCount = 0

    private let pageMax: Int
    private let byteCountMax: Int
    private var items: [JSONValue] = []
    private var byteCount = 0
    private var cursors: Set<String> = []

    /// Nothing is read yet. A list of more than `pageMax` pages, or `byteCountMax` bytes, is refused, as its end may
    /// never come.
    public init(_ kind: ListKind, pageMax: Int = 1000, byteCountMax: Int = 64 << 20) {
        self.kind = kind
        self.pageMax = pageMax
        self.byteCountMax = byteCountMax
    }

    /// Begins at the first page.
    public mutating func restart() {
        items = []
        byteCount = 0
        cursors = []
        isStale = false
        isWanted = false
    }

    /// The server says that the list has changed: nil if it may be read again now, else when it may.
    mutating func reread(at now: Instant, apart: Duration) -> Instant? {
        let next = rereadAt?.advanced(by: apart)
        guard let next, next > now else {
            (rereadAt, rereadCount) = (now, 1)
            return nil
        }
        guard rereadCount < Self.rereadMax else { return next }
        (rereadAt, rereadCount) = (now, rereadCount + 1)
        return nil
    }

    /// It is read again now that this was put off.
    mutating func noteReread(at now: Instant) {
        if rereadAt != nil { rereadAt = now }
    }

    /// Takes a page in, whose answer had so many bytes; throws when it is no page, when its cursor was there before, and
    /// at the limits of pages and bytes.
    public mutating func receive(_ page: JSONValue, byteCount count: Int = 0) throws(MalformedAnswer) -> Step {
        byteCount += count
        guard byteCount <= byteCountMax else {
            throw MalformedAnswer("\(kind.method) has more bytes than the limit of \(byteCountMax)")
        }
        guard let elements = page[kind.rawValue]?.elements else {
            throw MalformedAnswer("the answer to \(kind.method) has no list \"\(kind.rawValue)\"")
        }
        for element in elements where element["name"]?.text == nil {
            throw MalformedAnswer("\(kind.method) lists something without a \"name\"")
        }
        items += elements
        switch page["nextCursor"] {
        case nil, .null: return .complete(items)
        case .string(let cursor):
            guard cursors.insert(cursor).inserted else {
                throw MalformedAnswer("\(kind.method) gives the cursor \"\(cursor)\" a second time")
            }
            guard cursors.count < pageMax else {
                throw MalformedAnswer("\(kind.method) has more pages than the limit of \(pageMax)")
            }
            return .next(cursor: cursor)
        default: throw MalformedAnswer("the \"nextCursor\" of \(kind.method) is not a string")
        }
    }
}
