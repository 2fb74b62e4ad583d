import Foundation

/// Named figures of interleaved rounds, printed as median and range.
struct Figures {
    private var names: [String] = []
    private var values: [String: [Double]] = [:]

    mutating func add(_ value: Double, to name: String) {
        if values[name] == nil { names.append(name) }
        values[name, default: []].append(value)
    }

    func print(unit: String, digits: Int) {
        for name in names {
            let sorted = values[name, default: []].sorted()
            let texts = [sorted[sorted.count / 2], sorted[0], sorted[sorted.count - 1]]
                .map { String(format: "%.\(digits)f", $0) }
            Swift.print("  \(name.padding(toLength: 44, withPad: " ", startingAt: 0))", terminator: " ")
            Swift.print("\(texts[0]) \(unit)  (\(texts[1])–\(texts[2]))")
        }
    }
}

/// Seconds of processor time that `body` takes in this process, which has one thread: other programs on the machine
/// disturb it less than they disturb a wall clock.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = processorSeconds()
    try body()
    return processorSeconds() - start
}

private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Keeps the optimiser from leaving out work of which the result is not used.
@inline(never)
func use<Value>(_ value: Value) {}
