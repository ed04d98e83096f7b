import Diagnostics
import Results
import Target
import Values

/// The host's services as facts, as `ansible.builtin.service_facts` gathers them.
struct ServiceFactsModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.service_facts",
        summary: "Gather the state of all services.",
        description: """
            The fact `services` holds `name`, `state`, `status` and `source` for every service: systemd's units, and \
            what else `service --status-all` names.
            """,
        arguments: [],
        check: "full; nothing is changed",
        diff: "none",
        example: """
            - ansible.builtin.service_facts:
            """,
        aliases: ["ansible.legacy.service_facts"]
    )

    init(_ arguments: Arguments) throws(Diagnostic) {}

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> {
        let answer = try await target.query(Self.look)
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "the host has neither systemd nor `service` to ask", host: target.hostName)
        }
        var fields = FieldReader(answer.stdout)
        var services: ValueMap = [:]
        for line in HostText.lines(fields.next()) {
            // ` [ + ]  cron`
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 4, words[0] == "[", words[2] == "]" else { continue }
            services[words[3]] = Self.service(words[3], words[1] == "+" ? "running" : "stopped", nil, "sysv")
        }
        var units: [String: (state: String, status: String)] = [:]
        var order: [String] = []
        for line in HostText.lines(fields.next()) {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 4, words[0].hasSuffix(".service") else { continue }
            let isBad = ["not-found", "masked", "failed"].first { words[1...3].contains($0) }
            units[words[0]] = (words[3] == "running" ? "running" : "stopped", isBad ?? words[2])
            order.append(words[0])
        }
        let states = Self.states(fields.next())
        for line in HostText.lines(fields.next()) {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 2, words[0].hasSuffix(".service") else { continue }
            if let unit = units[words[0]] {
                if !["not-found", "masked", "failed"].contains(unit.status) { units[words[0]]?.status = words[1] }
            } else {
                // A template has no state of its own.
                units[words[0]] = (states[words[0]] ?? "unknown", words[1])
                order.append(words[0])
            }
        }
        for name in order {
            guard let unit = units[name] else { continue }
            services[name] = Self.service(name, unit.state, unit.status, "systemd")
        }
        return .asWanted(ModuleResult(facts: ["services": .map(services)]))
    }

    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}

    private static func service(_ name: String, _ state: String, _ status: String?, _ source: String) -> Value {
        var map: ValueMap = ["name": .string(name), "source": .string(source), "state": .string(state)]
        if let status { map["status"] = .string(status) }
        return .map(map)
    }

    /// Unit names with their states, from blocks of `Names=…` and `ActiveState=…`.
    private static func states(_ text: String) -> [String: String] {
        var states: [String: String] = [:]
        var names: [String] = []
        for line in HostText.lines(text) {
            if line.hasPrefix("Names=") { names = line.dropFirst(6).split(separator: " ").map(String.init) }
            if line.hasPrefix("ActiveState=") {
                for name in names { states[name] = String(line.dropFirst(12)) }
            }
        }
        return states
    }

    /// Writes what `service` lists, systemd's units, the states of units it has not loaded, and unit files.
    private static let look: Script = #"""
        found=
        if command -v service >/dev/null 2>&1; then
            found=1
            service --status-all 2>/dev/null
        fi
        printf '\0'
        if [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
            found=1
            systemctl list-units --no-pager --type service --all --plain --no-legend
            printf '\0'
            files=$(systemctl list-unit-files --no-pager --type service --all --no-legend)
            # Templates cannot be shown.
            printf '%s\n' "$files" | sed 's/ .*//; /@\.service$/d; /^$/d' | tr '\n' '\0' |
                xargs -0 systemctl show --no-pager -p Names -p ActiveState -- 2>/dev/null
            printf '\0%s\0' "$files"
        else
            printf '\0\0\0'
        fi
        [ -n "$found" ]
        """#
}
