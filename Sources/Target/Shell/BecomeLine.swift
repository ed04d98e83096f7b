internal import Diagnostics
internal import Values

/// The line that starts a shell of some identity; plain enough for any login shell (bash, fish, tcsh) to read.
enum BecomeLine {
    /// The line for an identity, over streams.
    ///
    /// - Parameters:
    ///   - become: Whom to become; nil is the login user.
    ///   - dialogue: What will be said between us and the program.
    /// - Returns: One line, without its end.
    static func text(_ become: Become?, _ dialogue: BecomeDialogue?) -> String {
        guard let become, let dialogue else { return "exec /bin/sh" }
        let asked = become.password != nil
        return "exec env LC_ALL=C "
            + ShellQuoting.join(
                words(
                    become, shell(marked: asked ? dialogue.readyMark : nil),
                    question: asked ? ["-S", "-p", dialogue.prompt] : []))
    }

    /// The program with its arguments.
    ///
    /// Their messages are read, so they must be in English; the shell chooses its own locale afterwards.
    ///
    /// - Parameters:
    ///   - shell: What the user's shell is to do.
    ///   - question: sudo's flags that say how it asks; none if it must not ask.
    private static func words(_ become: Become, _ shell: String, question: [String]) -> [String] {
        let program = become.executable ?? become.method.rawValue
        switch become.method {
        case .sudo:
            return [program] + sudoFlags(become.flags, question) + ["-u", become.user, "--", "/bin/sh", "-c", shell]
        case .su:
            return [program] + (become.flags ?? []) + [become.user, "-c", shell]
        case .doas:
            return [program] + (become.flags ?? (become.password == nil ? ["-n"] : []))
                + ["-u", become.user, "/bin/sh", "-c", shell]
        }
    }

    /// The shell that takes requests.
    ///
    /// - Parameter mark: Printed before it reads anything.
    private static func shell(marked mark: String?) -> String {
        mark.map { "echo \($0); exec /bin/sh" } ?? "exec /bin/sh"
    }

    private static func sudoFlags(_ given: [String]?, _ question: [String]) -> [String] {
        let base = given ?? ["-H"]
        guard !question.isEmpty else { return base.contains("-n") || base.contains("-S") ? base : base + ["-n"] }
        return base.filter { $0 != "-n" && $0 != "-S" } + question
    }

    // MARK: At a terminal

    /// What the carrier of a shell at a terminal runs: it makes three named pipes, says where, and once it is told
    /// that the other side has them open takes their names away and passes its streams on.
    ///
    /// It holds them open both ways until then, so that neither side ever waits for the other inside the kernel.
    static func carrier(placeMark: String) -> String {
        let script = [
            #"d=; for l in /tmp /var/tmp /dev/shm "$HOME"; do d=$(umask 077; mktemp -d "$l/.swiftprov-XXXXXXXXXX" 2>/dev/null) && break; d=; done"#,
            #"test -n "$d" || { echo "no directory for temporary files can be written to" >&2; exit 1; }"#,
            #"trap 'rm -rf "$d"' EXIT; trap 'exit 143' HUP INT TERM PIPE"#,
            #"(umask 077; mkfifo "$d/i" "$d/o" "$d/e") || exit 1"#,
            #"exec 5<>"$d/i" 6<>"$d/o" 7<>"$d/e""#,
            #"echo "\#(placeMark) $d"; read -r l || exit 1"#,
            #"exec 3<&0 8>"$d/i" 4<"$d/o" 9<"$d/e" 5>&- 6>&- 7>&-; rm -rf "$d"; trap - EXIT"#,
            #"{ cat <&3 >&8 2>/dev/null 3<&- 4<&- 8>&- 9<&- & }; { cat <&9 >&2 3<&- 4<&- 8>&- 9<&- & }"#,
            #"exec cat <&4 3<&- 4<&- 8>&- 9<&-"#,
        ]
        return "exec /bin/sh -c " + ShellQuoting.quote(script.joined(separator: "; "))
    }

    /// The directory that the carrier tells, once all of it came; nil before, or if it is none of ours.
    static func place(after mark: String, in said: [UInt8]) -> String? {
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard let line = lines.dropLast().first(where: { $0.hasPrefix(mark + " /") }) else { return nil }
        let path = line.dropFirst(mark.utf8.count + 1)
        return path.contains("/.swiftprov-") ? String(path) : nil
    }

    /// What runs at the terminal.
    ///
    /// - Parameters:
    ///   - pipes: The carrier's directory.
    ///   - openedMark: Said at the terminal once the pipes are open.
    static func atTerminal(_ become: Become, _ dialogue: BecomeDialogue, pipes: String, openedMark: String) -> String {
        let question = become.password == nil ? [] : ["-p", dialogue.prompt]
        let program = ShellQuoting.join(words(become, shell(marked: dialogue.readyMark), question: question))
        let place = ShellQuoting.quote(pipes)
        // The shell stays, and holds the terminal open: one that nobody has open is hung up, between two questions, too.
        let script =
            "exec 6<>/dev/tty <\(place)/i >\(place)/o 2>\(place)/e || exit 1; echo \(openedMark) >&6; "
            + "env LC_ALL=C \(program); exit"
        return "exec /bin/sh -c " + ShellQuoting.quote(script)
    }

    /// What runs a script at a terminal, as the user, after a mark.
    static func script(_ path: String, _ become: Become?, _ dialogue: BecomeDialogue) -> String {
        let run = "echo \(dialogue.readyMark); exec /bin/sh \(ShellQuoting.quote(path))"
        guard let become else { return "exec /bin/sh -c " + ShellQuoting.quote(run) }
        let question = become.password == nil ? [] : ["-p", dialogue.prompt]
        return "exec env LC_ALL=C " + ShellQuoting.join(words(become, run, question: question))
    }
}

/// Says why becoming another user failed, from the program's own words.
enum BecomeFailure {
    static func wrongPassword(_ become: Become) -> Diagnostic {
        Diagnostic(
            .become, "\(become.method.rawValue) did not accept the password for becoming '\(become.user)'",
            remedy: "Give the right one with -K, --become-password-file or `ansible_become_password`.")
    }

    /// Whether the program would have gone on at a terminal.
    static func isForTerminal(_ words: String, _ become: Become) -> Bool {
        let said = words.lowercased()
        let isWanted = [
            "must have a tty", "must be run from a terminal", "a tty is required", "a terminal is required",
        ]
        .contains { said.contains($0) }
        // Without a password to give, a terminal to ask for it at would be of no use.
        return isWanted && !(become.password == nil && said.contains("a password is required"))
    }

    /// The trouble behind what the program said.
    ///
    /// - Parameters:
    ///   - words: What it said on stderr.
    ///   - how: How its process ended.
    ///   - become: Whom it was to become.
    /// - Returns: A diagnostic with code `.become` and the remedy.
    static func explain(_ words: String, _ how: String, _ become: Become) -> Diagnostic {
        let program = become.executable ?? become.method.rawValue
        let said = words.lowercased()
        func says(_ parts: String...) -> Bool { parts.contains { said.contains($0) } }
        // sudo goes on to say what followed from it.
        func line(_ parts: String...) -> String {
            let lines = words.split(whereSeparator: \.isNewline)
            return lines.first { line in parts.contains { line.lowercased().contains($0) } }.map(String.init)
                ?? words.lastLine
        }

        if says("command not found", "no such file or directory", ": not found") {
            return Diagnostic(
                .become, "'\(program)' is not on this host: \(words.lastLine)",
                remedy: "Install it, or choose another way with `become_method`.")
        }
        if isForTerminal(words, become) {
            return Diagnostic(
                .become, "\(program) wants a terminal on this host: \(words.lastLine)",
                remedy: become.method == .sudo
                    ? "Remove `Defaults requiretty` from the sudoers there, or except this user."
                    : "Let this user become '\(become.user)' without a password, or use `become_method: sudo`.")
        }
        if says(
            "a password is required", "authorization required", "authentication required", "no password was provided")
        {
            return become.password == nil ? passwordNeeded(program, become) : wrongPassword(become)
        }
        if says("sorry, try again", "incorrect password", "authentication failure", "authentication failed") {
            return become.password == nil && become.method != .sudo
                ? passwordNeeded(program, become) : wrongPassword(become)
        }
        if says("not in the sudoers", "is not allowed to", "may not run", "operation not permitted", "not permitted") {
            return Diagnostic(
                .become, "this user may not become '\(become.user)' with \(program): \(words.lastLine)",
                remedy: become.method == .sudo
                    ? "Allow it in the sudoers there (`visudo`), for the command /bin/sh at least."
                    : "Allow it in \(program)'s configuration there.")
        }
        if says("unknown user", "does not exist", "no passwd entry", "unknown id", "user not found") {
            return Diagnostic(
                .become, "there is no user '\(become.user)' on this host: \(line("user", "unknown id", "passwd"))",
                remedy: "Create the user first, or correct `become_user`.")
        }
        return Diagnostic(
            .become,
            "\(program) could not become '\(become.user)' (\(how))"
                + (words.lastLine.isEmpty ? "" : ": \(words.lastLine)"),
            remedy: "Try by hand on the host: `\(program) -u \(become.user) true`.")
    }

    private static func passwordNeeded(_ program: String, _ become: Become) -> Diagnostic {
        Diagnostic(
            .become, "\(program) asks for a password to become '\(become.user)', and none was given",
            remedy: "Give it with -K, --become-password-file or `ansible_become_password`.")
    }
}
