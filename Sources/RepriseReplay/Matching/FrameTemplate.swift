import MCPWire
import RepriseRecording

/// A recorded frame of the server with the places where live values must stand.
struct FrameTemplate: Sendable {
    enum Source: Equatable, Sendable {
        /// The live id of the request that is this client step.
        case requestID(step: Int)
        /// The live progress token of the request that is this client step.
        case progressToken(step: Int)
        /// The live value of a placeholder, escaped as often as strings nest around it.
        case secret(placeholder: [UInt8], escapeCount: Int)
    }

    var bytes: [UInt8]
    /// Ascending and disjoint.
    private(set) var places: [(range: Range<Int>, source: Source)] = []

    init(
        frame index: Int, of log: MessageLog, stepOfRequest: (Int) -> Int?, stepOfToken: (MessageID) -> Int?,
        stepOfSubscription: (MessageID) -> Int?
    ) {
        let frame = log.frames[index]
        bytes = frame.bytes
        for message in frame.messages {
            let logged = log.messages[message]
            if let request = logged.request, let step = stepOfRequest(request), let range = logged.message.idRange {
                places.append((range, .requestID(step: step)))
            }
            guard let part = logged.message.params ?? logged.message.result,
                let document = try? JSONDocument(Array(frame.bytes[part]))
            else { continue }
            func place(_ path: JSONPath, _ source: (MessageID) -> Source?) {
                guard let node = path.node(in: document),
                    let source = source(MessageID(text: Array(document.raw(at: node))))
                else { return }
                let range = document.nodes[node].range
                places.append((range.lowerBound + part.lowerBound..<range.upperBound + part.lowerBound, source))
            }
            let subscription: (MessageID) -> Source? = { stepOfSubscription($0).map { .requestID(step: $0) } }
            place(VariableRules.subscription, subscription)
            switch logged.message.method {
            case "notifications/progress":
                place(VariableRules.progressTokenOfNotification) { stepOfToken($0).map { .progressToken(step: $0) } }
            case "notifications/cancelled":
                // The server ends a subscription with it (MCP 2026-07-28); any other id in it is the server's own.
                place(VariableRules.cancelledRequest, subscription)
            default:
                break
            }
        }
        places += Self.places(of: frame.placeholders, in: bytes)
        places.sort { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// A frame that is no message, in which placeholders stand.
    init(bytes: [UInt8], placeholders: [Range<Int>]) {
        self.bytes = bytes
        places = Self.places(of: placeholders, in: bytes)
    }

    private static func places(
        of placeholders: [Range<Int>], in bytes: [UInt8]
    ) -> [(range: Range<Int>, source: Source)] {
        let document = placeholders.isEmpty ? nil : try? JSONDocument(bytes)
        return placeholders.filter { $0.upperBound <= bytes.count }.map { range in
            let escapeCount = document.map { nesting(of: range, in: $0) } ?? 0
            return (range, .secret(placeholder: Array(bytes[range]), escapeCount: escapeCount))
        }
    }

    /// The message of this template as part of a block of an event stream, whose `data` lines stand at `lines`.
    ///
    /// No place is split by that: a line feed cannot stand inside a JSON string or number.
    func embedded(in block: [UInt8], at lines: [Range<Int>]) -> FrameTemplate {
        var embedded = FrameTemplate(bytes: block, placeholders: [])
        var start = 0
        for line in lines {
            let end = start + line.count
            for (range, source) in places where start <= range.lowerBound && range.upperBound <= end {
                let shift = line.lowerBound - start
                embedded.places.append((range.lowerBound + shift..<range.upperBound + shift, source))
            }
            start = end + 1
        }
        return embedded
    }

    /// The frame with live values in their places, and where the recorded frame was cut.
    ///
    /// A cut keeps its place between the same bytes; one inside a variable comes behind the live value.
    func filled(cuts: [Frame.Cut] = [], _ value: (Source) -> [UInt8]?) -> (bytes: [UInt8], cuts: [Int]) {
        var offsets = cuts.map { min($0.offset, bytes.count) }
        guard !places.isEmpty else { return (bytes, offsets) }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 16 * places.count)
        var position = 0
        for (range, source) in places where range.lowerBound >= position {
            output += bytes[position..<range.lowerBound]
            output += value(source) ?? Array(bytes[range])
            position = range.upperBound
            for (index, cut) in cuts.enumerated() where cut.offset > range.lowerBound {
                offsets[index] = output.count + max(0, min(cut.offset, bytes.count) - range.upperBound)
            }
        }
        output += bytes[position...]
        return (output, offsets)
    }

    /// How many strings stand around the bytes at `range`: 1 in a plain string, 2 in JSON that is itself a string.
    static func nesting(of range: Range<Int>, in document: JSONDocument) -> Int {
        guard
            let node = document.nodes.indices.last(where: { index in
                let own = document.nodes[index]
                return own.kind == .string && own.range.lowerBound <= range.lowerBound
                    && range.upperBound <= own.range.upperBound
            })
        else { return 0 }
        let contents = document.nodes[node].range.lowerBound + 1..<document.nodes[node].range.upperBound - 1
        let (inner, source) = JSONString.decodeMapped(document.bytes[contents].span)
        guard inner.first == UInt8(ascii: "{") || inner.first == UInt8(ascii: "["),
            let nested = try? JSONDocument(inner),
            let start = source.firstIndex(of: range.lowerBound - contents.lowerBound)
        else { return 1 }
        return 1 + Self.nesting(of: start..<start + range.count, in: nested)
    }
}
