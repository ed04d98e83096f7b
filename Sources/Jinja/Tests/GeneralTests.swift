internal import Diagnostics
internal import Values

/// Tests of `community.general`.
enum GeneralTests {
    static let all: [Test] = [
        Test("ansible_type", ["dtype", "alias"], required: 1) { call throws(Diagnostic) in
            let wanted = try call.value(0)
            guard wanted.text != nil || wanted.elements != nil else {
                throw call.wrongArgument(0, "a type's name or a list of them", wanted)
            }
            let type = AnsibleTypes.name(call.input, try AnsibleTypes.aliases(call, 1))
            return (wanted.elements ?? [wanted]).contains { $0.stringValue == type }
        },
        Test("a_module") { call throws(Diagnostic) in
            let environment = call.evaluator.session.environment
            return environment.isModule(call.text)
        },
        Test("fqdn_valid", ["min_labels", "allow_underscores"]) { call throws(Diagnostic) in
            let text = call.text
            let isUnderscoreAllowed = call.bool(1, default: false)
            let least = try call.int(0, default: 1)
            let rest = text.hasSuffix(".") ? text.dropLast() : text[...]
            let labels = rest.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            return rest.utf8.count <= 253 && labels.count >= least
                && labels.allSatisfy { isLabel($0, isUnderscoreAllowed) }
        },
    ]

    /// Up to 63 letters, digits and hyphens, no hyphen at either end.
    private static func isLabel(_ label: Substring.UTF8View, _ isUnderscoreAllowed: Bool) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard (1...63).contains(label.count), label.first != hyphen, label.last != hyphen else { return false }
        return label.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen:
                true
            case UInt8(ascii: "_"): isUnderscoreAllowed
            default: false
            }
        }
    }
}
