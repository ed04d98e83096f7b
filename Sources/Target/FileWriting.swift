public import Diagnostics
internal import Values

extension HostTarget {
    /// Writes a file whole or not at all, in one round trip; see `FileWrite`.
    public func write(_ file: FileWrite) async throws(Diagnostic) -> FileWrite.Outcome {
        let words = file.words() + (try file.validationWords())
        return try outcome(of: try await execute(FileWrite.script, words, input: file.content, timeout: nil), file)
    }
}

extension Diagnostic {
    fileprivate func onHost(_ name: String) -> Diagnostic {
        var copy = self
        copy.host = name
        return copy
    }
}

extension HostTarget {
    /// Puts a file that lies on the host already where it belongs; see `TargetWriter`.
    public func place(_ file: FileWrite, from source: String) async throws(Diagnostic) -> FileWrite.Outcome {
        let result = try await execute(
            FileWrite.placeScript, [Self.pathOperand(source)] + file.words() + (try file.validationWords()))
        return try outcome(of: result, file)
    }

    /// Reads what the script says at its end.
    private func outcome(of result: CommandResult, _ file: FileWrite) throws(Diagnostic) -> FileWrite.Outcome {
        let report = result.output.split(separator: "\n").map(String.init)
        if result.succeeded, report.count == 3, report[0] == "done", let state = FileState(line: report[2]) {
            return FileWrite.Outcome(backupPath: report[1] == "-" ? nil : report[1], state: state)
        }
        throw FileWrite.failure(
            at: result.succeeded ? "" : report.first ?? "", path: file.path, said: result.errorOutput, file: file,
            status: result.status
        ).onHost(hostName)
    }
}

extension FileWrite {
    /// What the script is given before the words of the validation.
    fileprivate func words() -> [String] {
        [
            FileState.format, HostTarget.pathOperand(path), String(size ?? content.count), owner ?? "", group ?? "",
            mode.map { String($0, radix: 8) } ?? "", expecting.map { $0.isEmpty ? "absent" : $0 } ?? "",
            backup ? "1" : "", allowsUnsafeWrite ? "1" : "", followsLinks ? "1" : "",
        ]
    }

    /// The same with the content from the file `$1` of the host.
    fileprivate static let placeScript: Script =
        "sp_source=$1; shift; exec <\"$sp_source\" || { echo content; exit 1; }" + script

    /// The validation command's words, split as Ansible splits them: like a shell, without expanding anything.
    func validationWords() throws(Diagnostic) -> [String] {
        guard let validate else { return [] }
        guard validate.contains("%s") else {
            throw Diagnostic(
                .badValue, "`validate` must hold %s, the place of the file's name: '\(validate)'")
        }
        return try ShellWords.split(validate)
    }

    /// The whole of a write, in one request.
    ///
    /// The new content is complete, owned and checked before the old one is touched. Says `done`, the backup's path
    /// and the file's new state, or the step that failed.
    ///
    /// The content's size is compared, because a full disk may show only there. A file that is a mount of its
    /// own (a container's /etc/hosts) cannot be renamed over at all, so it is written in place without being
    /// asked to: there is no safer way. Any other file that refuses the rename is written in place only where
    /// `unsafe_writes` allows it.
    static let script: Script =
        (#"""
    format=$1; shift
    p=$1; size=$2; owner=$3; group=$4; mode=$5; expect=$6; backup=$7; unsafe=$8; follow=$9; shift 9
    t=; o=; b=-
    trap 'test -z "$t$o" || rm -f -- "$t" "$o"' EXIT
    fail() { echo "$1"; exit 1; }
    # What is on the disk cannot be lost any more. Where one file cannot be asked about (its mode may not even let it be
    # opened) all is written out; only what says that content was lost is a failure.
    settle() {
    said=$(sync "$1" 2>&1) && return
    case $said in
    *"nput/output error"*|*"o space left"*|*"uota exceeded"*|*"tale file handle"*) echo "$said" >&2; return 1;;
    esac
    sync 2>/dev/null || :
    }
    if test -n "$follow" && test -L "$p"; then
    p=$(readlink -f -- "$p") || fail link
    test -n "$p" || fail link
    fi
    case $p in */*) d=${p%/*}; d=${d:-/};; *) d=.;; esac
    test -d "$d" || fail parent
    if test -d "$p" && ! test -L "$p"; then fail directory; fi
    old=; test -e "$p" && old=1
    if test -n "$old" && ! test -f "$p"; then fail special; fi
    sum() { sha1sum <"$1" | cut -c1-40; }
    case $expect in
    '') ;;
    absent) if test -n "$old" || test -L "$p"; then fail appeared; fi;;
    *) test -n "$old" || fail vanished
    now=$(sum "$p") && test -n "$now" || fail sum
    test "$now" = "$expect" || fail changed;;
    esac
    direct=
    t=$(mktemp "$d/.swiftprov-XXXXXXXXXX") || {
    t=
    test -n "$unsafe" && test -w "$p" || fail create
    direct=1; t=$(mktemp) || { t=; fail create; }
    }
    if test -z "$direct" && test -n "$old"; then
    # Access lists and attributes go along where the system keeps them; until all is done nobody else may look inside.
    cp --attributes-only --preserve=mode,xattr -- "$p" "$t" 2>/dev/null
    chmod 600 "$t" || fail mode
    fi
    cat >"$t" || fail content
    test "$(wc -c <"$t")" -eq "$size" || fail size
    if test -z "$direct"; then
    if test -n "$old"; then
    was=$(stat -c '%u %g %a' -- "$p") || fail stat
    # As Ansible does: who may not give the file its old owner keeps it as the new one.
    test -n "$owner" || chown "${was%% *}" "$t" 2>/dev/null
    was=${was#* }; test -n "$group" || chgrp "${was%% *}" "$t" 2>/dev/null
    test -n "$mode" || mode=${was#* }
    fi
    if test -n "$owner"; then chown -- "$owner" "$t" || fail owner; fi
    if test -n "$group"; then chgrp -- "$group" "$t" || fail group; fi
    if test -n "$mode"; then chmod -- "$mode" "$t" || fail mode
    else chmod =rw "$t" || fail mode
    fi
    fi
    if test $# -gt 0; then
    n=$#
    while test $n -gt 0; do
    w=$1; shift; n=$((n-1))
    case $w in *%s*) w="${w%%%s*}$t${w#*%s}";; esac
    set -- "$@" "$w"
    done
    "$@" >&2 </dev/null || { echo "status $?" >&2; fail validate; }
    fi
    settle "$t" || fail content
    if test -n "$backup" && test -n "$old"; then
    n=$$
    while b="$p.$n.$(date '+%Y-%m-%d@%H:%M:%S')~"; test -e "$b"; do n=$((n+1)); done
    cp -p -- "$p" "$b" || { rm -f -- "$b"; fail backup; }
    fi
    # Nothing can be renamed here, so the old content waits beside until the new one is there, and no signal comes
    # between them.
    inplace() {
    trap '' HUP INT PIPE TERM
    if test -n "$old"; then
    o=$(mktemp) || { o=; fail inplace; }
    cat <"$p" >"$o" && was=$(stat -c '%u:%g %a' -- "$p") || fail inplace
    fi
    step=inplace
    cat <"$t" >"$p" && step=owner && { test -z "$owner" || chown -- "$owner" "$p"; } &&
    step=group && { test -z "$group" || chgrp -- "$group" "$p"; } &&
    step=mode && { test -z "$mode" || chmod -- "$mode" "$p"; } &&
    step=content && settle "$p" && return
    if test -z "$old"; then rm -f -- "$p"
    elif cat <"$o" >"$p"; then
    chown -- "${was% *}" "$p" 2>/dev/null; chmod -- "${was#* }" "$p" 2>/dev/null
    else echo "$o" >&2; o=; step=lost
    fi
    fail $step
    }
    if test -n "$direct"; then inplace
    else
    moved=$(mv -f -T -- "$t" "$p" 2>&1) && t= || {
    # A busybox without -T: the path was seen not to be a directory above.
    case $moved in *"nrecognized option"*|*"nvalid option"*) moved=$(mv -f -- "$t" "$p" 2>&1) && t=;; esac
    }
    if test -n "$t"; then
    if test -n "$unsafe" || { test -n "$old" && cut -d ' ' -f 5 /proc/self/mountinfo | grep -qxF -- "$p"; }
    then inplace
    else echo "$moved" >&2; fail rename
    fi
    else { sync "$d" || sync; } 2>/dev/null
    fi
    fi
    state=$(stat -c "$format" -- "$p") || fail stat
    echo done; echo "$b"; echo "$state"
    """# as Script).checkingItsInput

    /// The error for the step at which a write failed.
    static func failure(at step: String, path: String, said: String, file: FileWrite, status: Int32) -> Diagnostic {
        func because(_ remedy: String? = nil) -> Diagnostic {
            let reason = ErrorWords.reason(in: said)
            return Diagnostic(
                .failed, "cannot write '\(path)': \(reason?.summary ?? said.lastLine)", remedy: reason?.remedy ?? remedy
            )
        }
        switch step {
        case "parent":
            return Diagnostic(
                .failed, "cannot write '\(path)': its directory does not exist",
                remedy: "Create the directory first (`ansible.builtin.file` with `state: directory`).")
        case "directory":
            return Diagnostic(.failed, "cannot write '\(path)': it is a directory", remedy: "Name the file within it.")
        case "special":
            return Diagnostic(.failed, "cannot write '\(path)': it is a device, socket or pipe, not a file")
        case "link":
            return Diagnostic(.failed, "cannot write '\(path)': the link leads nowhere", remedy: "Mend the link first.")
        case "changed", "vanished", "appeared":
            let what = step == "appeared" ? "was created" : step == "vanished" ? "was removed" : "was changed"
            return Diagnostic(
                .failed, "'\(path)' \(what) by somebody else since it was inspected; nothing was written",
                remedy: "Run again, once whoever else changes it is done.")
        case "validate":
            var lines = said.split(whereSeparator: \.isNewline).map(String.init)
            let status = lines.last?.hasPrefix("status ") == true ? lines.removeLast() : "a status other than 0"
            return Diagnostic(
                .failed,
                "the new content of '\(path)' failed validation (\(status) of `\(file.validate ?? "")`): "
                    + (lines.last ?? "it said nothing"),
                remedy: "Mend the content; the old file stands as it was.",
                notes: lines.dropLast().suffix(10).map { Diagnostic.Note($0) })
        case "owner":
            return because("Create the user '\(file.owner ?? "")' first, or become root.")
        case "group":
            return because("Create the group '\(file.group ?? "")' first, or become root.")
        case "rename":
            return because("If the file is one that cannot be replaced, `unsafe_writes: true` allows writing into it.")
        case "sum":
            return Diagnostic(
                .failed, "cannot read '\(path)' to see whether it changed: \(said.lastLine)", remedy: "Become root.")
        case "size":
            return ErrorWords.reason(in: said) == nil
                ? Diagnostic(.failed, "cannot write '\(path)': the content did not arrive whole; nothing was changed")
                : because()
        case "backup":
            return Diagnostic(
                .failed, "cannot keep a backup of '\(path)': \(ErrorWords.reason(in: said)?.summary ?? said.lastLine)",
                remedy: ErrorWords.reason(in: said)?.remedy)
        case "create", "content", "mode", "stat", "inplace":
            return because()
        case "lost":
            return Diagnostic(
                .failed, "'\(path)' was written in place, and neither the new nor the old content fits any more",
                remedy: "Make room and put the old content back: it is in '\(said.lastLine)' on the host.")
        default:
            return Diagnostic(
                .failed, "cannot write '\(path)' (status \(status)): \(said.lastLine)",
                remedy: ErrorWords.reason(in: said)?.remedy)
        }
    }
}

/// What the base system's programs say when the kernel refuses (in the C locale), and what helps.
enum ErrorWords {
    private static let known: [(words: String, summary: String, remedy: String?)] = [
        ("No space left on device", "no space left on the host's disk", "Free some space there and run again."),
        ("Disk quota exceeded", "the disk quota is used up", "Free some space there, or raise the quota."),
        ("Read-only file system", "the file system is read-only", "Remount it writable, or choose another place."),
        ("Permission denied", "permission denied", "Become a user who may, with `become: true`."),
        ("Operation not permitted", "operation not permitted", "Become root; see also `lsattr` for an immutable file."),
        ("Is a directory", "it is a directory", nil),
        ("Not a directory", "part of its path is not a directory", nil),
        ("No such file or directory", "no such file or directory", nil),
        ("invalid user", "there is no such user", nil),
        ("unknown user", "there is no such user", nil),
        ("invalid group", "there is no such group", nil),
        ("unknown group", "there is no such group", nil),
        ("Device or resource busy", "it is busy (a mount point?)", nil),
        ("Text file busy", "it is a program that runs", nil),
        ("File name too long", "its name is too long", nil),
        ("Too many levels of symbolic links", "its links lead in a circle", nil),
        ("Input/output error", "the host's disk has errors", "See `dmesg` there."),
    ]

    static func reason(in said: String) -> (summary: String, remedy: String?)? {
        known.first { said.contains($0.words) }.map { ($0.summary, $0.remedy) }
    }
}
