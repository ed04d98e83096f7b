internal import Diagnostics
internal import Values

/// What a template or a part of it has printed.
///
/// One printed value stays what it is, which is how `{{ list }}` gives a list; with a second piece all become
/// text. A printed None counts as nothing.
struct Output {
    private var only: Value?
    private var string = ""
    private var isText = false
    private var isSecret: Bool
    private(set) var unknown: Unknown?

    init(isSecret: Bool) { self.isSecret = isSecret }

    mutating func add(text: String, _ session: Session) throws(Diagnostic) {
        if isText {
            string += text
        } else if let first = only {
            try start(with: first)
            string += text
        } else {
            // The first piece: text that may stay alone.
            string = text
            isText = true
        }
        try session.countBytes(text.utf8.count)
    }

    mutating func add(_ value: Value, _ evaluator: Evaluator) throws(Diagnostic) {
        // Nearly all that is printed, and nothing to ask about.
        if isText {
            switch value {
            case .string(let text) where text.isPlain: return try append(text.string, evaluator.session)
            case .int(let int): return try append(String(int), evaluator.session)
            default: break
            }
        }
        if case .null = value { return }
        if case .unknown(let unknown) = value {
            self.unknown = self.unknown ?? unknown
            return
        }
        if !isText, only == nil {
            only = value
            return
        }
        try settleFirst(evaluator)
        if !isText, let first = only { try start(with: first) }
        if value.isMissingElse { return }
        let value = try evaluator.finished(value)
        if let unknown = value.firstUnknown {
            self.unknown = self.unknown ?? unknown
            return
        }
        if value.holdsSecret { isSecret = true }
        try append(PythonPrint.text(value), evaluator.session)
    }

    private mutating func append(_ text: String, _ session: Session) throws(Diagnostic) {
        string += text
        try session.countBytes(text.utf8.count)
    }

    mutating func add(_ unknown: Unknown) { self.unknown = self.unknown ?? unknown }

    private mutating func start(with value: Value) throws(Diagnostic) {
        if case .undefined(let undefined) = value { throw undefined.diagnostic }
        if value.holdsSecret { isSecret = true }
        string = PythonPrint.text(value)
        isText = true
        only = nil
    }

    /// Makes the first value text once it is known that it will not stay alone.
    mutating func settleFirst(_ evaluator: Evaluator) throws(Diagnostic) {
        guard !isText, let first = only else { return }
        only = first.isMissingElse ? .string("") : try evaluator.finished(first)
        if let unknown = only?.firstUnknown { self.unknown = self.unknown ?? unknown }
    }

    /// The result: the only value, or the text; None if nothing was printed.
    var value: Value {
        if let unknown { return .unknown(unknown) }
        if isText { return .string(Text(string, marks: isSecret ? .secret : [])) }
        if let only { return isSecret ? only.markedSecret : only }
        return .null
    }
}
