import Diagnostics
import Testing
import Values

/// Numbers beyond 64 bits as values; what is computed with them is held to recorded cases in the Jinja room.
@Suite struct WholeNumberTests {
    private func value(_ digits: String, radix: Int = 10) throws -> Value {
        guard case .number(let whole) = WholeNumber.read(digits, radix: radix) else {
            throw Diagnostic(.badValue, "no number: \(digits)")
        }
        return whole.value
    }

    @Test("a value stays three words and its tag") func size() {
        #expect(MemoryLayout<Value>.size <= 3 * MemoryLayout<Int>.size + 1)
        #expect(MemoryLayout<ValueMap.Key>.size <= 2 * MemoryLayout<Int>.size + 1)
    }

    @Test(
        "what fits in 64 bits is an int, and nothing else is",
        arguments: [
            ("9223372036854775807", true), ("-9223372036854775808", true), ("9223372036854775808", false),
            ("-9223372036854775809", false), ("18446744073709551615", false), ("18446744073709551616", false),
            ("-18446744073709551616", false), ("00000000000000000000000000000000005", true),
        ])
    func normal(_ digits: String, _ isSmall: Bool) throws {
        let value = try value(digits)
        #expect((value.intValue != nil) == isSmall)
        #expect(value.typeName == "int")
        #expect(value.isTruthy)
        if digits.first != "0" { #expect(value.pythonText == digits) }
    }

    @Test("results that fit are ints again") func shrinks() throws {
        let above = try #require(try value("9223372036854775808").wholeNumber)
        #expect(try above.subtracting(.small(1)).value == .int(.max))
        #expect(try above.negated().value == .int(.min))
        #expect(try WholeNumber.small(.min).negated() == above)
        #expect(try WholeNumber.small(.min).dividedFlooring(by: .small(-1)).quotient == above)
        #expect(try above.dividedFlooring(by: .small(-1)).quotient.value == .int(.min))
        #expect(try above.multiplied(by: .small(0)).value == 0)
    }

    @Test("equal numbers are one value and one key") func equal() throws {
        let number = try value("1000000000000000000000")
        let same = try value("3635c9adc5dea00000", radix: 16)
        #expect(number == same)
        #expect(number == .double(1e21))
        #expect(number.hashValue == same.hashValue)
        #expect(number.hashValue == Value.double(1e21).hashValue)
        #expect(number != .double(1.0000000000000001e21))
        #expect(Set([number, same, .double(1e21)]).count == 1)
        var map: ValueMap = [:]
        map[try #require(number.asKey)] = 1
        map[try #require(same.asKey)] = 2
        #expect(map.count == 1)
        #expect(map.keys.first?.text == "1000000000000000000000")
        #expect(try JSON.text(.map(map)) == "{\"1000000000000000000000\":2}")
    }

    @Test("digits of every radix come back", arguments: [2, 3, 7, 8, 10, 16, 35, 36])
    func radices(_ radix: Int) throws {
        var number = WholeNumber.small(1)
        for _ in 0..<60 { number = try number.multiplied(by: .small(1_000_003)).adding(.small(17)) }
        let digits = number.digits(radix: radix)
        guard case .number(let back) = WholeNumber.read("-" + digits.uppercased(), radix: radix) else {
            Issue.record("\(digits) is not read")
            return
        }
        #expect(try back.negated() == number)
    }

    @Test("what has too many digits or bits is refused, whatever made it") func bounds() throws {
        guard case .tooLarge = WholeNumber.read(String(repeating: "9", count: 4301)) else {
            Issue.record("4301 digits are read")
            return
        }
        guard case .none = WholeNumber.read(String(repeating: "9", count: 30) + "x") else {
            Issue.record("a letter is read")
            return
        }
        let most = try WholeNumber.small(1).shiftedLeft(WholeNumber.greatestBits - 1)
        #expect(throws: Diagnostic.self) { try most.adding(most) }
        #expect(throws: Diagnostic.self) { try most.multiplied(by: .small(2)) }
        #expect(throws: Diagnostic.self) { try most.shiftedLeft(1) }
        #expect(throws: Diagnostic.self) { try most.raised(to: .small(2)) }
        #expect(throws: Diagnostic.self) { try WholeNumber.small(10).raised(to: .small(.max)) }
        #expect(throws: Diagnostic.self) { try WholeNumber.small(2).raised(to: most) }
        #expect(throws: Diagnostic.self) { try JSON.parse(String(repeating: "9", count: 4301)) }
    }

    @Test("JSON keeps every digit")
    func json() throws {
        let text = "{\"id\":98765432109876543210,\"of\":[-18446744073709551616,1]}"
        #expect(try JSON.text(try JSON.parse(text)) == text)
    }
}
