import Diagnostics
import Inventory
import Jinja
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// A task's keywords as they hold on one host: evaluated once, before its items.
struct TaskSettings {
    var isCheckMode: Bool
    var showsDiff: Bool
    var isHidden: Bool
    var ignoresErrors: Bool
    var ignoresUnreachable: Bool
    var environment: [(name: String, value: String)]
    var timeout: Duration?
    var delegate: String?
    var delegatesFacts: Bool
    var request: ConnectionRequest
    var become: Become?
}

extension Engine {
    /// Whether a task is carried out, and whether what it changes is shown.
    func modes(of task: PlannedTask, on host: HostRun) throws(Diagnostic) -> (check: Bool, diff: Bool) {
        let scope = variables.scope(host: host.name, task: taskVariables(task))
        func mode(_ setting: Keywords.Setting, _ fallback: Bool) throws(Diagnostic) -> Bool {
            try scope.flag(of: task.inherited.settings[setting], setting.rawValue) ?? fallback
        }
        return (try mode(.checkMode, settings.isCheckMode), try mode(.diff, settings.showsDiff))
    }

    func settings(
        of task: PlannedTask, on host: HostRun, in scope: LayeredScope, modes: (check: Bool, diff: Bool)
    ) throws(Diagnostic) -> TaskSettings {
        func value(_ setting: Keywords.Setting) throws(Diagnostic) -> Value? {
            try scope.value(of: task.inherited.settings[setting])
        }
        func flag(_ setting: Keywords.Setting) throws(Diagnostic) -> Bool? {
            try scope.flag(of: task.inherited.settings[setting], setting.rawValue)
        }
        // Those that say how hosts meet are acted on elsewhere; their errors are the task's.
        for setting in [Keywords.Setting.runOnce, .anyErrorsFatal] { _ = try flag(setting) }
        _ = try throttle(of: task, in: scope)
        let limit = try scope.value(
            of: task.inherited.settings[.timeout], Keywords.Setting.timeout.rawValue, as: KeywordValue.seconds)
        let delegate = try value(.delegateTo)?.pythonText
        let owner = try delegate.map { (name) throws(Diagnostic) in try delegated(name, task) } ?? scope
        let request = try connectionRequest(
            for: delegate ?? host.name, variables: owner, keyword: value, isDelegated: delegate != nil)
        return TaskSettings(
            isCheckMode: modes.check, showsDiff: modes.diff,
            isHidden: try flag(.noLog) ?? false,
            ignoresErrors: try flag(.ignoreErrors) ?? false,
            ignoresUnreachable: try flag(.ignoreUnreachable) ?? false,
            environment: try environment(of: task, scope),
            timeout: limit.flatMap { $0 > 0 ? .seconds($0) : nil },
            delegate: delegate,
            delegatesFacts: try flag(.delegateFacts) ?? false,
            request: request,
            become: try become(variables: owner, keyword: value, isWanted: try flag(.become)))
    }

    /// The scope whose connection variables count for a delegate: its own, and the task's.
    private func delegated(_ name: String, _ task: PlannedTask) throws(Diagnostic) -> LayeredScope {
        guard !name.isEmpty else {
            throw Diagnostic(.badValue, "'delegate_to' is empty", remedy: "Name a host of the inventory, or localhost.")
        }
        return variables.scope(host: name, task: taskVariables(task))
    }

    private func environment(of task: PlannedTask, _ scope: LayeredScope) throws(Diagnostic)
        -> [(name: String, value: String)]
    {
        var merged = ValueMap()
        for field in task.inherited.environment {
            let value = try scope.evaluate(field.value)
            for entry in value.elements ?? [value] {
                if entry.isNull || Omit.isMarker(entry) { continue }
                guard let map = entry.mapValue else {
                    throw Diagnostic(
                        .badValue, "'environment' must be a map of names to values, not \(entry.typeName)",
                        at: field.location)
                }
                merged.merge(map)
            }
        }
        return merged.compactMap { key, value in
            Omit.isMarker(value) ? nil : (key.text, value.pythonText)
        }
    }

    // MARK: Who and where

    /// How a task's own host is reached, whoever the task is delegated to.
    func connectionRequest(
        of task: PlannedTask, on host: HostRun, in scope: LayeredScope
    ) throws(Diagnostic) -> ConnectionRequest {
        try connectionRequest(
            for: host.name, variables: scope,
            keyword: { (setting) throws(Diagnostic) in
                guard let field = task.inherited.settings[setting] else { return nil }
                let value = try scope.evaluate(field.value)
                return Omit.isMarker(value) || value.isNull ? nil : value
            }, isDelegated: false)
    }

    private typealias Keyword = (Keywords.Setting) throws(Diagnostic) -> Value?

    /// Variables win over keywords, and keywords over options.
    private func connectionRequest(
        for name: String, variables scope: LayeredScope, keyword: (Keywords.Setting) throws(Diagnostic) -> Value?,
        isDelegated: Bool
    ) throws(Diagnostic) -> ConnectionRequest {
        func variable(_ which: ConnectionVariable) throws(Diagnostic) -> Value? {
            for name in which.names {
                guard let value = try scope.lookup(name) else { continue }
                let result = try scope.evaluate(value)
                if !result.isNull, !Omit.isMarker(result) { return result }
            }
            return nil
        }
        let isLocalName = ["localhost", "127.0.0.1", "::1"].contains(name)
        let isImplicitlyLocal = isLocalName && (isDelegated || !variables.inventory.hasHost(name))
        let kind = try variable(.connection)?.pythonText
        let written = isDelegated ? nil : try keyword(.connection)?.pythonText
        let port = try variable(.port)
        let portKeyword = try keyword(.port)
        let user = try variable(.user)
        let userKeyword = try keyword(.remoteUser)
        let password = try variable(.password)
        if let password = password?.pythonText { redactor.learn(password) }
        let key = try variable(.privateKey)
        let passphrase = try variable(.passphrase)
        if let passphrase = passphrase?.pythonText { redactor.learn(passphrase) }
        let address = try variable(.address)
        var arguments = settings.sshArguments
        for which in [ConnectionVariable.commonArguments, .extraArguments] {
            if let text = try variable(which)?.pythonText, !text.isEmpty { arguments.append(text) }
        }
        return ConnectionRequest(
            kind: kind ?? (isImplicitlyLocal ? "local" : nil) ?? written ?? settings.connection ?? "ssh", name: name,
            address: address?.pythonText ?? name,
            port: try (port ?? portKeyword).map { (value) throws(Diagnostic) in try portNumber(value) },
            user: (user ?? userKeyword)?.pythonText ?? settings.remoteUser,
            password: password?.pythonText ?? settings.password,
            privateKey: key?.pythonText ?? settings.privateKey,
            passphrase: passphrase?.pythonText ?? settings.passphrase, arguments: arguments,
            checksHostKey: try variable(.checksHostKey)?.isYes,
            timeout: settings.timeout)
    }

    /// - Throws: `Diagnostic` for what is no port: another one must not be tried in its place.
    private func portNumber(_ value: Value) throws(Diagnostic) -> Int {
        let number = try KeywordValue.integer(value, "port")
        guard (1...65535).contains(number) else {
            throw Diagnostic(
                .badValue, "there is no port \(number)", remedy: "Ports are 1 to 65535: mend 'ansible_port' or 'port'.")
        }
        return number
    }

    private func become(
        variables scope: LayeredScope, keyword: (Keywords.Setting) throws(Diagnostic) -> Value?, isWanted: Bool?
    ) throws(Diagnostic) -> Become? {
        func variable(_ names: [String]) throws(Diagnostic) -> Value? {
            for name in names {
                if let value = try scope.lookup(name) { return try scope.evaluate(value) }
            }
            return nil
        }
        func setting(_ which: ConnectionVariable, _ name: Keywords.Setting) throws(Diagnostic) -> Value? {
            if let value = try variable(which.names) { return value }
            return try keyword(name)
        }
        guard try variable(ConnectionVariable.become.names)?.isYes ?? isWanted ?? settings.becomes else { return nil }
        let name = try setting(.becomeMethod, .becomeMethod)?.pythonText ?? settings.becomeMethod
        let short = String(name.split(separator: ".").last ?? "")
        guard let method = Become.Method(rawValue: short) else {
            throw Diagnostic(
                .unsupported, "no become method '\(name)'",
                remedy: "Methods here: \(Become.Method.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        let password = try variable(ConnectionVariable.becomePassword.names + method.passwordVariables)
        if let password = password?.pythonText { redactor.learn(password) }
        let configured = settings.becomeDefaults[short]
        let flags = try setting(.becomeFlags, .becomeFlags)?.pythonText ?? configured?.flags
        return Become(
            method: method,
            user: try setting(.becomeUser, .becomeUser)?.pythonText ?? configured?.user
                ?? settings.becomeUser ?? "root",
            password: password?.pythonText ?? settings.becomePassword ?? configured?.password,
            executable: try setting(.becomeExecutable, .becomeExe)?.pythonText ?? configured?.executable,
            flags: flags.map { $0.split(whereSeparator: \.isWhitespace).map(String.init) })
    }
}
