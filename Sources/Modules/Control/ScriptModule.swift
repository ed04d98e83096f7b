import Diagnostics
import Results
import Target
import Values

/// Runs a script of the control machine on the host, as `ansible.builtin.script` does.
struct ScriptModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.script",
        summary: "Run a script of the control machine on the host.",
        description: """
            The script is looked for in `files/` of the role and beside the playbook. Words behind its name are its \
            arguments, in which the host's shell replaces `$NAME` and the like. It lies in a directory of its own on \
            the host while it runs.
            """,
        arguments: [
            .optional("cmd", .string, "The script and its arguments.", aliases: ["_raw_params"]),
            .optional("chdir", .string, "The directory to run it in."),
            .optional("creates", .string, "A path; if it is there, the script is not run."),
            .optional("removes", .string, "A path; if it is not there, the script is not run."),
            .optional("executable", .string, "The program that runs the script; else its first line names one."),
            .optional("decrypt", .bool, "Open a sealed script with the vault.", default: true),
        ],
        check: "Unknown, since only a run can tell; with `creates` or `removes`, whether it would be skipped.",
        diff: "none",
        example: """
            - ansible.builtin.script: setup.sh --quick
              args:
                creates: /var/lib/app/done
            """,
        freeForm: "cmd", oneOf: [["cmd"]]
    )

    private let name: String
    private let rest: String
    private let content: [UInt8]
    private let directory: String?
    private let creates: String?
    private let removes: String?
    private let executable: String?

    init(_ arguments: Arguments) throws(Diagnostic) {
        let line = try arguments.string("cmd").trimmed
        let words: [String]
        do {
            words = try ShellWords.split(line)
        } catch {
            throw error.located(at: arguments.location)
        }
        guard let first = words.first, !first.isEmpty else {
            throw Diagnostic(.missingArgument, "there is no script to run", at: arguments.location)
        }
        let path = try arguments.context.findFile(first, "files")
        content = try arguments.context.readFile(path, arguments.bool("decrypt"))
        name = FilePlacement.basename(of: path)
        rest = Self.behindFirstWord(line)
        directory = arguments.optionalString("chdir")
        creates = arguments.optionalString("creates")
        removes = arguments.optionalString("removes")
        executable = arguments.optionalString("executable")
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let paths = [creates, removes].compactMap { $0 }
        if !paths.isEmpty {
            var found = try await target.inspect(paths).paths[...]
            if let creates, found.popFirst()?.followed.exists == true {
                return .asWanted(
                    ModuleResult(skipped: true, values: ["msg": .string("\(creates) exists, matching creates option")]))
            }
            if let removes, found.popFirst()?.followed.exists == false {
                return .asWanted(
                    ModuleResult(
                        skipped: true, values: ["msg": .string("\(removes) does not exist, matching removes option")]))
            }
        }
        return .unknown(Unknown("what the script does"), ())
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let answer = try await target.perform(
            Self.put, [name, executable == nil ? "1" : "", String(content.count)], input: content,
            doing: "put the script '\(name)' on the host")
        let path = String(answer.output.dropLast())
        // The arguments are the author's own shell text; the path is ours.
        let line = (executable.map { $0 + " " } ?? "") + ShellQuoting.quote(path) + rest
        let result: CommandResult
        do throws(Diagnostic) {
            result = try await target.run(Command(.shell(line, executable: "/bin/sh"), directory: directory))
        } catch {
            // Why it did not run is what counts; what cannot be removed now goes with the shell.
            _ = try? await target.execute(Self.remove, path)
            throw error
        }
        try await target.perform(Self.remove, [path], doing: "remove the script '\(name)'")
        var values: ValueMap = ["rc": .int(Int(result.status))]
        CommandRun.addOutput(result.output, result.errorOutput, to: &values)
        guard !result.succeeded else { return .changed(values) }
        values["msg"] = "non-zero return code"
        return ModuleResult(
            changed: true, values: values,
            failure: Diagnostic(
                .commandFailed, "the script '\(name)' ended with status \(result.status): \(values.lastWords)",
                host: target.hostName))
    }

    /// What follows the first word, as it is written.
    private static func behindFirstWord(_ line: String) -> String {
        var quote: Character?
        var isEscaped = false
        for (index, character) in zip(line.indices, line) {
            if isEscaped {
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character.isWhitespace {
                return String(line[index...])
            }
        }
        return ""
    }

    /// `$1` the name, `$2` whether it is executed itself, `$3` its length.
    private static let put =
        (RunnablePlace.script
            + #"""
            sp_place=
            trap '[ -z "$sp_place" ] || rm -rf -- "$sp_place"' EXIT
            sp_runnable "$1" "$2" || exit 1
            cat >"$sp_place/$1" || exit 1
            [ "$(wc -c <"$sp_place/$1")" -eq "$3" ] || { echo 'it did not arrive whole' >&2; exit 1; }
            printf '%s\n' "$sp_place/$1"
            sp_place=
            """#).checkingItsInput

    private static let remove: Script = #"rm -rf -- "${1%/*}""#
}
