internal import Diagnostics
internal import Values

/// `community.general`: lengths of time such as `1d 2h 30m`, in one unit.
enum TimeUnitFilters {
    static let all: [Filter] =
        [
            Filter("to_time_unit", ["unit", "year", "month"]) { call throws(Diagnostic) in
                try converted(call, try call.string(0, default: "ms"), year: 1, month: 2)
            }
        ]
        + [
            ("to_milliseconds", "ms"), ("to_seconds", "s"), ("to_minutes", "m"), ("to_hours", "h"), ("to_days", "d"),
            ("to_weeks", "w"), ("to_months", "mo"), ("to_years", "y"),
        ].map { name, unit in
            Filter(name, ["year", "month"]) { call throws(Diagnostic) in
                try converted(call, unit, year: 0, month: 1)
            }
        }

    /// Milliseconds of each unit.
    private static let units: [String: Double] = [
        "ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 86400e3, "w": 7 * 86400e3, "mo": 30 * 86400e3,
        "y": 365 * 86400e3,
    ]
    private static let names = [
        "millisecond": "ms", "msec": "ms", "msecond": "ms", "sec": "s", "second": "s", "hour": "h", "min": "m",
        "minute": "m", "day": "d", "week": "w", "month": "mo", "year": "y",
    ]

    private static func converted(_ call: Call, _ unit: String, year: Int, month: Int) throws(Diagnostic) -> Value {
        guard case .string(let text) = call.input else { throw call.wrongInput("text such as '1h 30m'") }
        if text.string == "0" { return 0 }
        // Days of a year and of a month are the caller's to choose.
        func milliseconds(_ unit: String) throws(Diagnostic) -> Double {
            var stem = unit[...]
            while stem.last == "s" { stem = stem.dropLast() }
            let short = names[String(stem)] ?? unit
            if short == "y" || short == "mo", let days = call[short == "y" ? year : month] {
                guard let number = days.number?.asDouble else {
                    throw call.wrongArgument(short == "y" ? year : month, "a number of days", days)
                }
                return number * 86400e3
            }
            guard let length = units[short] else {
                throw call.failure(
                    "'\(unit)' is no unit of time", remedy: "Units are \(units.keys.sorted().joined(separator: ", ")).")
            }
            return length
        }
        let target = try milliseconds(unit)
        var sum = 0.0
        let pattern = try Regex.compiled("(-?\\d+)(\\w+)")
        for word in PythonString.split(text.string, separator: nil) {
            let bytes = Array(word.utf8)
            guard let match = try pattern.firstMatch(in: bytes, anchored: true), let digits = match.ranges[1],
                let name = match.ranges[2], let number = Double(String(decoding: bytes[digits], as: UTF8.self))
            else {
                throw call.failure(
                    "'\(word)' is no length of time", remedy: "Write a number and its unit: '90m', '1d 12h'.")
            }
            sum += number * (try milliseconds(String(decoding: bytes[name], as: UTF8.self)))
        }
        return .double(try PythonMath.round(sum / target, digits: 12))
    }
}
