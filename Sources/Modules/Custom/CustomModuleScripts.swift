import Target

/// The snippets that put modules on hosts and run them.
enum CustomModuleScripts {
    private static let mark = "\u{1}swiftprov: "

    /// Whether a host answered that it does not have the module yet.
    static func isMissing(_ answer: CommandResult) -> Bool {
        answer.status == 66 && answer.errorOutput.hasPrefix(mark + "no module")
    }

    /// The interpreter that a host answered not to have.
    static func missingInterpreter(_ answer: CommandResult) -> String? {
        let start = mark + "no interpreter "
        guard answer.status == 67, answer.errorOutput.hasPrefix(start) else { return nil }
        return String(answer.errorOutput.dropFirst(start.count).prefix { $0 != "\n" })
    }

    /// Keeps a module in the shell's private directory: `$1` its key, `$2` the file's name, `$3` its length, `$4`
    /// whether it is executed itself.
    static let put =
        (#"""
    umask 077
    d=$_d/module-$1
    mkdir -p "$d" && cat >"$d/.part" || exit 1
    [ "$(wc -c <"$d/.part")" -eq "$3" ] || { echo 'it did not arrive whole' >&2; exit 1; }
    if [ -n "$4" ]; then chmod 700 "$d/.part" || exit 1; fi
    mv -f "$d/.part" "$d/$2"
    """# as Script).checkingItsInput

    /// Runs a module: `$1` its key, empty if it comes by standard input itself; `$2` the file's name; `$3` a word in
    /// the input that stands for its own directory; `$4` interpreters to look for, between blanks; then the words of
    /// its interpreter, none for a program, or those after the interpreter that is found.
    ///
    /// What it is given lies in a directory of its own, for its user's eyes only, which is removed whatever ends it.
    static let run =
        (RunnablePlace.script
            + #"""
            mask=$(umask)
            umask 077
            payload=$_d/module-$1/$2
            if [ -n "$1" ] && ! [ -f "$payload" ]; then printf '\001swiftprov: no module\n' >&2; exit 66; fi
            own= sp_place=
            trap '[ -z "$own$sp_place" ] || rm -rf -- "$own" "$sp_place"' EXIT
            trap 'exit 143' TERM INT HUP
            trap 'exit 141' PIPE
            own=$(mktemp -d "$_d/run-XXXXXXXXXX") || exit 1
            sed "s|$3|$own/|g" >"$own/args" || exit 1
            key=$1 name=$2 found=
            if [ -n "$4" ]; then
                # One that is there need not run: programs that choose among versions stand in for all of them.
                [ -s "$_d/python" ] || for python in $4; do
                    "$python" -c '' </dev/null >/dev/null 2>&1 || continue
                    printf '%s\n' "$python" >"$_d/python"
                    break
                done
                found=$(cat "$_d/python" 2>/dev/null)
                [ -n "$found" ] || { printf '\001swiftprov: no interpreter %s\n' python3 >&2; exit 67; }
                shift 4
                set -- "$found" "$@"
            else
                shift 4
            fi
            if [ $# -gt 0 ]; then
                command -v "$1" >/dev/null 2>&1 || { printf '\001swiftprov: no interpreter %s\n' "$1" >&2; exit 67; }
            elif ! [ -x "$payload" ]; then
                sp_runnable "$name" 1 && cat "$payload" >"$sp_place/$name" || exit 1
                payload=$sp_place/$name
            fi
            if [ -z "$key" ]; then
                payload=$own/$name
                mv -f "$own/args" "$payload" || exit 1
                umask "$mask"
                "$@" "$payload" </dev/null
            else
                umask "$mask"
                "$@" "$payload" "$own/args" </dev/null
            fi
            """#).startingPrograms
}
