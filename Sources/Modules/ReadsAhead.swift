/// A module whose `plan` asks little, and nothing but how the host itself is.
///
/// The engine may let it ask before the task's turn, while the answer about an earlier task is on its way. What it asks
/// must be quick to answer and must not disturb anybody, since it may be asked in vain.
public protocol ReadsAhead: Module {
    /// Whether that holds with these arguments, too.
    var asksLittle: Bool { get }
}

extension ReadsAhead {
    public var asksLittle: Bool { true }
}
