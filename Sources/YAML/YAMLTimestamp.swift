/// A date or a moment as YAML 1.1 writes it; kept as the text that Python prints for it.
struct YAMLTimestamp {
    private var year: Int, month: Int, day: Int
    private var time: (hour: Int, minute: Int, second: Int, microsecond: Int)?
    /// Minutes east of Greenwich, nil if no zone was written.
    private var zone: Int?

    /// Parses `2024-01-02`, `2024-1-2 10:11:12.5 +02:30`, `2024-01-02T10:11:12Z`; nil for any other text.
    init?(_ bytes: [UInt8]) {
        var scanner = Scanner(bytes: bytes)
        guard let year = scanner.number(4...4), scanner.take("-"), let month = scanner.number(1...2),
            scanner.take("-"), let day = scanner.number(1...2)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        if scanner.isAtEnd {
            // A bare date wants two digits for month and day.
            if bytes.count != 10 { return nil }
            return
        }
        guard scanner.take("T") || scanner.take("t") || scanner.blanks() > 0 else { return nil }
        guard let hour = scanner.number(1...2), scanner.take(":"), let minute = scanner.number(2...2),
            scanner.take(":"), let second = scanner.number(2...2)
        else { return nil }
        time = (hour, minute, second, scanner.take(".") ? scanner.fraction() : 0)
        if scanner.isAtEnd { return }
        _ = scanner.blanks()
        if scanner.take("Z") {
            zone = 0
        } else {
            let west = scanner.take("-")
            guard west || scanner.take("+"), let hours = scanner.number(1...2) else { return nil }
            var minutes = 0
            if scanner.take(":") {
                guard let read = scanner.number(2...2) else { return nil }
                minutes = read
            }
            zone = (hours * 60 + minutes) * (west ? -1 : 1)
        }
        if !scanner.isAtEnd { return nil }
    }

    /// Whether such a day and time exist; Python refuses the others.
    var isPossible: Bool {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard year >= 1, (1...12).contains(month), (1...lengths[month - 1]).contains(day) else { return false }
        guard let time else { return true }
        return time.hour < 24 && time.minute < 60 && time.second < 60 && abs(zone ?? 0) < 24 * 60
    }

    /// What Python's `str()` gives for it: `2024-01-02`, `2024-01-02 10:11:12.500000+00:00`.
    var text: String {
        let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
        guard let time else { return date }
        var text = "\(date) \(Self.padded(time.hour, 2)):\(Self.padded(time.minute, 2)):\(Self.padded(time.second, 2))"
        if time.microsecond > 0 { text += "." + Self.padded(time.microsecond, 6) }
        if let zone {
            text += (zone < 0 ? "-" : "+") + Self.padded(abs(zone) / 60, 2) + ":" + Self.padded(abs(zone) % 60, 2)
        }
        return text
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private struct Scanner {
        let bytes: [UInt8]
        var index = 0

        var isAtEnd: Bool { index == bytes.count }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard index < bytes.count, bytes[index] == UInt8(ascii: scalar) else { return false }
            index += 1
            return true
        }

        mutating func number(_ digits: ClosedRange<Int>) -> Int? {
            var value = 0
            var count = 0
            while count < digits.upperBound, index < bytes.count, YAMLResolver.isDigit(bytes[index]) {
                value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
                index += 1
                count += 1
            }
            return count >= digits.lowerBound ? value : nil
        }

        /// The digits after the dot as microseconds; those past the sixth are dropped.
        mutating func fraction() -> Int {
            var value = 0
            var count = 0
            while index < bytes.count, YAMLResolver.isDigit(bytes[index]) {
                if count < 6 { value = value * 10 + Int(bytes[index] - UInt8(ascii: "0")) }
                index += 1
                count += 1
            }
            while count < 6 {
                value *= 10
                count += 1
            }
            return value
        }

        mutating func blanks() -> Int {
            let start = index
            while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
            return index - start
        }
    }
}
