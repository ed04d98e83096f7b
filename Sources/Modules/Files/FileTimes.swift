import Diagnostics
import Results
import Target
import Values

/// The modification and access time that a `file` task asks for.
struct FileTimes: Sendable {
    enum Time: Sendable, Hashable {
        case preserve, now
        /// Year to second in the host's time zone.
        case at(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int)
    }

    let modification: Time
    let access: Time

    init(_ arguments: Arguments, touches: Bool) throws(Diagnostic) {
        modification = try Self.time(
            arguments.optionalString("modification_time"), arguments.optionalString("modification_time_format"),
            touches: touches, arguments.location)
        access = try Self.time(
            arguments.optionalString("access_time"), arguments.optionalString("access_time_format"),
            touches: touches, arguments.location)
    }

    private static func time(
        _ text: String?, _ format: String?, touches: Bool, _ place: SourceLocation?
    ) throws(Diagnostic) -> Time {
        guard let text else { return touches ? .now : .preserve }
        if text == "preserve" { return .preserve }
        if text == "now" { return .now }
        let format = format ?? "%Y%m%d%H%M.%S"
        guard let time = parse(text, format) else {
            throw Diagnostic(
                .badValue, "'\(text)' is not a time written as '\(format)'", at: place,
                remedy:
                    "'202601311200.00' is noon of 31 January 2026 in the usual format; formats know %Y %m %d %H %M %S.")
        }
        return time
    }

    /// Reads a time by a format of `%Y %m %d %H %M %S`, `%F` and `%T`; nil if it does not fit.
    private static func parse(_ text: String, _ format: String) -> Time? {
        let format = format.replacing("%F", with: "%Y-%m-%d").replacing("%T", with: "%H:%M:%S")
        var fields: [Character: Int] = ["Y": 1900, "m": 1, "d": 1, "H": 0, "M": 0, "S": 0]
        let limits: [Character: ClosedRange<Int>] = [
            "Y": 1...9999, "m": 1...12, "d": 1...31, "H": 0...23, "M": 0...59, "S": 0...61,
        ]
        var rest = text[...]
        var pattern = format.makeIterator()
        while let character = pattern.next() {
            guard character == "%", let name = pattern.next(), name != "%" else {
                guard rest.first == character else { return nil }
                rest = rest.dropFirst()
                continue
            }
            guard let limit = limits[name] else { return nil }
            let digits = rest.prefix(name == "Y" ? 4 : 2).prefix { $0.isNumber }
            guard let number = Int(digits), limit.contains(number) else { return nil }
            fields[name] = number
            rest = rest.dropFirst(digits.count)
        }
        guard rest.isEmpty else { return nil }
        return .at(
            year: fields["Y"] ?? 0, month: fields["m"] ?? 0, day: fields["d"] ?? 0, hour: fields["H"] ?? 0,
            minute: fields["M"] ?? 0, second: fields["S"] ?? 0)
    }

    /// What the reading snippet needs: both times as `date` reads them, empty where there is nothing to ask.
    var words: [String] { [Self.readable(modification), Self.readable(access)] }

    /// Writes both times in seconds since 1970.
    static let script: Script = #"""
        if [ -n "$sp_a" ]; then sp_a=$(date -d "$sp_a" +%s) || exit 1; fi
        if [ -n "$sp_b" ]; then sp_b=$(date -d "$sp_b" +%s) || exit 1; fi
        printf '%s\0%s\0' "$sp_a" "$sp_b"
        """#

    private static func readable(_ time: Time) -> String {
        guard case .at(let year, let month, let day, let hour, let minute, let second) = time else { return "" }
        return "\(year)-\(pad(month))-\(pad(day)) \(pad(hour)):\(pad(minute)):\(pad(second))"
    }

    private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

    /// The times as the host counts them.
    struct Wanted: Sendable {
        var modification: Time
        var access: Time
        var modificationSeconds: Double?
        var accessSeconds: Double?

        var isNow: Bool { modification == .now && access == .now }

        /// What differs from a path's times; now always does.
        func parts(_ state: FileState) -> [Change.Part] {
            var parts: [Change.Part] = []
            if modification == .now {
                parts.append(.setting("mtime", before: .double(state.modified), after: "now"))
            } else if let modificationSeconds, modificationSeconds != state.modified {
                parts.append(.setting("mtime", before: .double(state.modified), after: .double(modificationSeconds)))
            }
            if access == .now {
                parts.append(.setting("atime", before: .double(state.accessed), after: "now"))
            } else if let accessSeconds, accessSeconds != state.accessed {
                parts.append(.setting("atime", before: .double(state.accessed), after: .double(accessSeconds)))
            }
            return parts
        }
    }

    func resolved(_ fields: inout FieldReader) -> Wanted {
        Wanted(
            modification: modification, access: access, modificationSeconds: Double(fields.next()),
            accessSeconds: Double(fields.next()))
    }

    func set(on path: String, _ target: some TargetWriter) async throws(Diagnostic) {
        try await target.perform(
            Self.setScript, [path, Self.touchWord(modification), Self.touchWord(access)],
            doing: "set the times of '\(path)'")
    }

    private static func touchWord(_ time: Time) -> String {
        switch time {
        case .preserve: ""
        case .now: "now"
        case .at(let year, let month, let day, let hour, let minute, let second):
            "\(year)\(pad(month))\(pad(day))\(pad(hour))\(pad(minute)).\(pad(second))"
        }
    }

    private static let setScript: Script = #"""
        if [ "$2$3" = nownow ]; then touch -c -- "$1"; exit; fi
        case $2 in '') ;; now) touch -c -m -- "$1" || exit 1 ;; *) touch -c -m -t "$2" -- "$1" || exit 1 ;; esac
        case $3 in '') ;; now) touch -c -a -- "$1" ;; *) touch -c -a -t "$3" -- "$1" ;; esac
        """#
}
