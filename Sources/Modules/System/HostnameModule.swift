import Diagnostics
import Results
import Target
import Values

/// The host's own name, as `ansible.builtin.hostname` sets it.
struct HostnameModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.hostname",
        summary: "Set the host's name, now and for every start.",
        description: """
            Hosts run by systemd are told through hostnamectl; others get `/etc/hostname` and the `hostname` program. \
            `/etc/hosts` is left alone.
            """,
        arguments: [
            .required("name", .string, "The name, such as `web01`."),
            .optional(
                "use", .string, "Which way to go, in place of what the host looks like.",
                choices: ["alpine", "debian", "generic", "openrc", "redhat", "sles", "systemd"]),
        ],
        example: """
            - ansible.builtin.hostname:
                name: web01
            """,
        aliases: ["ansible.legacy.hostname"]
    )

    private let name: String
    private let way: String?

    struct Step: Sendable {
        var usesSystemd = false
        /// Whether the running kernel, and whether the file is to be told.
        var current = false
        var permanent = false
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        way = arguments.optionalString("use")
        guard !name.isEmpty, name.utf8.count <= 64, !name.hasPrefix("-"),
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") })
        else {
            throw Diagnostic(
                .badValue, "'\(name)' cannot be a host's name", at: arguments.location,
                remedy: "Up to 64 letters, digits, hyphens and dots.")
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let answer = try await target.query(Self.look, way ?? "")
        var fields = FieldReader(answer.stdout)
        let usesSystemd = fields.next() == "1"
        let current = fields.next().trimmed
        var permanent = HostText.lines(fields.next()).first { !$0.hasPrefix("#") }?.trimmed ?? ""
        if let effect = target.foreseen.effect(at: "/etc/hostname"), let content = effect.content {
            permanent = String(decoding: content, as: UTF8.self).trimmed
        }
        let full = fields.next().trimmed
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "cannot read the host's name: \(answer.errorOutput.lastLine)", host: target.hostName)
        }
        let step = Step(usesSystemd: usesSystemd, current: current != name, permanent: permanent != name)
        guard step.current || step.permanent else { return .asWanted(result(changed: false, full: full)) }
        let before = step.permanent ? permanent : current
        var change = Change.text(
            "hostname", before: before.isEmpty ? nil : "hostname = \(before)\n", after: "hostname = \(name)\n")
        change.effects = [
            .file(
                path: "/etc/hostname",
                .init(kind: .file, mode: 0o644, owner: "root", group: "root", content: Array("\(name)\n".utf8)))
        ]
        return .change(change, step, foreseen: result(changed: true, full: nil))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        if step.permanent, !step.usesSystemd {
            _ = try await target.write(
                FileWrite(path: "/etc/hostname", content: Array("\(name)\n".utf8), mode: 0o644))
        }
        if step.current || step.usesSystemd {
            try await target.perform(
                Self.set,
                [name, step.usesSystemd ? "1" : "", step.current ? "1" : "", step.permanent ? "1" : ""],
                doing: "set the host's name")
        }
        let answer = try await target.query(Self.look, way ?? "")
        var fields = FieldReader(answer.stdout)
        for _ in 0..<3 { _ = fields.next() }
        return result(changed: true, full: fields.next().trimmed)
    }

    /// - Parameter full: What the host takes for its full name; nil where only the run will tell.
    private func result(changed: Bool, full: String?) -> ModuleResult {
        let short = name.split(separator: ".").first.map(String.init) ?? name
        var facts: ValueMap = ["ansible_hostname": .string(short), "ansible_nodename": .string(name)]
        if let full {
            let name = full.isEmpty ? self.name : full
            facts["ansible_fqdn"] = .string(name)
            facts["ansible_domain"] = .string(
                name.firstIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? "")
        }
        return ModuleResult(changed: changed, values: ["name": .string(name)], facts: facts)
    }

    /// `$1` the way to go, if one is given. Writes whether systemd is told, the kernel's name, the file's, and the
    /// full one.
    private static let look: Script = #"""
        case $1 in
        systemd) printf '1\0' ;;
        '')
            if [ -d /run/systemd/system ] && command -v hostnamectl >/dev/null 2>&1; then printf '1\0'; else printf '0\0'; fi
            ;;
        *) printf '0\0' ;;
        esac
        uname -n
        printf '\0'
        cat /etc/hostname 2>/dev/null
        printf '\0'
        hostname -f 2>/dev/null
        printf '\0'
        """#

    /// `$1` the name, `$2` whether through systemd, and then `$3` whether the running kernel's and `$4` whether the
    /// kept one.
    private static let set: Script = #"""
        if [ -n "$2" ]; then
            if [ -n "$3" ]; then hostnamectl --transient set-hostname "$1" || exit 1; fi
            if [ -n "$4" ]; then
                hostnamectl --pretty set-hostname "$1" || exit 1
                hostnamectl --static set-hostname "$1" || exit 1
            fi
            # With a static name systemd leaves the transient one alone.
            [ "$(uname -n)" = "$1" ] || hostname "$1"
            exit
        fi
        hostname "$1"
        """#
}
