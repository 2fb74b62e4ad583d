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

    /// When the request that is under way is given up; without one, when the list is asked for once more.
    public var due: Instant?
    /// How often the list was asked for once more, since it was last wanted.
    public var retries = 0

    private let kind: ListKind
    private let pageMax: Int
    private var items: [JSONValue] = []
    /// In the order in which they came.
    private var cursors: Set<String> = []

    /// Nothing is read yet. A list of more than `pageMax` pages is refused, as its end may never come.
    public init(_ kind: ListKind, pageMax: Int = 1000) {
        self.kind = kind
        self.pageMax = pageMax
    }

    /// Begins at the first page.
    public mutating func restart() {
        items = []
        cursors = []
        isStale = false
    }

    /// Takes a page in; throws when it is no page, when its cursor was there before, and at the limit of pages.
    public mutating func receive(_ page: JSONValue) throws(MalformedAnswer) -> Step {
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
