import Diagnostics
import Inventory
import Values

/// `hostvars`: every host's variables, evaluated in that host's own scope when they are read.
final class HostVars: ValueObject, @unchecked Sendable {
    // Only the thread that evaluates templates reads it; see `RunVariables`.
    private unowned let variables: RunVariables
    var typeName: String { "HostVars" }

    init(_ variables: RunVariables) { self.variables = variables }

    var isMap: Bool { true }
    var keys: [ValueMap.Key]? { variables.inventory.hostNames.map { .string($0) } }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? {
        guard case .string(let host) = key, variables.inventory.hasHost(host) else { return nil }
        return .object(HostView(variables, host))
    }
}

/// One host's variables as others see them, without what belongs to a task.
final class HostView: ValueObject, @unchecked Sendable {
    private let scope: LayeredScope
    private let host: String
    var typeName: String { "HostVarsVars" }

    /// What is answered otherwise than the scope would.
    private let answers: ValueMap

    init(_ variables: RunVariables, _ host: String) {
        self.host = host
        scope = variables.ownScope(host: host)
        answers = [:]
    }

    init(_ scope: LayeredScope, _ host: String, answers: ValueMap) {
        self.host = host
        self.scope = scope
        self.answers = answers
    }

    var isMap: Bool { true }
    var keys: [ValueMap.Key]? {
        scope.noteVolatile()
        return scope.shownNames
    }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? {
        if let answer = answers[key] { return answer }
        guard case .string(let name) = key, let value = try scope.lookup(name) else { return nil }
        return try scope.deep(value)
    }
}

/// `vars`: the task's own variables by name.
final class VarsView: ValueObject, @unchecked Sendable {
    private unowned let scope: LayeredScope
    var typeName: String { "dict" }

    init(_ scope: LayeredScope) { self.scope = scope }

    var isMap: Bool { true }
    var keys: [ValueMap.Key]? { scope.shownNames }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? {
        guard case .string(let name) = key else { return nil }
        return try scope.lookup(name)
    }
}
