/// JSON numbers as exact decimals of any size, never through a binary floating-point type.
public enum JSONNumber {
    /// A key that two numbers share exactly if they have the same value: `1`, `1.0` and `10e-1` all give `1e0`.
    ///
    /// The form is `-`, the digits without zeros at either end, `e`, the exponent; every zero, negative ones included,
    /// gives `0`. At most 24 bytes longer than the text, however large the exponent. `text` should have passed the
    /// scanner; any other text still gives some key.
    public static func canonical(_ text: Span<UInt8>) -> [UInt8] {
        var isNegative = false
        var digits: [UInt8] = []
        var fractionCount = 0
        var isFraction = false
        var exponent = Decimal()
        var index = 0
        if index < text.count, text[index] == ASCII.minus {
            isNegative = true
            index += 1
        }
        scan: while index < text.count {
            let byte = text[index]
            index += 1
            switch byte {
            case ASCII.period: isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                exponent = Decimal(text, from: index)
                break scan
            default:
                if isFraction { fractionCount += 1 }
                // Leading zeros carry no value; those after the point still count in the exponent.
                if !digits.isEmpty || byte != ASCII.zero { digits.append(byte) }
            }
        }
        guard !digits.isEmpty else { return [ASCII.zero] }
        var zeroCount = 0
        while digits.last == ASCII.zero {
            digits.removeLast()
            zeroCount += 1
        }
        exponent.add(zeroCount - fractionCount)
        return (isNegative ? [ASCII.minus] : []) + digits + [UInt8(ascii: "e")] + exponent.text
    }

    /// An integer of any length, since the exponent of a JSON number has no limit.
    private struct Decimal {
        var isNegative = false
        /// Most significant first, without leading zeros; empty for zero.
        var digits: [UInt8] = []

        init() {}

        /// Reads an optional sign and digits up to the end of the text.
        init(_ text: Span<UInt8>, from start: Int) {
            var index = start
            if index < text.count, text[index] == ASCII.plus || text[index] == ASCII.minus {
                isNegative = text[index] == ASCII.minus
                index += 1
            }
            while index < text.count {
                if !digits.isEmpty || text[index] != ASCII.zero { digits.append(text[index] &- ASCII.zero) }
                index += 1
            }
        }

        var text: [UInt8] {
            digits.isEmpty ? [ASCII.zero] : (isNegative ? [ASCII.minus] : []) + digits.map { $0 &+ ASCII.zero }
        }

        mutating func add(_ amount: Int) {
            guard amount != 0 else { return }
            if isNegative == (amount < 0) { grow(by: amount.magnitude) } else { shrink(by: amount.magnitude) }
        }

        /// Adds to the magnitude.
        private mutating func grow(by amount: UInt) {
            var carry = amount
            var place = digits.count - 1
            while carry > 0 {
                if place < 0 {
                    digits.insert(0, at: 0)
                    place = 0
                }
                let sum = UInt(digits[place]) + carry % 10
                digits[place] = UInt8(truncatingIfNeeded: sum % 10)
                carry = carry / 10 + sum / 10
                place -= 1
            }
        }

        /// Takes away from the magnitude; passing zero turns the sign.
        private mutating func shrink(by amount: UInt) {
            // 19 digits always fit into UInt; a longer magnitude is larger than any amount.
            if digits.count <= 19 {
                let magnitude = digits.reduce(UInt(0)) { $0 &* 10 &+ UInt($1) }
                if amount > magnitude { isNegative.toggle() }
                let difference = amount > magnitude ? amount - magnitude : magnitude - amount
                digits = difference == 0 ? [] : String(difference).utf8.map { $0 &- ASCII.zero }
                return
            }
            var debt = amount
            var place = digits.count - 1
            while debt > 0, place >= 0 {
                let taken = UInt8(truncatingIfNeeded: debt % 10)
                debt /= 10
                if digits[place] < taken {
                    digits[place] += 10
                    debt += 1
                }
                digits[place] -= taken
                place -= 1
            }
            digits = Array(digits.drop { $0 == 0 })
        }
    }
}
