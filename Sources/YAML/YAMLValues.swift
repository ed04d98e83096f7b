public import Diagnostics
public import Values

/// How nodes become values.
public struct YAMLValueOptions: Sendable {
    /// Whether texts with template delimiters are templates: true for what people write, false for data.
    public var templates: Bool
    /// Whether a `!vault` text is a value that is opened when it is used; otherwise it is an error. Data from hosts
    /// must never have one opened for them.
    public var takesVaulted: Bool
    /// Whether every text is secret, as all of a vaulted file is.
    public var isSecret: Bool

    /// Makes one from its parts.
    public init(templates: Bool = true, isSecret: Bool = false, takesVaulted: Bool = false) {
        self.templates = templates
        self.isSecret = isSecret
        self.takesVaulted = takesVaulted
    }

    /// For what people write: templates are templates, and vaulted texts are opened when they are used.
    public static let written = YAMLValueOptions(takesVaulted: true)

    /// For facts, `from_yaml` and the like: nothing in them is a template.
    public static let data = YAMLValueOptions(templates: false)
}

extension YAMLNode {
    /// The value this node stands for under YAML 1.1 as PyYAML and Ansible read it.
    ///
    /// Dates become the text that Python prints for them.
    ///
    /// - Parameter options: What counts as a template, and whether there may be vaulted texts.
    /// - Throws: `Diagnostic` for a tag without a meaning, an impossible date, a vaulted text where none may be.
    public func value(_ options: YAMLValueOptions = YAMLValueOptions()) throws(Diagnostic) -> Value {
        guard !StackGuard.isNearlyFull else {
            throw Diagnostic(.syntax, "the text nests too deeply", at: location, remedy: "Flatten the data.")
        }
        switch kind {
        case .scalar(let scalar): return try scalarValue(scalar, options)
        case .sequence(let items): return try sequenceValue(items, options)
        case .mapping(let pairs): return try mappingValue(pairs, options)
        }
    }

    /// The key this node is in a mapping.
    public var key: ValueMap.Key { YAMLResolver.key(self) }

    // MARK: Collections

    private func sequenceValue(_ items: [YAMLNode], _ options: YAMLValueOptions) throws(Diagnostic) -> Value {
        var inner = options
        switch tag {
        case nil, YAMLTag.seq?, "!"?: break
        case YAMLTag.unsafe?: inner.templates = false
        case YAMLTag.omap?, YAMLTag.pairs?: return try pairsValue(items, options)
        case let tag?: throw unknownTag(tag)
        }
        var values: [Value] = []
        values.reserveCapacity(items.count)
        for item in items { values.append(try item.value(inner)) }
        return .list(values)
    }

    private func mappingValue(
        _ pairs: [(key: YAMLNode, value: YAMLNode)], _ options: YAMLValueOptions
    ) throws(Diagnostic) -> Value {
        var inner = options
        switch tag {
        case nil, YAMLTag.map?, "!"?: break
        case YAMLTag.unsafe?: inner.templates = false
        case YAMLTag.set?: return .list(pairs.map(\.key.key.value))
        case let tag?: throw unknownTag(tag)
        }
        var map = ValueMap()
        map.reserveCapacity(pairs.count)
        for pair in pairs { map[pair.key.key] = try pair.value.value(inner) }
        return .map(map)
    }

    /// `!!omap` and `!!pairs`: a list of one-pair mappings, read as a list of two-element lists.
    private func pairsValue(_ items: [YAMLNode], _ options: YAMLValueOptions) throws(Diagnostic) -> Value {
        var values: [Value] = []
        for item in items {
            guard let pairs = item.pairs, pairs.count == 1 else {
                throw Diagnostic(.syntax, "each element of an ordered map is one 'key: value'", at: item.location)
            }
            values.append(.list([pairs[0].key.key.value, try pairs[0].value.value(options)]))
        }
        return .list(values)
    }

    // MARK: Scalars

    private func scalarValue(_ scalar: YAMLScalar, _ options: YAMLValueOptions) throws(Diagnostic) -> Value {
        switch tag {
        // PyYAML takes the bare `!` for no tag at all.
        case nil where scalar.style == .plain, "!"? where scalar.style == .plain:
            return try plainValue(scalar.text, options)
        case nil, "!"?, YAMLTag.str?:
            return text(scalar.text, options)
        case YAMLTag.unsafe?:
            var inner = options
            inner.templates = false
            return scalar.style == .plain ? try plainValue(scalar.text, inner) : text(scalar.text, inner)
        case YAMLTag.vault?, YAMLTag.vaultEncrypted?:
            return try vaulted(scalar.text, options)
        case YAMLTag.null?: return .null
        case YAMLTag.bool?:
            return try core(scalar.text, "a boolean") { if case .bool(let bool) = $0 { .bool(bool) } else { nil } }
        case YAMLTag.int?:
            return try core(scalar.text, "an integer") {
                switch $0 {
                case .int(let int): .int(int)
                case .large(let large): .large(large)
                default: nil
                }
            }
        case YAMLTag.float?:
            return try core(scalar.text, "a number") {
                switch $0 {
                case .int(let int): .double(Double(int))
                case .large(let large): large.asDouble.isFinite ? .double(large.asDouble) : nil
                case .double(let double): .double(double)
                default: nil
                }
            }
        case YAMLTag.timestamp?: return try timestamp(scalar.text, options)
        case YAMLTag.binary?: return try binary(scalar.text, options)
        case let tag?: throw unknownTag(tag)
        }
    }

    private func plainValue(_ text: String, _ options: YAMLValueOptions) throws(Diagnostic) -> Value {
        switch YAMLResolver.meaning(text) {
        case .null: return .null
        case .bool(let bool): return .bool(bool)
        case .int(let int): return .int(int)
        case .large(let large): return .large(large)
        case .double(let double): return .double(double)
        case .timestamp: return try timestamp(text, options)
        case .text: return self.text(text, options)
        case .tooLarge:
            throw Diagnostic(
                .syntax, "the number has more than \(WholeNumber.greatestDigits) digits", at: location,
                remedy: "Quote it if it is meant as text.")
        case .merge, .valueMark:
            throw Diagnostic(
                .syntax, "'\(text)' has a special meaning in YAML and is no value", at: location,
                remedy: "Quote it: '\(text)'.")
        }
    }

    private func text(_ string: String, _ options: YAMLValueOptions) -> Value {
        var text = Text(string, marks: options.isSecret ? .secret : [])
        if options.templates, TemplateMarks.within(string) {
            text.marks.insert(.template)
            text.origin = location
        }
        return .string(text)
    }

    private func vaulted(_ sealed: String, _ options: YAMLValueOptions) throws(Diagnostic) -> Value {
        guard options.takesVaulted else {
            throw Diagnostic(
                .vault, "vaulted values are not opened in data", at: location,
                remedy: "Keep the vaulted value in a variable of the playbook or the inventory.")
        }
        // What is opened is no template, as in Ansible 2.19: a secret may hold any characters.
        return .string(.sealed(sealed, origin: location))
    }

    private func core(
        _ text: String, _ wanted: String, _ pick: (YAMLResolver.Meaning) -> Value?
    ) throws(Diagnostic) -> Value {
        guard let value = pick(YAMLResolver.meaning(text)) else {
            throw Diagnostic(.syntax, "'\(text)' is not \(wanted)", at: location, remedy: "Mend it or remove its tag.")
        }
        return value
    }

    private func timestamp(_ text: String, _ options: YAMLValueOptions) throws(Diagnostic) -> Value {
        guard let stamp = YAMLTimestamp(Array(text.utf8)), stamp.isPossible else {
            throw Diagnostic(
                .syntax, "there is no date '\(text)'", at: location, remedy: "Quote it if it is not meant as a date.")
        }
        return .string(Text(stamp.text, marks: options.isSecret ? .secret : []))
    }

    private func binary(_ encoded: String, _ options: YAMLValueOptions) throws(Diagnostic) -> Value {
        guard let bytes = Base64.decodeLeniently(encoded) else {
            throw Diagnostic(.syntax, "the text tagged '!!binary' is not base64", at: location)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Diagnostic(
                .unsupported, "binary data that is not text cannot be a value", at: location,
                remedy: "Keep it as base64 text without the tag and decode it where it is used.")
        }
        return .string(Text(text, marks: options.isSecret ? .secret : []))
    }

    private func unknownTag(_ tag: String) -> Diagnostic {
        let shown = tag.hasPrefix(YAMLTag.core) ? "!!" + tag.dropFirst(YAMLTag.core.count) : tag
        return Diagnostic(
            .syntax,
            "unknown tag '\(shown)'",
            at: location,
            remedy: NearestNames.hint(
                shown, among: ["!vault", "!unsafe", "!!str", "!!int", "!!float", "!!bool", "!!binary"])
                ?? "Known are !vault, !unsafe and YAML's own such as !!str; quote the text if it only begins with a '!'."
        )
    }
}

/// Tells texts that hold a template from those that do not.
public enum TemplateMarks {
    /// Whether `{{`, `{%` or `{#` stands in it.
    public static func within(_ string: String) -> Bool {
        var string = string
        return string.withUTF8 { bytes in
            var afterBrace = false
            for byte in bytes {
                if afterBrace, byte == UInt8(ascii: "{") || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "#") {
                    return true
                }
                afterBrace = byte == UInt8(ascii: "{")
            }
            return false
        }
    }
}
