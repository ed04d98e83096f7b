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
    /// What one of them depends on that only a run can tell; the task cannot be carried out then.
    var unknown: Unknown?
}

/// Watches keywords and variables that are evaluated for what only a run can tell: none of it goes into a command.
private final class UnknownWatch {
    private(set) var found: Unknown?

    /// The value; nil, as if it were not written, if a part of it is unknown.
    func known(_ value: Value?) -> Value? {
        guard let unknown = value?.firstUnknown else { return value }
        found = found ?? unknown
        return nil
    }
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
        let watch = UnknownWatch()
        func value(_ setting: Keywords.Setting) throws(Diagnostic) -> Value? {
            watch.known(try scope.value(of: task.inherited.settings[setting]))
        }
        func flag(_ setting: Keywords.Setting) throws(Diagnostic) -> Bool? {
            try scope.flag(of: task.inherited.settings[setting], setting.rawValue)
        }
        // Those that say how hosts meet, how long and how often, are acted on elsewhere; their errors are the task's.
        for setting in [Keywords.Setting.runOnce, .anyErrorsFatal] { _ = try flag(setting) }
        _ = try throttle(of: task, in: scope)
        for field in [task.node.asynchronous, task.node.poll, task.node.retries, task.node.delay] {
            _ = watch.known(try scope.value(of: field))
        }
        if task.node.asynchronous != nil, let directory = try scope.lookup("ansible_async_dir") {
            _ = watch.known(try scope.evaluate(directory))
        }
        let limit = try value(.timeout).map { (value) throws(Diagnostic) in
            try KeywordValue.seconds(
                value, Keywords.Setting.timeout.rawValue, at: task.inherited.settings[.timeout]?.location)
        }
        let delegate = try value(.delegateTo)?.pythonText
        let owner = try delegate.map { (name) throws(Diagnostic) in try delegated(name, task) } ?? scope
        let request = try connectionRequest(
            for: delegate ?? host.name, variables: owner, watch, keyword: value, isDelegated: delegate != nil)
        let environment = try environment(of: task, scope, watch)
        let become = try become(
            variables: owner, watch, keyword: value, isWanted: value(.become) == nil ? nil : try flag(.become))
        return TaskSettings(
            isCheckMode: modes.check, showsDiff: modes.diff,
            isHidden: try flag(.noLog) ?? false,
            ignoresErrors: try flag(.ignoreErrors) ?? false,
            ignoresUnreachable: try flag(.ignoreUnreachable) ?? false,
            environment: environment,
            timeout: limit.flatMap { $0 > 0 ? .seconds($0) : nil },
            delegate: delegate,
            delegatesFacts: try value(.delegateFacts) == nil ? false : flag(.delegateFacts) ?? false,
            request: request, become: become, unknown: watch.found)
    }

    /// The scope whose connection variables count for a delegate: its own, and the task's.
    private func delegated(_ name: String, _ task: PlannedTask) throws(Diagnostic) -> LayeredScope {
        guard !name.isEmpty else {
            throw Diagnostic(.badValue, "'delegate_to' is empty", remedy: "Name a host of the inventory, or localhost.")
        }
        return variables.scope(host: name, task: taskVariables(task))
    }

    private func environment(
        of task: PlannedTask, _ scope: LayeredScope, _ watch: UnknownWatch
    ) throws(Diagnostic) -> [(name: String, value: String)] {
        var merged = ValueMap()
        for field in task.inherited.environment {
            guard let value = watch.known(try scope.evaluate(field.value)) else { continue }
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
            for: host.name, variables: scope, UnknownWatch(),
            keyword: { (setting) throws(Diagnostic) in
                try scope.value(of: task.inherited.settings[setting])
            }, isDelegated: false)
    }

    private typealias Keyword = (Keywords.Setting) throws(Diagnostic) -> Value?

    /// Variables win over keywords, and keywords over options.
    private func connectionRequest(
        for name: String, variables scope: LayeredScope, _ watch: UnknownWatch,
        keyword: (Keywords.Setting) throws(Diagnostic) -> Value?,
        isDelegated: Bool
    ) throws(Diagnostic) -> ConnectionRequest {
        func variable(_ which: ConnectionVariable) throws(Diagnostic) -> Value? {
            for name in which.names {
                guard let value = try scope.lookup(name) else { continue }
                let result = try scope.evaluate(value)
                if !result.isNull, !Omit.isMarker(result) { return watch.known(result) }
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
        let way = kind ?? (isImplicitlyLocal ? "local" : nil) ?? written ?? settings.connection ?? "ssh"
        let program = ProgramKind(name: way)
        var options: [ConnectionVariable: Value] = [:]
        for which in program?.variables ?? [] {
            options[which] = try variable(which)
            if let value = options[which] { redactor.learn(value) }
        }
        let configured = program?.isDocker == true ? settings.dockerTimeout : nil
        let timeout = try options[.dockerTimeout].map { (value) throws(Diagnostic) -> Duration in
            .seconds(max(1, try KeywordValue.seconds(value, "ansible_docker_timeout")))
        }
        var arguments = settings.sshArguments
        for which in [ConnectionVariable.commonArguments, .extraArguments] {
            if let text = try variable(which)?.pythonText, !text.isEmpty { arguments.append(text) }
        }
        return ConnectionRequest(
            kind: way, name: name,
            address: (options[.dockerHost] ?? options[.podmanHost] ?? address)?.pythonText ?? name,
            port: try (port ?? portKeyword).map { (value) throws(Diagnostic) in try portNumber(value) },
            user: (options[.dockerUser] ?? user ?? userKeyword)?.pythonText ?? settings.remoteUser,
            password: password?.pythonText ?? settings.password,
            privateKey: key?.pythonText ?? settings.privateKey,
            passphrase: passphrase?.pythonText ?? settings.passphrase, arguments: arguments,
            checksHostKey: try variable(.checksHostKey)?.isYes,
            timeout: timeout ?? configured ?? settings.timeout, options: options)
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
        variables scope: LayeredScope, _ watch: UnknownWatch,
        keyword: (Keywords.Setting) throws(Diagnostic) -> Value?, isWanted: Bool?
    ) throws(Diagnostic) -> Become? {
        func variable(_ names: [String]) throws(Diagnostic) -> Value? {
            for name in names {
                if let value = try scope.lookup(name) { return watch.known(try scope.evaluate(value)) }
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
