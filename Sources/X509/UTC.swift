internal import SwiftASN1
internal import Values

/// Points in time as certificates have them: whole seconds, always UTC.
public enum UTC {
    /// Seconds since 1970 of `20260131120000Z`; also `202601311200Z`, and with an offset such as `+0100` at its end.
    public static func seconds(_ text: String) -> Int? {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var digits = Substring(text)
        var offset = 0
        if digits.hasSuffix("Z") {
            digits.removeLast()
        } else {
            let zone = digits.suffix(5)
            guard let sign = zone.first, sign == "+" || sign == "-", let hours = Int(zone.dropFirst().prefix(2)),
                let minutes = Int(zone.suffix(2)), zone.count == 5
            else { return nil }
            offset = (hours * 60 + minutes) * 60 * (sign == "-" ? -1 : 1)
            digits = digits.dropLast(5)
        }
        guard digits.count == 14 || digits.count == 12, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            return nil
        }
        func field(_ start: Int, _ count: Int) -> Int { Int(digits.dropFirst(start).prefix(count)) ?? 0 }
        let (hour, minute, second) = (field(8, 2), field(10, 2), field(12, 2))
        guard let date = CivilDate(year: field(0, 4), month: field(4, 2), day: field(6, 2)), hour < 24, minute < 60,
            second < 60
        else { return nil }
        return date.days * 86_400 + hour * 3600 + minute * 60 + second - offset
    }

    /// `20260131120000Z`.
    public static func text(_ seconds: Int) -> String {
        let day = Int((Double(seconds) / 86_400).rounded(.down))
        let rest = seconds - day * 86_400
        let time = [rest / 3600, rest / 60 % 60, rest % 60].map { CivilDate.padded($0, 2) }.joined()
        return CivilDate(days: day).text.filter { $0 != "-" } + time + "Z"
    }

    /// Seconds since 1970 of `+52w`, `-1d12h` counted from a moment, or of an absolute time.
    public static func seconds(_ text: String, from now: Int) -> Int? {
        guard let sign = text.first, sign == "+" || sign == "-" else { return seconds(text) }
        var rest = text.dropFirst()
        guard !rest.isEmpty else { return nil }
        var total = 0
        var units: [(Character, Int)] = [("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            let unit = rest.popFirst() ?? "s"
            // A bound far beyond all certificates keeps the sums small.
            guard let number = Int(digits), number < 1_000_000_000_000,
                let place = units.firstIndex(where: { $0.0 == Character(unit.lowercased()) })
            else { return nil }
            total += number * units[place].1
            units = Array(units[(place + 1)...])
        }
        return sign == "+" ? now + total : now - total
    }

    // MARK: In DER

    static func seconds(_ node: ASN1Node) -> Int? {
        let text = String(decoding: node.bytes, as: UTF8.self)
        switch node.identifier {
        case .utcTime:
            guard let year = Int(text.prefix(2)) else { return nil }
            return seconds((year >= 50 ? "19" : "20") + text)
        case .generalizedTime: return seconds(text)
        default: return nil
        }
    }

    /// Two digits for the year until 2049, four from then on (RFC 5280, 4.1.2.5).
    static func encoded(_ seconds: Int) -> [UInt8] {
        let text = text(seconds)
        guard let year = Int(text.prefix(4)), (1950..<2050).contains(year) else {
            return DER.node(0x18, Array(text.utf8))
        }
        return DER.node(0x17, Array(text.dropFirst(2).utf8))
    }
}
