internal import Diagnostics

/// Statements in a row, as they are run.
///
/// A template is run through again and again, and counting references to its statements, none of which can go away
/// meanwhile, would cost as much as much of what they do. So the walk goes over steps, which only point at the
/// statements, which the body owns.
final class Body: Sendable {
    let statements: [Statement]
    let steps: [Step]

    enum Step: Sendable {
        case text(Unowned<Statement.PlainText>)
        case print(Unowned<Statement.Print>)
        case other(Unowned<Other>)
    }

    /// A statement of another kind.
    final class Other: Sendable {
        let statement: Statement
        init(_ statement: Statement) { self.statement = statement }
    }

    private let others: [Other]

    init(_ statements: [Statement]) {
        self.statements = statements
        var others: [Other] = []
        steps = statements.map { statement in
            switch statement {
            case .text(let text): return .text(Unowned(node: text))
            case .print(let print): return .print(Unowned(node: print))
            default:
                let other = Other(statement)
                others.append(other)
                return .other(Unowned(node: other))
            }
        }
        self.others = others
    }
}

/// Points at a node that something else owns.
struct Unowned<Node: AnyObject & Sendable>: @unchecked Sendable {
    // Unchecked: it says where a node is, which may be sent anywhere, and nothing else.
    private let reference: Unmanaged<Node>

    init(node: Node) { reference = .passUnretained(node) }

    /// Lends the node without counting a reference to it; an `unowned(unsafe)` one would be counted at each use.
    @inline(__always)
    func with<Value>(_ body: (Node) throws(Diagnostic) -> Value) throws(Diagnostic) -> Value {
        // Nothing is thrown through the standard library's function with its type kept.
        try reference._withUnsafeGuaranteedRef { node -> Result<Value, Diagnostic> in
            do throws(Diagnostic) { return .success(try body(node)) } catch { return .failure(error) }
        }.get()
    }
}
