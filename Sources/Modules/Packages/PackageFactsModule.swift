import Diagnostics
import Results
import Target
import Values

/// The host's packages as facts, as `ansible.builtin.package_facts` gathers them.
struct PackageFactsModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.package_facts",
        summary: "Gather which packages are installed.",
        description: """
            The fact `packages` holds a list of installed versions for every name: `name`, `version`, `arch` and \
            `source`, and what else the package manager knows at once (`category` with apt; `release` and `epoch` \
            with rpm). The repository a package came from (`origin`) is not looked up.
            """,
        arguments: [
            .optional(
                "manager", .list(.string), "Package managers to ask, in this order.", default: ["auto"],
                choices: ["apk", "apt", "auto", "dnf", "dnf5", "rpm", "yum", "zypper"]),
            .optional(
                "strategy", .string, "Whether the first that is there is enough.", default: "first",
                choices: ["all", "first"]),
        ],
        check: "full; nothing is changed",
        diff: "none",
        example: """
            - ansible.builtin.package_facts:
            """,
        aliases: ["ansible.legacy.package_facts"]
    )

    private let managers: [String]

    private let takesAll: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        var managers: [String] = []
        for name in arguments.strings("manager") {
            switch name.lowercased() {
            case "auto": managers += ["apt", "rpm", "apk"]
            case "dnf", "dnf5", "yum", "zypper": managers.append("rpm")
            case let name: managers.append(name)
            }
        }
        self.managers = managers
        takesAll = arguments.optionalString("strategy") == "all"
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> {
        let answer = try await target.query(Self.look, [takesAll ? "1" : ""] + managers)
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "the host has none of the package managers \(managers.joined(separator: ", "))",
                host: target.hostName)
        }
        var packages: ValueMap = [:]
        for line in HostText.lines(answer.output) {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard words.count >= 4 else { continue }
            var package: ValueMap = [
                "name": .string(words[1]), "version": .string(words[2]), "arch": .string(words[3]),
                "source": .string(words[0]),
            ]
            switch words[0] {
            case "apt" where words.count > 4: package["category"] = .string(words[4])
            case "rpm" where words.count > 5:
                package["release"] = .string(words[4])
                package["epoch"] = Int(words[5]).map { .int($0) } ?? .null
            default: break
            }
            packages[words[1]] = .list((packages[words[1]]?.elements ?? []) + [.map(package)])
        }
        return .asWanted(ModuleResult(facts: ["packages": .map(packages)]))
    }

    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}

    /// `$1` whether to ask all, then managers. Writes a line for each package: who says so, name, version,
    /// architecture, and more.
    private static let look: Script = #"""
        all=$1 found=
        shift
        for manager do
            case $manager in
            apt)
                command -v dpkg-query >/dev/null 2>&1 || continue
                dpkg-query -W -f '${db:Status-Status}\tapt\t${Package}\t${Version}\t${Architecture}\t${Section}\n' |
                    sed -n 's/^installed\t//p'
                ;;
            rpm)
                command -v rpm >/dev/null 2>&1 || continue
                # On a Debian host rpm may be there without any package.
                [ -n "$(rpm -qa 2>/dev/null | head -n 1)" ] || continue
                rpm -qa --qf 'rpm\t%{NAME}\t%{VERSION}\t%{ARCH}\t%{RELEASE}\t%{EPOCH}\n'
                ;;
            apk)
                command -v apk >/dev/null 2>&1 || continue
                # Records of lines with a letter and a colon, apart by blank lines.
                awk -F: '
                    $1 == "P" { name = $2 } $1 == "V" { version = $2 } $1 == "A" { arch = $2 }
                    $0 == "" && name != "" { printf "apk\t%s\t%s\t%s\n", name, version, arch; name = "" }
                    END { if (name != "") printf "apk\t%s\t%s\t%s\n", name, version, arch }
                ' /lib/apk/db/installed
                ;;
            esac
            found=1
            [ -n "$all" ] || break
        done
        [ -n "$found" ]
        """#
}
