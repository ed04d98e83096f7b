/// Statements in a row, as they are run.
///
/// A template is run through again and again, and counting references to its statements, none of which can go away
/// meanwhile, would cost as much as much of what they do. So the walk goes over steps, which only point at the
/// statements: `statements` owns them, and lives as long.
final class Body: Sendable {
    let statements: [Statement]
    let steps: [Step]

    enum Step: Sendable {
        case text(Unowned<Statement.PlainText>)
        case print(Unowned<Statement.Print>)
        /// Any other, by its place among the statements.
        case other(Int)
    }

    init(_ statements: [Statement]) {
        self.statements = statements
        steps = statements.enumerated().map { index, statement in
            switch statement {
            case .text(let text): .text(Unowned(node: text))
            case .print(let print): .print(Unowned(node: print))
            default: .other(index)
            }
        }
    }
}

/// Points at a node that something else owns.
struct Unowned<Node: AnyObject & Sendable>: Sendable {
    unowned(unsafe) let node: Node
}
