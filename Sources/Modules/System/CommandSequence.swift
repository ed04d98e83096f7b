import Diagnostics
import Target

/// Programs that a task runs one after another, in one request: a connection that breaks leaves none of them run, or
/// all.
enum CommandSequence {
    /// Runs them until one fails.
    ///
    /// - Returns: What the one that failed answered, with its words; of all that succeeded, the last one's.
    static func run(
        _ commands: [[String]], on target: some TargetWriter
    ) async throws(Diagnostic) -> (words: [String], result: CommandResult) {
        var result = try await target.execute(script, commands.flatMap { [String($0.count)] + $0 })
        var fields = FieldReader(result.stdout)
        let number = Int(fields.next()) ?? 1
        result.stdout = fields.remainder()
        return (commands.indices.contains(number - 1) ? commands[number - 1] : [], result)
    }

    /// For each program the number of its words, and those. Writes the number of the last one that ran, from 1, and
    /// what it said.
    private static let script: Script =
        ReadingScripts.firstWords + #"""
            # Should nobody be there any more, all is still done: what is said goes to files until then.
            trap '' HUP PIPE
            work=$(umask 077; mktemp -d) || exit 1
            trap 'rm -rf "$work"' EXIT
            number=0
            status=0
            while [ $# -gt 0 ] && [ "$status" = 0 ]; do
                count=$1
                number=$((number + 1))
                shift
                sp_line "$count"
                eval "$sp_line" >"$work/out" 2>"$work/err" </dev/null
                status=$?
                shift "$count"
            done
            printf '%s\0' "$number"
            cat "$work/out"
            cat "$work/err" >&2
            exit "$status"
            """#
}
