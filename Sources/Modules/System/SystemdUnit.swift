import Diagnostics
import Results
import Target
import Values

/// A systemd unit and the state it is to have: what `systemd_service` and `service` come down to.
struct SystemdUnit: Sendable {
    var name: String?
    var state: String?
    var enabled: Bool?
    var masked: Bool?
    var force = false
    var reloadsDaemon = false
    var reexecutesDaemon = false
    /// `system`, `user` or `global`.
    var scope = "system"
    var doesNotWait = false

    struct Step: Sendable {
        /// systemctl's verbs in order, those about the manager first.
        var verbs: [String]
        var values: ValueMap
        var changes: Bool
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let answer = try await target.query(Self.look, [scopeWord, name ?? ""])
        guard answer.status != 3 else {
            throw Diagnostic(
                .failed, "the host is not run by systemd", remedy: "Use the module for its own init system.",
                host: target.hostName)
        }
        var fields = FieldReader(answer.stdout)
        let properties = Self.properties(fields.next())
        let enablement = fields.next()
        let isEnabledStatus = fields.next()
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "cannot ask systemd: \(answer.errorOutput.lastLine)",
                remedy: scope == "user" ? "The user's own manager must run (loginctl enable-linger)." : nil,
                host: target.hostName)
        }
        var verbs: [String] = []
        if reexecutesDaemon { verbs.append("daemon-reexec") }
        if reloadsDaemon { verbs.append("daemon-reload") }
        var values: ValueMap = ["name": name.map { .string($0) } ?? .null]
        guard let name else {
            guard !verbs.isEmpty else { return .asWanted(.ok(values)) }
            return .change(
                .action("systemctl \(verbs.joined(separator: ", "))"),
                Step(verbs: verbs, values: values, changes: false),
                foreseen: .ok(values))
        }

        let foreseen = target.foreseen.units[name] ?? target.foreseen.units[name + ".service"]
        var isKnown = properties["LoadState"] != "not-found"
        var isActive = ["active", "activating", "reloading"].contains(properties["ActiveState"]?.stringValue ?? "")
        var isDeactivating = properties["ActiveState"] == "deactivating"
        var isEnabled = isEnabledStatus == "0" && enablement != "indirect" && enablement != "alias"
        let isMasked = properties["LoadState"] == "masked"
        if !isKnown, target.foreseen.awaitsPackages {
            // A package brings the unit; on Debian its installation enables and starts it.
            isKnown = true
            isActive = true
            isEnabled = true
        }
        if !isKnown,
            target.foreseen.files.contains(where: {
                $0.key.hasSuffix("/\(name)") || $0.key.hasSuffix("/\(name).service")
            })
        {
            // An earlier task of the dry run writes the unit's file.
            isKnown = true
        }
        if let foreseen {
            isKnown = true
            isActive = foreseen.active ?? isActive
            isEnabled = foreseen.enabled ?? isEnabled
            isDeactivating = false
        }
        guard isKnown || (state == nil && enabled == nil && masked != nil) || (masked == true) else {
            throw Diagnostic(
                .failed, "there is no unit '\(name)' on the host",
                remedy: "Mend the name, or install the package it belongs to first.", host: target.hostName)
        }
        values["status"] = .map(properties)
        var change = Change()
        if let masked, masked != isMasked {
            verbs.append(masked ? "mask" : "unmask")
            change.parts.append(.setting("masked", before: .bool(isMasked), after: .bool(masked)))
        }
        if let enabled {
            values["enabled"] = .bool(enabled)
            if enabled != isEnabled {
                verbs.append(enabled ? "enable" : "disable")
                change.parts.append(.setting("enabled", before: .bool(isEnabled), after: .bool(enabled)))
            }
        }
        if let state {
            let before: Value = isActive ? "started" : "stopped"
            values["state"] = state == "stopped" ? "stopped" : "started"
            switch state {
            case "started" where !isActive, "reloaded" where !isActive:
                verbs.append("start")
                change.parts.append(.setting("state", before: before, after: "started"))
            case "stopped" where isActive || isDeactivating:
                verbs.append("stop")
                change.parts.append(.setting("state", before: before, after: "stopped"))
            case "reloaded":
                verbs.append("reload")
                change.parts.append(.action("reload \(name)"))
            case "restarted":
                verbs.append("restart")
                change.parts.append(.action("restart \(name)"))
            default: break
            }
        }
        let changes = !change.isEmpty
        if changes {
            let isStopping = state == "stopped"
            change.effects.append(.unit(name, active: state == nil ? nil : !isStopping, enabled: enabled))
        } else if !verbs.isEmpty {
            change.parts.append(.action("systemctl \(verbs.joined(separator: ", "))"))
        }
        guard !verbs.isEmpty else { return .asWanted(.ok(values)) }
        return .change(
            change, Step(verbs: verbs, values: values, changes: changes),
            foreseen: ModuleResult(changed: changes, values: values))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let options = (doesNotWait ? "--no-block " : "") + (force ? "--force " : "")
        let result = try await target.execute(Self.act, [scopeWord, name ?? "", options] + step.verbs)
        var fields = FieldReader(result.stdout)
        let verb = fields.next()
        let properties = Self.properties(fields.next())
        var values = step.values
        if name != nil { values["status"] = .map(properties) }
        guard result.succeeded else {
            let said = result.errorOutput.split(separator: "\n").filter { !$0.hasPrefix("See ") }
            let reason = said.first.map(String.init) ?? "status \(result.status)"
            return .failed(
                Diagnostic(
                    .failed, "cannot \(verb) '\(name ?? "systemd")': \(reason)\(Self.journal(properties, said))",
                    remedy: name.map { "See `journalctl -u \($0)` on the host." }, host: target.hostName),
                values)
        }
        return ModuleResult(changed: step.changes, values: values)
    }

    private static func journal(_ properties: ValueMap, _ said: [Substring]) -> String {
        guard said.count > 1, let last = said.last else { return "" }
        return " (\(last))"
    }

    private var scopeWord: String { "--\(scope)" }

    /// Reads what `systemctl show` prints; a value may go on over lines.
    private static func properties(_ text: String) -> ValueMap {
        var properties: ValueMap = [:]
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            properties[String(line[..<equals])] = .string(String(line[line.index(after: equals)...]))
        }
        return properties
    }

    private static let look: Script = #"""
        command -v systemctl >/dev/null 2>&1 || exit 3
        [ -d /run/systemd/system ] || exit 3
        if [ "$1" = --user ]; then XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR; fi
        if [ -z "$2" ]; then printf '\0\0\0'; exit 0; fi
        # A global unit has no state of its own; what the system knows of it stands for it.
        scope=$1
        [ "$scope" = --global ] && scope=--system
        shown=$(systemctl "$scope" show --no-pager -- "$2") || exit 1
        enabled=$(systemctl "$1" is-enabled -- "$2" 2>/dev/null)
        status=$?
        printf '%s\0%s\0%s\0' "$shown" "$enabled" "$status"
        """#

    /// `$1` the scope, `$2` the unit, `$3` options, then verbs. Writes the last verb tried and the unit's state.
    private static let act: Script = #"""
        scope=$1 unit=$2 options=$3
        if [ "$scope" = --user ]; then XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR; fi
        shift 3
        status=0
        for verb do
            case $verb in
            daemon-*) systemctl "$scope" "$verb" >&2 || status=$? ;;
            *) systemctl "$scope" $options "$verb" -- "$unit" >&2 || status=$? ;;
            esac
            [ $status = 0 ] || break
        done
        printf '%s\0' "$verb"
        [ "$scope" = --global ] && scope=--system
        if [ -n "$unit" ]; then systemctl "$scope" show --no-pager -- "$unit"; fi
        printf '\0'
        if [ $status != 0 ] && [ -n "$unit" ] && command -v journalctl >/dev/null 2>&1; then
            journalctl -u "$unit" -n 3 --no-pager -o cat >&2 2>/dev/null
        fi
        exit $status
        """#
}
