import Target

/// A directory of its own in which a program may be run: file systems of temporary files may forbid it.
enum RunnablePlace {
    /// `sp_runnable NAME [EXECUTES]` makes one and leaves it in `$sp_place`, with the empty file NAME in it, which may be
    /// executed there if EXECUTES says so.
    ///
    /// Where it can be it lies in the shell's private directory. Otherwise its path is noted there (`_t`): whatever ends
    /// the shell, it is removed with it.
    static let script: Script = #"""
        sp_runnable() {
            for sp_root in "$_d" "${TMPDIR:-/tmp}" "${HOME:-/tmp}" /var/tmp; do
                sp_place=$(umask 077; command mktemp -d "$sp_root/.swiftprov-XXXXXXXXXX" 2>/dev/null) || continue
                if [ "$sp_root" = "$_d" ] || _t "$sp_place"; then
                    : >"$sp_place/$1" && chmod 700 "$sp_place/$1" || return 1
                    if [ -z "$2" ] || [ -x "$sp_place/$1" ]; then return 0; fi
                fi
                rm -rf -- "$sp_place"
            done
            sp_place=
            echo 'there is no directory where a program may be run' >&2
            return 1
        }
        """#
}
