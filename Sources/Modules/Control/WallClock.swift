internal import Glibc

/// The control machine's clock, as command results show it.
package struct WallClock: Sendable {
    /// Since 1970.
    package var microseconds: Int

    package static func now() -> WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallClock(microseconds: time.tv_sec * 1_000_000 + time.tv_nsec / 1000)
    }

    /// Local time as Python prints it: `2026-01-31 12:00:00.123456`.
    package var text: String {
        var seconds = time_t(microseconds / 1_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        let date = "\(Int(parts.tm_year) + 1900)-\(Self.pad(Int(parts.tm_mon) + 1))-\(Self.pad(Int(parts.tm_mday)))"
        let time = "\(Self.pad(Int(parts.tm_hour))):\(Self.pad(Int(parts.tm_min))):\(Self.pad(Int(parts.tm_sec)))"
        return "\(date) \(time).\(Self.pad(microseconds % 1_000_000, to: 6))"
    }

    /// A span of time as Python prints it: `0:00:01.234567`.
    package static func text(ofMicroseconds span: Int) -> String {
        let span = max(0, span)
        let seconds = span / 1_000_000
        return "\(seconds / 3600):\(pad(seconds / 60 % 60)):\(pad(seconds % 60)).\(pad(span % 1_000_000, to: 6))"
    }

    private static func pad(_ number: Int, to width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
