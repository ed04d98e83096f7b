import Diagnostics
import Results
import Target
import Values

/// Makes a file or directory with a name of its own, as `ansible.builtin.tempfile` does.
struct TempfileModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.tempfile",
        summary: "Make an empty file or directory with a name of its own.",
        description: "Nobody but its maker may read it. It stays until a task removes it.",
        arguments: [
            .optional("state", .string, "Which of both.", default: "file", choices: ["directory", "file"]),
            .optional("path", .path, "The directory to make it in; else the host's for temporary files."),
            .optional("prefix", .string, "What its name begins with.", default: "ansible."),
            .optional("suffix", .string, "What its name ends with.", default: ""),
        ],
        check: "Tells that it would be made; its name is only known in a run.",
        diff: "none",
        example: """
            - ansible.builtin.tempfile:
                state: directory
                suffix: build
              register: work
            """
    )

    private let isDirectory: Bool
    private let path: String
    private let prefix: String
    private let suffix: String

    init(_ arguments: Arguments) throws(Diagnostic) {
        isDirectory = arguments.optionalString("state") == "directory"
        path = arguments.optionalString("path") ?? ""
        prefix = arguments.optionalString("prefix") ?? ""
        suffix = arguments.optionalString("suffix") ?? ""
        for (name, value) in [("prefix", prefix), ("suffix", suffix)] where value.contains("/") {
            throw Diagnostic(.badValue, "'\(name): \(value)' holds a slash", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        .unknown(Unknown("the name of the temporary \(isDirectory ? "directory" : "file")"), ())
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let answer = try await target.perform(
            Self.make, [path, prefix, suffix, isDirectory ? "1" : ""],
            doing: "make a temporary \(isDirectory ? "directory" : "file")")
        let made = String(answer.output.dropLast())
        let state = try await target.stat(made)
        var values: ValueMap = ["path": .string(made)]
        values.merge(state.commonValues)
        return .changed(values)
    }

    /// BusyBox's `mktemp` wants the X's at the end, so names with a suffix are made from a free one without.
    private static let make: Script =
        ReadingScripts.expand + #"""
            directory=$1 prefix=$2 suffix=$3 kind=$4
            if [ -n "$directory" ]; then sp_expand "$directory"; directory=$p; else directory=${TMPDIR:-/tmp}; fi
            [ -d "$directory" ] || { echo "$directory: no such directory" >&2; exit 1; }
            case $directory in /*) ;; *) directory=$PWD/$directory ;; esac
            directory=${directory%/}
            umask 077
            set -C
            tries=0
            # A redirection that fails ends the whole shell where `:` is built in; a subshell ends alone.
            while [ $tries -lt 100 ]; do
                tries=$((tries + 1))
                name=$(mktemp -u "$directory/${prefix}XXXXXXXX") || exit 1
                name=$name$suffix
                if [ -n "$kind" ]; then mkdir -- "$name" 2>/dev/null && { printf '%s\n' "$name"; exit 0; }
                else (: >"$name") 2>/dev/null && { printf '%s\n' "$name"; exit 0; }
                fi
                [ -e "$name" ] || [ -L "$name" ] || break
            done
            # Not in use and not to be made: in the host's own words.
            if [ -n "$kind" ]; then mkdir -- "$name" || exit 1; else (: >"$name") || exit 1; fi
            printf '%s\n' "$name"
            """#
}
