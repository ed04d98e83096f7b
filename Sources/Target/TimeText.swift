/// Times as people write them.
package enum TimeText {
    /// The longest time there is, in seconds: three years are beyond all that is waited for.
    private static let longest = 100_000_000

    /// A number of seconds, or a time such as `1m30s`, in seconds; nil for what is neither.
    package static func seconds(_ text: String) -> Int? {
        if let number = Int(text), (0...longest).contains(number) { return number }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
        var total = 0
        var digits = ""
        for character in text.lowercased() {
            if character.isNumber {
                digits.append(character)
            } else {
                guard let unit = units[character], let number = Int(digits) else { return nil }
                let (product, isTooLarge) = number.multipliedReportingOverflow(by: unit)
                guard !isTooLarge, product <= longest - total else { return nil }
                total += product
                digits = ""
            }
        }
        return digits.isEmpty && !text.isEmpty ? total : nil
    }
}
