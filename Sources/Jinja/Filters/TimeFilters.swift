internal import CLinux
internal import Diagnostics
internal import Glibc
internal import Values

/// Dates and times.
enum TimeFilters {
    static let all: [Filter] = [
        Filter("strftime", ["second", "utc"], format),
        Filter("to_datetime", ["format"], parse),
    ]

    private static func format(_ call: Call) throws(Diagnostic) -> Value {
        guard case .string(let text) = call.input else { throw call.wrongInput("a format as text") }
        call.noteVolatile()
        var clock = time(nil)
        if let value = call[0], !value.isNull {
            guard let seconds = value.number?.asDouble ?? value.stringValue.flatMap(PythonNumber.double),
                seconds.isFinite,
                let whole = Int(exactly: seconds.rounded(.down))
            else { throw call.wrongArgument(0, "seconds since 1970", value) }
            clock = time_t(whole)
        }
        var parts = tm()
        let isKnown =
            call.bool(1, default: false) ? gmtime_r(&clock, &parts) != nil : localtime_r(&clock, &parts) != nil
        guard isKnown else { throw call.failure("\(clock) seconds is past all calendars") }
        return .string(TimeText.format(text.string, parts))
    }

    private static func parse(_ call: Call) throws(Diagnostic) -> Value {
        guard case .string(let text) = call.input else { throw call.wrongInput("text") }
        let format = try call.string(0, default: "%Y-%m-%d %H:%M:%S")
        var microseconds = 0
        var clockFormat = format
        var input = text.string
        // C knows no fractions of a second.
        if format.hasSuffix(".%f"), let dot = input.lastIndex(of: ".") {
            let digits = input[input.index(after: dot)...]
            guard (1...6).contains(digits.count), let number = Int(digits) else {
                throw call.failure("'\(input)' does not fit the format '\(format)'")
            }
            microseconds = number * Int(PythonMath.power(10, Double(6 - digits.count)))
            input = String(input[..<dot])
            clockFormat = String(format.dropLast(3))
        }
        var seconds = 0
        let answer = swiftprov_parse_time(input, clockFormat, &seconds)
        guard answer == 1 else {
            let shown = text.isSecret ? "the text" : "'\(text.string)'"
            if answer < 0 { throw call.failure("\(shown) is no day of the calendar") }
            throw call.failure(
                "\(shown) does not fit the format '\(format)'", remedy: "Name the format: to_datetime('%Y-%m-%d').")
        }
        return .object(DateTimeObject(seconds: seconds, microseconds: microseconds))
    }
}
