internal import CLibYAML
internal import Diagnostics
internal import Values

/// Turns libyaml's events into nodes.
///
/// libyaml keeps a pointer to the input and to itself, so the parser lives on the heap, owned by this object, and
/// the text's bytes live as long as it does.
final class YAMLComposer {
    let file: SourceFile
    let bytes: [UInt8]
    private(set) var warnings: [Diagnostic] = []

    private let limits: YAMLReader.Limits
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var nodes = 0
    /// What each anchor stands for, and how many nodes that is when written out.
    private var anchors: [String: (node: YAMLNode, size: Int)] = [:]
    private var openAnchors: Set<String> = []

    init(_ text: String, file: SourceFile, limits: YAMLReader.Limits) {
        self.file = file
        self.limits = limits
        bytes = Array(text.utf8)
        input = .allocate(capacity: max(1, bytes.count))
        _ = input.initialize(from: bytes)
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    func documents(atMost limit: Int?) throws(Diagnostic) -> [YAMLNode] {
        var found: [YAMLNode] = []
        while true {
            let event = try next()
            switch event.kind {
            case .streamEnd:
                return found
            case .documentStart where limit == found.count:
                throw Diagnostic(
                    .syntax,
                    "a second YAML document begins here, where one is expected",
                    at: place(event),
                    remedy: "Put it into a file of its own, or remove the '---'."
                )
            case .documentStart:
                anchors = [:]
            case .documentEnd, .streamStart:
                break
            default:
                found.append(try node(from: event, depth: 0).node)
            }
        }
    }

    // MARK: Nodes

    private func node(from event: Event, depth: Int) throws(Diagnostic) -> (node: YAMLNode, size: Int) {
        guard depth <= limits.depth else {
            throw Diagnostic(
                .syntax, "the text nests deeper than \(limits.depth) levels", at: place(event),
                remedy: "Flatten the data.")
        }
        guard !StackGuard.isNearlyFull else {
            throw Diagnostic(
                .syntax, "the text nests too deeply: \(depth) levels are open here", at: place(event),
                remedy: "Flatten the data.")
        }
        if case .alias(let name) = event.kind { return try resolve(name, at: event) }
        if let anchor = event.anchor { openAnchors.insert(anchor) }

        let result: (node: YAMLNode, size: Int)
        switch event.kind {
        case .scalar(let scalar):
            let place = scalarPlace(scalar.style, event)
            result = (YAMLNode(.scalar(scalar), at: place, tag: event.tag), 1)
        case .sequenceStart:
            result = try sequence(event, depth: depth)
        default:
            result = try mapping(event, depth: depth)
        }
        try count(1, at: event)
        if let anchor = event.anchor {
            openAnchors.remove(anchor)
            anchors[anchor] = result
        }
        return result
    }

    private func sequence(_ start: Event, depth: Int) throws(Diagnostic) -> (node: YAMLNode, size: Int) {
        var items: [YAMLNode] = []
        var size = 1
        while true {
            let event = try next()
            if case .sequenceEnd = event.kind { break }
            let item = try node(from: event, depth: depth + 1)
            items.append(item.node)
            size += item.size
        }
        return (YAMLNode(.sequence(items), at: place(start), tag: start.tag), size)
    }

    private func mapping(_ start: Event, depth: Int) throws(Diagnostic) -> (node: YAMLNode, size: Int) {
        var pairs: [(key: YAMLNode, value: YAMLNode)] = []
        var size = 1
        while true {
            let event = try next()
            if case .mappingEnd = event.kind { break }
            let key = try node(from: event, depth: depth + 1)
            if key.node.scalarText == nil { throw badKey(key.node, of: start) }
            let value = try node(from: try next(), depth: depth + 1)
            pairs.append((key.node, value.node))
            size += key.size + value.size
        }
        let merged = try YAMLMapping.settled(pairs, warnings: &warnings)
        return (YAMLNode(.mapping(merged), at: place(start), tag: start.tag), size)
    }

    private func resolve(_ name: String, at event: Event) throws(Diagnostic) -> (node: YAMLNode, size: Int) {
        if openAnchors.contains(name) {
            throw Diagnostic(
                .syntax, "alias '*\(name)' stands inside what it names", at: place(event),
                remedy: "Data cannot contain itself; write the part out.")
        }
        guard let target = anchors[name] else {
            throw Diagnostic(
                .syntax, "alias '*\(name)' has no anchor '&\(name)' before it", at: place(event),
                remedy: NearestNames.hint(name, among: anchors.keys)
                    ?? "Add the anchor, or quote the text if it only begins with a '*'.")
        }
        try count(target.size, at: event)
        return target
    }

    private func count(_ more: Int, at event: Event) throws(Diagnostic) {
        nodes += more
        guard nodes <= limits.nodes else {
            throw Diagnostic(
                .syntax, "the text stands for more than \(limits.nodes) values once its aliases are written out",
                at: place(event), remedy: "Remove aliases that multiply each other.")
        }
    }

    // MARK: Events

    /// One event, copied out of libyaml's memory.
    struct Event {
        enum Kind {
            case streamStart, streamEnd, documentStart, documentEnd, sequenceStart, sequenceEnd, mappingStart
            case mappingEnd
            case alias(String)
            case scalar(YAMLScalar)
        }

        var kind: Kind
        var line: Int
        var column: Int
        var tag: String?
        var anchor: String?
    }

    private func next() throws(Diagnostic) -> Event {
        var raw = yaml_event_t()
        guard yaml_parser_parse(parser, &raw) == 1 else { throw trouble(parser.pointee) }
        defer { yaml_event_delete(&raw) }
        var event = Event(kind: .streamEnd, line: Int(raw.start_mark.line) + 1, column: Int(raw.start_mark.column) + 1)
        switch raw.type {
        case YAML_STREAM_START_EVENT: event.kind = .streamStart
        case YAML_DOCUMENT_START_EVENT: event.kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: event.kind = .documentEnd
        case YAML_SEQUENCE_START_EVENT:
            event.kind = .sequenceStart
            event.tag = Self.text(raw.data.sequence_start.tag)
            event.anchor = Self.text(raw.data.sequence_start.anchor)
        case YAML_SEQUENCE_END_EVENT: event.kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            event.kind = .mappingStart
            event.tag = Self.text(raw.data.mapping_start.tag)
            event.anchor = Self.text(raw.data.mapping_start.anchor)
        case YAML_MAPPING_END_EVENT: event.kind = .mappingEnd
        case YAML_ALIAS_EVENT:
            event.kind = .alias(Self.text(raw.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = raw.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            event.kind = .scalar(
                YAMLScalar(text: String(decoding: bytes, as: UTF8.self), style: Self.style(scalar.style)))
            event.tag = Self.text(scalar.tag)
            event.anchor = Self.text(scalar.anchor)
        default: event.kind = .streamEnd
        }
        return event
    }

    private static func text(_ raw: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        raw.map { String(cString: $0) }
    }

    private static func style(_ raw: yaml_scalar_style_t) -> YAMLScalar.Style {
        switch raw {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }

    // MARK: Places

    private func place(_ event: Event) -> SourceLocation {
        SourceLocation(file: file, line: event.line, column: event.column)
    }

    /// Where each line begins, as an index into `bytes`.
    private(set) lazy var lineStarts: [Int] = {
        var starts = [0]
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(index + 1) }
        return starts
    }()

    /// The first character of a scalar's content: after its tag, anchor and quote, or on a block's first line.
    private func scalarPlace(_ style: YAMLScalar.Style, _ event: Event) -> SourceLocation {
        if style == .plain, event.tag == nil, event.anchor == nil { return place(event) }
        guard event.line <= lineStarts.count else { return place(event) }
        var cursor = SourceCursor(bytes: bytes, line: event.line, lineStart: lineStarts[event.line - 1])
        cursor.advance(toColumn: event.column)
        if event.tag != nil || event.anchor != nil { cursor.skipProperties() }
        switch style {
        case .plain: break
        case .singleQuoted, .doubleQuoted: cursor.step()
        case .literal, .folded: cursor.skipToBlockText()
        }
        return SourceLocation(file: file, line: cursor.line, column: cursor.column)
    }
}

/// Walks the source text to find where a scalar's content begins; libyaml only tells where its token does.
struct SourceCursor {
    let bytes: [UInt8]
    private(set) var line: Int
    private(set) var column = 1
    private var index: Int

    init(bytes: [UInt8], line: Int, lineStart: Int) {
        self.bytes = bytes
        self.line = line
        index = lineStart
    }

    private var byte: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// Goes one character on; columns count characters, as libyaml counts them.
    mutating func step() {
        guard let byte else { return }
        index += 1
        if byte == UInt8(ascii: "\n") {
            line += 1
            column = 1
            return
        }
        while let next = self.byte, next & 0xC0 == 0x80 { index += 1 }
        column += 1
    }

    mutating func advance(toColumn target: Int) {
        while column < target, byte != nil, byte != UInt8(ascii: "\n") { step() }
    }

    /// Passes `!tag` and `&anchor` and the blanks after them.
    mutating func skipProperties() {
        skipBlanks()
        while let byte, byte == UInt8(ascii: "!") || byte == UInt8(ascii: "&") {
            while let inner = self.byte, !Self.isBlank(inner) { step() }
            skipBlanks()
        }
    }

    /// Passes a block scalar's header and the empty lines after it, up to the indented text.
    mutating func skipToBlockText() {
        while let byte, byte != UInt8(ascii: "\n") { step() }
        skipBlanks()
    }

    private mutating func skipBlanks() {
        while let byte, Self.isBlank(byte) { step() }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\t")
    }
}
