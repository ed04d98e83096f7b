internal import Diagnostics

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
struct Unowned<Node: AnyObject & Sendable>: @unchecked Sendable {
    // Unchecked: it says where a node is, which may be sent anywhere, and nothing else.
    private let reference: Unmanaged<Node>

    init(node: Node) { reference = .passUnretained(node) }

    /// Lends the node without counting a reference to it; an `unowned(unsafe)` one would be counted at each use.
    @inline(__always)
    func with<Result>(_ body: (Node) -> Result) -> Result { reference._withUnsafeGuaranteedRef(body) }
}

extension Diagnostic {
    /// What a piece of work threw, if it did: for where nothing can be thrown through.
    @inline(__always)
    static func caught(_ work: () throws(Diagnostic) -> Void) -> Diagnostic? {
        do throws(Diagnostic) {
            try work()
            return nil
        } catch {
            return error
        }
    }
}
