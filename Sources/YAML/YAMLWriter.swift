internal import CLibYAML
public import Diagnostics
public import Values

/// Writes values as YAML, byte for byte as PyYAML with libyaml does under `to_yaml` and `to_nice_yaml`.
///
/// Marks are not written: a secret's text is. Whoever shows the text must redact it.
public struct YAMLWriter: Sendable {
    /// How collections are written.
    public enum Flow: Sendable {
        /// One element a line.
        case block
        /// In brackets and braces.
        case flow
        /// In brackets and braces where all elements are simple, else one a line; what `to_yaml` does.
        case automatic
    }

    public var flow: Flow
    /// Blanks per level, 2 to 9; libyaml takes 2 for anything else.
    public var indent: Int
    /// Where lines are folded, in characters; negative for never.
    public var width: Int
    public var sortKeys: Bool
    /// Whether characters beyond ASCII are written as they are, not as escapes.
    public var allowsUnicode: Bool
    public var explicitStart: Bool
    public var explicitEnd: Bool

    /// Makes one from its parts.
    public init(
        flow: Flow = .automatic,
        indent: Int = 2,
        width: Int = 80,
        sortKeys: Bool = true,
        allowsUnicode: Bool = true,
        explicitStart: Bool = false,
        explicitEnd: Bool = false
    ) {
        self.flow = flow
        self.indent = indent
        self.width = width
        self.sortKeys = sortKeys
        self.allowsUnicode = allowsUnicode
        self.explicitStart = explicitStart
        self.explicitEnd = explicitEnd
    }

    /// The document that holds `value`.
    ///
    /// - Throws: `Diagnostic` for what has no YAML form: unknown or undefined values, functions.
    public func text(_ value: Value) throws(Diagnostic) -> String {
        let tree = try tree(value)
        let emitter = Emitter(self)
        return try emitter.text(tree)
    }

    // MARK: From value to what is emitted

    /// A value with its styles decided, since whether a list is simple is known only after its elements.
    fileprivate indirect enum Tree {
        case scalar(String, plain: Bool, quoted: Bool)
        case sealed(String)
        case sequence([Tree], flow: Bool)
        case mapping([(Tree, Tree)], flow: Bool)

        var isSimple: Bool { if case .scalar = self { true } else { false } }
    }

    private func tree(_ value: Value) throws(Diagnostic) -> Tree {
        switch value {
        case .null: return .scalar("null", plain: true, quoted: false)
        case .bool(let bool): return .scalar(bool ? "true" : "false", plain: true, quoted: false)
        case .int(let int): return .scalar(String(int), plain: true, quoted: false)
        case .large(let large): return .scalar(large.text, plain: true, quoted: false)
        case .double(let double): return .scalar(Self.float(double), plain: true, quoted: false)
        case .string(let text) where text.isSealed: return .sealed(text.string)
        case .string(let text):
            return .scalar(text.string, plain: YAMLResolver.meaning(text.string) == .text, quoted: true)
        case .list(let items), .tuple(let items):
            var trees: [Tree] = []
            for item in items { trees.append(try tree(item)) }
            return .sequence(trees, flow: isFlow(trees.allSatisfy(\.isSimple)))
        case .map(let map):
            var pairs: [(Tree, Tree)] = []
            for (key, value) in sortKeys ? Self.sorted(map) : map.map({ ($0.key, $0.value) }) {
                pairs.append((try tree(key.value), try tree(value)))
            }
            return .mapping(pairs, flow: isFlow(pairs.allSatisfy { $0.1.isSimple }))
        case .undefined(let undefined): throw undefined.diagnostic
        case .unknown(let unknown): throw Diagnostic(.template, "\(unknown.cause) is not known yet")
        case .object(let object):
            guard let keys = object.keys else {
                throw Diagnostic(.template, "a '\(object.typeName)' cannot be written as YAML")
            }
            var map = ValueMap()
            for key in keys { map[key] = try object.member(key) ?? .null }
            return try tree(.map(map))
        }
    }

    private func isFlow(_ simple: Bool) -> Bool {
        switch flow {
        case .block: false
        case .flow: true
        case .automatic: simple
        }
    }

    /// The pairs as Python's `sorted()` puts them; in their own order if the keys cannot be compared.
    private static func sorted(_ map: ValueMap) -> [(ValueMap.Key, Value)] {
        let pairs = map.map { ($0.key, $0.value) }
        let texts = pairs.compactMap { pair -> String? in if case .string(let text) = pair.0 { text } else { nil } }
        if texts.count == pairs.count {
            return pairs.sorted { left, right in
                left.0.text.unicodeScalars.lexicographicallyPrecedes(right.0.text.unicodeScalars)
            }
        }
        let numbers = pairs.compactMap { $0.0.value.number }
        guard numbers.count == pairs.count else { return pairs }
        return zip(numbers, pairs).sorted { $0.0.order(with: $1.0) == -1 }.map(\.1)
    }

    /// A number in Python's form, with the dot that YAML 1.1 wants before an exponent.
    private static func float(_ double: Double) -> String {
        if double.isNaN { return ".nan" }
        if double.isInfinite { return double < 0 ? "-.inf" : ".inf" }
        let text = Value.pythonFloat(double)
        guard !text.contains("."), let mark = text.firstIndex(of: "e") else { return text }
        return text[..<mark] + ".0" + text[mark...]
    }

    // MARK: From there to text

    /// Owns a libyaml emitter; what it writes is collected by a callback that gets this object as its context.
    private final class Emitter {
        private let raw: UnsafeMutablePointer<yaml_emitter_t>
        private let options: YAMLWriter
        private var output: [UInt8] = []

        init(_ options: YAMLWriter) {
            self.options = options
            raw = .allocate(capacity: 1)
            raw.initialize(to: yaml_emitter_t())
            yaml_emitter_initialize(raw)
            yaml_emitter_set_indent(raw, Int32(clamping: options.indent))
            yaml_emitter_set_width(raw, Int32(clamping: options.width))
            yaml_emitter_set_unicode(raw, options.allowsUnicode ? 1 : 0)
        }

        deinit {
            yaml_emitter_delete(raw)
            raw.deallocate()
        }

        func text(_ tree: Tree) throws(Diagnostic) -> String {
            // The emitter calls back only inside yaml_emitter_emit, while this object is certainly alive.
            yaml_emitter_set_output(
                raw,
                { context, bytes, count in
                    guard let context, let bytes else { return 0 }
                    let emitter = Unmanaged<Emitter>.fromOpaque(context).takeUnretainedValue()
                    emitter.output.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
                    return 1
                },
                Unmanaged.passUnretained(self).toOpaque()
            )
            try emit { yaml_stream_start_event_initialize(&$0, YAML_UTF8_ENCODING) }
            try emit {
                yaml_document_start_event_initialize(&$0, nil, nil, nil, options.explicitStart ? 0 : 1)
            }
            try write(tree)
            try emit { yaml_document_end_event_initialize(&$0, options.explicitEnd ? 0 : 1) }
            try emit { yaml_stream_end_event_initialize(&$0) }
            return String(decoding: output, as: UTF8.self)
        }

        private func write(_ tree: Tree) throws(Diagnostic) {
            switch tree {
            case .scalar(let text, let plain, let quoted):
                // A zero at the end keeps the pointer of an empty text valid; it is not counted.
                let bytes = Array(text.utf8) + [0]
                let tag = Array(YAMLTag.str.utf8) + [0]
                // Without a tag of its own a scalar must be allowed some style that needs none.
                try emit { event in
                    tag.withUnsafeBufferPointer { tag in
                        bytes.withUnsafeBufferPointer { bytes in
                            yaml_scalar_event_initialize(
                                &event, nil, quoted ? tag.baseAddress : nil, bytes.baseAddress,
                                Int32(clamping: bytes.count - 1), plain ? 1 : 0, quoted ? 1 : 0, YAML_ANY_SCALAR_STYLE)
                        }
                    }
                }
            case .sealed(let text):
                let bytes = Array(text.utf8) + [0]
                let tag = Array(YAMLTag.vault.utf8) + [0]
                try emit { event in
                    tag.withUnsafeBufferPointer { tag in
                        bytes.withUnsafeBufferPointer { bytes in
                            yaml_scalar_event_initialize(
                                &event, nil, tag.baseAddress, bytes.baseAddress, Int32(clamping: bytes.count - 1), 0, 0,
                                YAML_LITERAL_SCALAR_STYLE)
                        }
                    }
                }
            case .sequence(let items, let flow):
                try emit {
                    yaml_sequence_start_event_initialize(
                        &$0, nil, nil, 1, flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE)
                }
                for item in items { try write(item) }
                try emit { yaml_sequence_end_event_initialize(&$0) }
            case .mapping(let pairs, let flow):
                try emit {
                    yaml_mapping_start_event_initialize(
                        &$0, nil, nil, 1, flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE)
                }
                for (key, value) in pairs {
                    try write(key)
                    try write(value)
                }
                try emit { yaml_mapping_end_event_initialize(&$0) }
            }
        }

        private func emit(_ make: (inout yaml_event_t) -> Int32) throws(Diagnostic) {
            var event = yaml_event_t()
            guard make(&event) == 1 else { throw Diagnostic(.outOfMemory, "no memory left to write YAML") }
            // The event belongs to the emitter from here on, whether it succeeds or not.
            guard yaml_emitter_emit(raw, &event) == 1 else {
                let problem = raw.pointee.problem.map { String(cString: $0) } ?? "unknown cause"
                throw Diagnostic(.internal, "libyaml could not write a value: \(problem)")
            }
        }
    }
}
