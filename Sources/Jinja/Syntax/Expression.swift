internal import Values

/// An expression's syntax tree. Offsets are bytes into the template's text.
indirect enum Expression: Sendable {
    case constant(Value)
    /// A string that is itself a template and is evaluated as one.
    case embedded(String, offset: Int)
    case name(Name)
    case list([Expression])
    case tuple([Expression])
    case map([MapEntry])
    case attribute(Expression, String, offset: Int)
    case item(Expression, Expression, offset: Int)
    case slice(Expression, Slice, offset: Int)
    case call(Expression, CallArguments, offset: Int)
    /// The input is nil for the body of a filter block.
    case filter(Expression?, FilterUse)
    case test(Expression, TestUse)
    case not(Expression)
    case negate(Expression, offset: Int)
    case positive(Expression, offset: Int)
    /// Operators of one precedence, from left to right: kept flat so that a long chain is not a deep tree.
    case arithmetic(Expression, [Operation])
    case concatenate([Expression])
    case compare(Expression, [Comparison])
    case and([Expression])
    case or([Expression])
    case conditional(condition: Expression, then: Expression, otherwise: Expression?, offset: Int)

    /// A name and the slot the template keeps its value in.
    struct Name: Sendable {
        var text: String
        var slot: Int
        var offset: Int
    }

    struct MapEntry: Sendable {
        var key: Expression
        var value: Expression
        var offset: Int
    }

    struct Slice: Sendable {
        var start: Expression?
        var stop: Expression?
        var step: Expression?
    }

    struct Operation: Sendable {
        var symbol: Token.Symbol
        var operand: Expression
        var offset: Int
    }

    struct Comparison: Sendable {
        enum Kind: String, Sendable {
            case equal = "=="
            case notEqual = "!="
            case less = "<"
            case lessOrEqual = "<="
            case greater = ">"
            case greaterOrEqual = ">="
            case `in` = "in"
            case notIn = "not in"
        }
        var kind: Kind
        var operand: Expression
        var offset: Int
    }
}

/// The arguments of a call, a filter or a test.
struct CallArguments: Sendable {
    var positional: [Expression] = []
    var named: [(name: String, value: Expression)] = []
    /// `*list`
    var spread: Expression?
    /// `**map`
    var namedSpread: Expression?

    var isEmpty: Bool { positional.isEmpty && named.isEmpty && spread == nil && namedSpread == nil }
}

struct FilterUse: Sendable {
    var filter: Filter
    var arguments: CallArguments
    var offset: Int
}

struct TestUse: Sendable {
    var test: Test
    var arguments: CallArguments
    var isNegated: Bool
    var offset: Int
}

/// What an assignment or a loop writes to.
indirect enum AssignmentTarget: Sendable {
    case name(Expression.Name)
    case tuple([AssignmentTarget], offset: Int)
    /// `ns.name`, where `ns` is a namespace.
    case member(Expression.Name, String)
}
