/// What a long-lived shell is told first: the functions that every request calls.
///
/// What it guards, and how:
/// - The token is 128 random bits of this shell, known to nobody else: it comes by standard input (not in `ps`),
///   stands in function bodies (not in the environment), and markers are printed by the shell's own `echo`. A
///   process of the same user that may trace the shell can read its memory, as it could that of `sshd`.
/// - A snippet runs in a subshell (`exit`, `exec`, closed descriptors, syntax errors stay inside) and reads
///   nothing of the request stream. Snippets are our own; they start nothing that stays in the background.
/// - A command runs apart: in a session of its own (`setsid`), so that all its processes can be ended together;
///   from a file, so that its text is neither in `ps` nor bounded by the kernel's limit of an argument; with its
///   streams in files, so that what it leaves in the background cannot write into a later answer.
///   (The status is taken inside the braces: dash 0.5.12 forgets a subshell's redirections if it is all there is
///   between braces that have redirections of their own.)
/// - Large input goes to a shell of its own (`_h`), which ends with the request: bytes nobody read are never commands.
/// - Those files lie in a directory only this user can look into; it goes when the request stream ends, or when
///   nobody is there any more to take an answer. What has to lie elsewhere is noted in it (`_t PATH`, in `apart`, a path
///   a line) and goes with it, if its name is one that only we give.
enum ShellBoot {
    /// The number of the answer that says the shell is ready.
    static let number = 0

    /// Where the base system's programs are; the host's own entries stand after these for snippets, before these
    /// for commands, which mean what a person would mean who logged in.
    static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// What every snippet begins with, wherever it runs.
    ///
    /// A signal, or nobody there to take its words any more, ends it as `exit` does: what it set up to be removed at
    /// its end is removed. Temporary files that it puts nowhere in particular lie in the shell's private directory,
    /// which goes with the shell; programs that it runs keep the `TMPDIR` they know.
    static let guards = #"""
        trap 'exit 143' TERM INT HUP
        trap 'exit 141' PIPE
        mktemp() { TMPDIR=$_d command mktemp "$@"; }
        """#

    static func text(token: String) -> String {
        #"""
        trap : TERM INT HUP
        trap exit PIPE
        _d=
        trap 'test -z "$_d" || _e "$_d"' EXIT
        _e() {
        if test -f "$1/apart"; then while IFS= read -r _l; do
        case ${_l##*/} in .swiftprov-*) rm -rf -- "$_l";; esac
        done <"$1/apart"; fi
        rm -rf -- "$1"; }
        _t() {
        case $1 in *"
        "*) return 1;; */.swiftprov-*) printf '%s\n' "$1" >>"$_d/apart";; *) return 1;; esac; }
        unset CDPATH ENV BASH_ENV
        _p=${PATH:+$PATH:}\#(searchPath)
        PATH=\#(searchPath)${PATH:+:$PATH}
        LC_ALL=C
        for _l in /usr/lib/locale/C.utf8 /usr/lib/locale/C.UTF-8 /lib/ld-musl-*; do
        test -e "$_l" && LC_ALL=C.UTF-8
        done
        export PATH LC_ALL
        { test -r . && test -x .; } || cd 2>/dev/null || cd /
        for _l in "$TMPDIR" /tmp /var/tmp /dev/shm "$HOME"; do
        case $_l in ''|*[!-A-Za-z0-9/._]*) continue;; esac
        _d=$(umask 077; mktemp -d "$_l/.swiftprov-XXXXXXXXXX" 2>/dev/null) && test -n "$_d" && break
        _d=
        done
        _s=$(command -v setsid)
        _u=$(id) _m=$(umask)
        _x=
        _n() { echo "
        \#(token) $1 $2"; echo "
        \#(token) $1" >&2; }
        _g() { \#(guards)
        }
        _r() { (_g; eval "$2") </dev/null; _n $1 $?; }
        _c() { base64 -d >>"$_d/in" || _x=1; } 2>>"$_d/bad"
        _b() { head -c $1 | base64 -d >>"$_d/in" || _x=1; } 2>>"$_d/bad"
        _q() { : >"$_d/in"; : >"$_d/bad"; _x=; }
        _w() {
        if test -n "$_x"; then echo "cannot keep the input: $(cat "$_d/bad")" >&2; _y=125
        else (_g; eval "$2") <"$_d/in"; _y=$?
        fi
        _q; _n $1 $_y; }
        _h() { _n $1 0; (_d=$3; _g; eval "$4"); _n $2 $?; exit; }
        _f() {
        printf '_d=%s; echo $$ >"$_d/p%s"\n%s\n' "$_d" $1 "$2" >"$_d/s"
        { (PATH=$_p; exec $_s /bin/sh "$_d/s") <"${3:-/dev/null}" >"$_d/o$1" 2>"$_d/e$1"; _y=$?; } 2>/dev/null
        if test -e "$_d/e$1"; then
        test -s "$_d/o$1" && { cat "$_d/o$1"; : >"$_d/o$1"; }
        test -s "$_d/e$1" && { cat "$_d/e$1" >&2; : >"$_d/e$1"; }
        else echo "cannot keep the command's output in $_d" >&2; _y=125
        fi
        : >"$_d/s"
        case $1 in *[05]0) rm -f "$_d"/[oep][0-9]*;; *) : >"$_d/p$1";; esac
        _n $1 $_y; }
        _k() {
        if test -n "$_x"; then echo "cannot keep the input: $(cat "$_d/bad")" >&2; _n $1 125
        else _f $1 "$2" "$_d/in"
        fi
        rm -f "$_d/in" "$_d/bad"; _x=; }
        _r \#(number) 'echo $$; echo "$_d"; test -z "$BASH_VERSION" || case $(head --version 2>&1) in *GNU*) echo head;; *) echo here;; esac'

        """#
    }
}
