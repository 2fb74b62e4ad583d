/// Why something cannot be written into an event stream.
public enum SSEEncodingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The field holds a CR or LF, which would end its line; in data that is CR alone, since LF starts a new field.
    case lineBreak(field: String)
    /// The field holds a NUL, for which a reader ignores an id.
    case null(field: String)
    /// A retry below zero, which has no spelling in digits.
    case negativeRetry(Int)

    /// One phrase that names the field.
    public var description: String {
        switch self {
        case .lineBreak(let field): "a line break in the \(field) of a server-sent event"
        case .null(let field): "a NUL in the \(field) of a server-sent event"
        case .negativeRetry(let milliseconds): "a retry of \(milliseconds) milliseconds"
        }
    }
}

/// Writes blocks of an event stream, such that `SSEDecoder` reads back exactly what was given.
public enum SSEEncoder {
    /// One block, lines ending in LF: comments, `event`, `id`, `retry`, a `data` line for each line of data, blank line.
    ///
    /// `data` nil dispatches no event, empty data one with empty data; `type` nil or empty is the default, `message`.
    /// Throws for what a line cannot carry: CR or LF in a comment, CR, LF or NUL in type and id, CR in data.
    public static func encode(
        data: [UInt8]? = nil, type: String? = nil, id: String? = nil, retryMilliseconds: Int? = nil,
        comments: [String] = []
    ) throws(SSEEncodingError) -> [UInt8] {
        var output: [UInt8] = []
        for comment in comments {
            try append("", comment, describedAs: "comment", refusesNull: false, to: &output)
        }
        if let type, !type.isEmpty { try append("event", type, describedAs: "type", refusesNull: true, to: &output) }
        if let id { try append("id", id, describedAs: "id", refusesNull: true, to: &output) }
        if let retryMilliseconds {
            guard retryMilliseconds >= 0 else { throw .negativeRetry(retryMilliseconds) }
            output += "retry: \(retryMilliseconds)\n".utf8
        }
        if let data {
            guard !data.contains(ASCII.carriageReturn) else { throw .lineBreak(field: "data") }
            for line in data.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false) {
                output += "data: ".utf8
                output += line
                output.append(ASCII.lineFeed)
            }
        }
        output.append(ASCII.lineFeed)
        return output
    }

    private static func append(
        _ name: String, _ value: String, describedAs field: String, refusesNull: Bool, to output: inout [UInt8]
    ) throws(SSEEncodingError) {
        for byte in value.utf8 {
            if byte == ASCII.carriageReturn || byte == ASCII.lineFeed { throw .lineBreak(field: field) }
            if byte == ASCII.null, refusesNull { throw .null(field: field) }
        }
        // A reader takes one space away, so there must be one in front of a value that begins with a space itself.
        output += "\(name): ".utf8
        output += value.utf8
        output.append(ASCII.lineFeed)
    }
}
