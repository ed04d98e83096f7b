internal import CLinux
internal import Diagnostics
internal import Glibc
internal import Values

/// A moment without a time zone, as Python's naive `datetime`.
final class DateTimeObject: TemplateObject {
    /// Days and seconds since 1970-01-01 00:00:00 by the clock on the wall, and the rest.
    let seconds: Int
    let microseconds: Int

    init(seconds: Int, microseconds: Int = 0) {
        self.seconds = seconds
        self.microseconds = microseconds
    }

    static func now(isUTC: Bool) -> DateTimeObject {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let (seconds, microseconds) = (Int(time.tv_sec), Int(time.tv_nsec) / 1000)
        return isUTC
            ? DateTimeObject(seconds: seconds, microseconds: microseconds)
            : local(seconds: seconds, microseconds: microseconds)
    }

    /// The moment that many seconds after 1970 began in UTC, as the clock on the wall here shows it.
    static func local(seconds: Int, microseconds: Int) -> DateTimeObject {
        var clock = time_t(seconds)
        var parts = tm()
        localtime_r(&clock, &parts)
        return DateTimeObject(seconds: seconds + Int(parts.tm_gmtoff), microseconds: microseconds)
    }

    /// The calendar's parts.
    var parts: tm {
        var clock = time_t(seconds)
        var result = tm()
        gmtime_r(&clock, &result)
        return result
    }

    var typeName: String { "datetime" }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }

    var text: String { isoFormat(separator: " ") }

    func isoFormat(separator: String) -> String {
        let parts = parts
        let date =
            "\(Self.digits(Int(parts.tm_year) + 1900, 4))-\(Self.digits(Int(parts.tm_mon) + 1, 2))-\(Self.digits(Int(parts.tm_mday), 2))"
        let time =
            "\(Self.digits(Int(parts.tm_hour), 2)):\(Self.digits(Int(parts.tm_min), 2)):\(Self.digits(Int(parts.tm_sec), 2))"
        return date + separator + time + (microseconds > 0 ? "." + Self.digits(microseconds, 6) : "")
    }

    var representation: String {
        let parts = parts
        var numbers = [
            Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday), Int(parts.tm_hour), Int(parts.tm_min),
        ]
        if parts.tm_sec != 0 || microseconds != 0 { numbers.append(Int(parts.tm_sec)) }
        if microseconds != 0 { numbers.append(microseconds) }
        return "datetime.datetime(\(numbers.map(String.init).joined(separator: ", ")))"
    }

    /// `strftime` with Python's additions.
    func formatted(_ format: String) -> String {
        let format = PythonString.replace(format, "%f", Self.digits(microseconds, 6))
        return TimeText.format(format, parts)
    }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? {
        let parts = parts
        switch key.text {
        case "year": return .int(Int(parts.tm_year) + 1900)
        case "month": return .int(Int(parts.tm_mon) + 1)
        case "day": return .int(Int(parts.tm_mday))
        case "hour": return .int(Int(parts.tm_hour))
        case "minute": return .int(Int(parts.tm_min))
        case "second": return .int(Int(parts.tm_sec))
        case "microsecond": return .int(microseconds)
        default: return nil
        }
    }

    var methods: [String] { ["strftime", "isoformat", "timestamp", "weekday", "isoweekday", "date", "replace"] }

    func callMethod(_ call: MethodCall) throws(Diagnostic) -> Value? {
        switch call.name {
        case "strftime": return .string(formatted(try call.string(0, "format")))
        case "isoformat": return .string(isoFormat(separator: call.argument(0, "sep")?.stringValue ?? "T"))
        case "timestamp":
            // Naive moments are local ones.
            var parts = parts
            parts.tm_isdst = -1
            return .double(Double(mktime(&parts)) + Double(microseconds) / 1e6)
        case "weekday": return .int((Int(parts.tm_wday) + 6) % 7)
        case "isoweekday": return .int((Int(parts.tm_wday) + 6) % 7 + 1)
        case "date":
            return .string(String(text.prefix(10)))
        default: return nil
        }
    }

    func subtracting(_ other: Value) throws(Diagnostic) -> Value? {
        switch other {
        case .object(let other as DateTimeObject):
            return .object(
                DurationObject(microseconds: (seconds - other.seconds) * 1_000_000 + microseconds - other.microseconds))
        case .object(let other as DurationObject): return .object(moved(by: -other.microseconds))
        default: return nil
        }
    }

    func adding(_ other: Value) throws(Diagnostic) -> Value? {
        guard case .object(let other as DurationObject) = other else { return nil }
        return .object(moved(by: other.microseconds))
    }

    private func moved(by difference: Int) -> DateTimeObject {
        let total = microseconds + difference
        let carry = total >= 0 ? total / 1_000_000 : -((-total + 999_999) / 1_000_000)
        return DateTimeObject(seconds: seconds + carry, microseconds: total - carry * 1_000_000)
    }

    func order(with other: Value) -> Int? {
        guard case .object(let other as DateTimeObject) = other else { return nil }
        let (a, b) = ((seconds, microseconds), (other.seconds, other.microseconds))
        return a < b ? -1 : a == b ? 0 : 1
    }
}

/// The time between two moments, as Python's `timedelta`.
final class DurationObject: TemplateObject {
    let microseconds: Int

    init(microseconds: Int) { self.microseconds = microseconds }

    var typeName: String { "timedelta" }

    private var days: Int { Int((Double(microseconds) / 86_400_000_000).rounded(.down)) }
    private var rest: Int { microseconds - days * 86_400_000_000 }

    var text: String {
        let seconds = rest / 1_000_000
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        var result = days == 0 ? "" : "\(days) day\(abs(days) == 1 ? "" : "s"), "
        result += "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        let fraction = rest % 1_000_000
        if fraction > 0 { result += "." + String(String(1_000_000 + fraction).dropFirst()) }
        return result
    }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? {
        switch key.text {
        case "days": .int(days)
        case "seconds": .int(rest / 1_000_000)
        case "microseconds": .int(rest % 1_000_000)
        default: nil
        }
    }

    var methods: [String] { ["total_seconds"] }

    func callMethod(_ call: MethodCall) throws(Diagnostic) -> Value? {
        call.name == "total_seconds" ? .double(Double(microseconds) / 1e6) : nil
    }

    func order(with other: Value) -> Int? {
        guard case .object(let other as DurationObject) = other else { return nil }
        return microseconds < other.microseconds ? -1 : microseconds == other.microseconds ? 0 : 1
    }
}

/// Formatting calendar parts with C's `strftime`.
enum TimeText {
    static func format(_ format: String, _ parts: tm) -> String {
        guard !format.isEmpty else { return "" }
        var parts = parts
        var size = max(256, format.utf8.count * 8)
        // An empty result is told from a full buffer by a mark in front.
        while size < 1 << 20 {
            var buffer = [CChar](repeating: 0, count: size)
            let length = strftime(&buffer, size, "|" + format, &parts)
            if length > 0 { return String(decoding: buffer[1..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) }
            size *= 4
        }
        return ""
    }
}
