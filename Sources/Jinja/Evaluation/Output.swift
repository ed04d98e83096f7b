internal import Diagnostics
internal import Values

/// What a template or a part of it has printed.
///
/// One printed value stays what it is, which is how `{{ list }}` gives a list; with a second piece all become
/// text, which grows as bytes: a `String` is made of them once, at the end.
struct Output {
    private var only: Value?
    private var bytes: [UInt8] = []
    /// How many of the bytes the session knows of.
    private var counted = 0
    /// Whether the pieces are text already, so that further ones are added at its end.
    private(set) var isText = false
    private var isSecret: Bool
    private(set) var unknown: Unknown?

    /// How many bytes may come before they are counted, so that not every word asks.
    private static let uncounted = 4096

    init(isSecret: Bool) { self.isSecret = isSecret }

    /// Part of what is added comes of a secret template.
    mutating func noteSecret() { isSecret = true }

    /// Adds text of the template itself.
    mutating func add(_ text: Statement.PlainText, _ evaluator: Evaluator) throws(Diagnostic) {
        if !isText { try begin(evaluator) }
        bytes.append(contentsOf: text.bytes)
        try count(evaluator.session)
    }

    /// Turns what was printed so far, if anything, into text that is added to.
    @inline(never)
    private mutating func begin(_ evaluator: Evaluator) throws(Diagnostic) {
        try settleFirst(evaluator)
        if let first = only { try start(with: first) }
        isText = true
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
        try addRare(value, evaluator)
    }

    @inline(never)
    private mutating func addRare(_ value: Value, _ evaluator: Evaluator) throws(Diagnostic) {
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
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { bytes.append(contentsOf: $0) }
        if isDone == nil { bytes.append(contentsOf: text.utf8) }
        try count(session)
    }

    private mutating func count(_ session: Session) throws(Diagnostic) {
        guard bytes.count - counted >= Self.uncounted else { return }
        try session.countBytes(bytes.count - counted)
        counted = bytes.count
    }

    mutating func add(_ unknown: Unknown) { self.unknown = self.unknown ?? unknown }

    private mutating func start(with value: Value) throws(Diagnostic) {
        if case .undefined(let undefined) = value { throw undefined.diagnostic }
        if value.holdsSecret { isSecret = true }
        bytes = Array(PythonPrint.text(value).utf8)
        isText = true
        only = nil
    }

    /// Makes the first value text once it is known that it will not stay alone.
    private mutating func settleFirst(_ evaluator: Evaluator) throws(Diagnostic) {
        guard !isText, let first = only else { return }
        only = first.isMissingElse ? .string("") : try evaluator.finished(first)
        if let unknown = only?.firstUnknown { self.unknown = self.unknown ?? unknown }
    }

    /// The result: the only value, or the text; None if nothing was printed.
    var value: Value {
        if let unknown { return .unknown(unknown) }
        if isText { return .string(Text(String(decoding: bytes, as: UTF8.self), marks: isSecret ? .secret : [])) }
        if let only { return isSecret ? only.markedSecret : only }
        return .null
    }
}
