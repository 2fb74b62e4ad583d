import MCPWire

/// Finds the recorded call that a live one matches, in time that does not grow with the recording.
struct CallIndex: Sendable {
    private struct Key: Hashable {
        var method: String
        var isRequest: Bool
        /// Index into the masks of the method.
        var mask: Int
        var params: JSONKey?
    }

    /// Client steps with one key in recorded order; the steps before `head` are used up.
    private struct Bucket {
        var steps: [Int] = []
        var head = 0
    }

    private var buckets: [Key: Bucket] = [:]
    private var masks: [String: [JSONMask]] = [:]
    /// The patterns of the client steps that are calls.
    private var patterns: [CallPattern?]
    private var stepsByMethod: [String: [Int]] = [:]
    /// Whether a client step was taken.
    private var isUsed: [Bool]

    init(_ script: ReplayScript) {
        patterns = Array(repeating: nil, count: script.client.count)
        isUsed = Array(repeating: false, count: script.client.count)
        for (index, step) in script.client.enumerated() {
            guard case .call(let pattern) = step.content else { continue }
            patterns[index] = pattern
            stepsByMethod[pattern.method, default: []].append(index)
            let known = masks[pattern.method] ?? []
            let mask = known.firstIndex(of: pattern.mask) ?? known.count
            if mask == known.count { masks[pattern.method] = known + [pattern.mask] }
            let key = Key(
                method: pattern.method, isRequest: pattern.isRequest, mask: mask,
                params: Self.key(of: pattern.params, mask: pattern.mask))
            buckets[key, default: Bucket()].steps.append(index)
        }
    }

    /// The first unused step that matches, taken out of the index; nil when there is none.
    ///
    /// `accepts` has the last word on a candidate, for what is bound rather than equal.
    mutating func take(
        method: String, isRequest: Bool, params: JSONDocument?, bindings: inout SecretBindings,
        accepts: (CallPattern) -> Bool
    ) -> Int? {
        var best: (step: Int, bindings: SecretBindings)?
        for (maskIndex, mask) in (masks[method] ?? []).enumerated() {
            let key = Key(
                method: method, isRequest: isRequest, mask: maskIndex, params: Self.key(of: params, mask: mask))
            guard var bucket = buckets[key] else { continue }
            while bucket.head < bucket.steps.count, isUsed[bucket.steps[bucket.head]] { bucket.head += 1 }
            buckets[key] = bucket
            for step in bucket.steps[bucket.head...] where !isUsed[step] {
                if let best, best.step < step { break }
                var trial = bindings
                guard let pattern = patterns[step], accepts(pattern),
                    pattern.secrets.agrees(with: params, bindings: &trial)
                else { continue }
                best = (step, trial)
                break
            }
        }
        guard let best else { return nil }
        isUsed[best.step] = true
        bindings = best.bindings
        return best.step
    }

    /// Whether a step was taken.
    func isTaken(_ step: Int) -> Bool { isUsed[step] }

    /// The first step of a method that was not taken.
    func firstUnused(method: String) -> Int? { stepsByMethod[method]?.first { !isUsed[$0] } }

    /// The recorded call most like a live one that matched nothing, with the first differences between them.
    ///
    /// Looks at the ``nearestCandidateCountMax`` calls of the method that are unused, or else used, in order.
    func nearest(method: String, params: [UInt8]) -> (step: Int, differences: [JSONDifference])? {
        let ofMethod = stepsByMethod[method] ?? []
        let unused = ofMethod.filter { !isUsed[$0] }
        var best: (step: Int, differences: [JSONDifference])?
        for step in (unused.isEmpty ? ofMethod : unused).prefix(Self.nearestCandidateCountMax) {
            guard let pattern = patterns[step] else { continue }
            let differences = JSONDifference.between(
                pattern.params?.bytes ?? Self.emptyObject, params.isEmpty ? Self.emptyObject : params,
                below: "/params", mask: pattern.mask)
            if differences.count < best?.differences.count ?? Int.max { best = (step, differences) }
        }
        return best
    }

    private static let nearestCandidateCountMax = 100

    private static let emptyObject = Array("{}".utf8)

    /// Absent params and `{}` say the same.
    private static func key(of params: JSONDocument?, mask: JSONMask) -> JSONKey? {
        guard let params else { return nil }
        let isEmptyObject = params.nodes[0].kind == .object && params.nodes.count == 1
        return isEmptyObject ? nil : JSONKey(params, mask: mask)
    }
}
