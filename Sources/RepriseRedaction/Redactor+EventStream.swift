import MCPWire

extension Redactor {
    /// Redacts a block of an event stream: the JSON of its data, which may go over several lines, and its other lines.
    ///
    /// A block whose data is no JSON is redacted as text; `stream` is as for ``redact(text:stream:)``.
    public mutating func redact(block: [UInt8], stream: Int) -> Redacted {
        let lines = EventStreamLines(block)
        guard !lines.data.isEmpty, let document = try? JSONDocument(lines.data) else {
            return redact(text: block, stream: stream)
        }
        return redacted(
            block,
            settle { redactor in
                var found = redactor.findings(in: document, level: 0).map { finding in
                    var finding = finding
                    finding.range = lines.source(of: finding.range)
                    return finding
                }
                for line in lines.others {
                    for var finding in redactor.findings(in: Array(block[line])) {
                        finding.range =
                            (finding.range.lowerBound + line.lowerBound)..<(finding.range.upperBound + line.lowerBound)
                        found.append(finding)
                    }
                }
                return block.withUnsafeBufferPointer { redactor.merged(found, in: $0) }
            })
    }
}

/// The lines of a block by what they are: data, joined as a reader joins them (WHATWG HTML 9.2.6), and the others.
private struct EventStreamLines {
    private(set) var data: [UInt8] = []
    private(set) var others: [Range<Int>] = []
    /// Where each data line begins in `data`, and where in the block.
    private var starts: [(data: Int, block: Int)] = []

    init(_ block: [UInt8]) {
        var start = 0
        while start < block.count {
            let end = block[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? block.count
            let line = start..<end
            if block[line].starts(with: "data:".utf8) {
                let value = line.lowerBound + 5
                let isSpaced = value < end && block[value] == 0x20
                let contents = (isSpaced ? value + 1 : value)..<end
                if !starts.isEmpty { data.append(0x0A) }
                starts.append((data.count, contents.lowerBound))
                data += block[contents]
            } else if !line.isEmpty {
                others.append(line)
            }
            start = end + 1
        }
    }

    /// Where a part of `data` stands in the block; it lies on one line, as a string of JSON holds no line feed.
    func source(of range: Range<Int>) -> Range<Int> {
        var lower = 0
        var upper = starts.count
        while upper - lower > 1 {
            let middle = (lower + upper) / 2
            if starts[middle].data <= range.lowerBound { lower = middle } else { upper = middle }
        }
        let shift = starts[lower].block - starts[lower].data
        return (range.lowerBound + shift)..<(range.upperBound + shift)
    }
}
