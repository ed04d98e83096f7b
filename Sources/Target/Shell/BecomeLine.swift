internal import Diagnostics
internal import Values

/// The line that starts a shell of some identity; plain enough for any login shell (bash, fish, tcsh) to read.
enum BecomeLine {
    /// The line for an identity.
    ///
    /// - Parameters:
    ///   - become: Whom to become; nil is the login user.
    ///   - prompt: What sudo is told to ask for the password with.
    ///   - readyMark: Printed once the password was taken, before the shell reads anything.
    /// - Returns: One line, without its end.
    static func text(_ become: Become?, prompt: String, readyMark: String) -> String {
        guard let become else { return "exec /bin/sh" }
        let shell = become.password == nil ? "exec /bin/sh" : "echo \(readyMark); exec /bin/sh"
        let program = become.executable ?? become.method.rawValue
        let words: [String] =
            switch become.method {
            case .sudo:
                [program] + flags(become.flags, prompt: become.password == nil ? nil : prompt)
                    + ["-u", become.user, "--", "/bin/sh", "-c", shell]
            case .su:
                [program] + (become.flags ?? []) + [become.user, "-c", shell]
            case .doas:
                [program] + (become.flags ?? (become.password == nil ? ["-n"] : []))
                    + ["-u", become.user, "/bin/sh", "-c", shell]
            }
        // Their messages are read, so they must be in English; the shell chooses its own locale afterwards.
        return "exec env LC_ALL=C " + ShellQuoting.join(words)
    }

    /// sudo's flags: no questions without a password; with one, asked on stderr and read from standard input.
    private static func flags(_ given: [String]?, prompt: String?) -> [String] {
        let base = given ?? ["-H"]
        guard let prompt else { return base.contains("-n") || base.contains("-S") ? base : base + ["-n"] }
        return base.filter { $0 != "-n" && $0 != "-S" } + ["-S", "-p", prompt]
    }
}

/// Says why becoming another user failed, from the program's own words.
enum BecomeFailure {
    static func wrongPassword(_ become: Become) -> Diagnostic {
        Diagnostic(
            .become, "\(become.method.rawValue) did not accept the password for becoming '\(become.user)'",
            remedy: "Give the right one with -K, --become-password-file or `ansible_become_password`.")
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
        if says("must have a tty", "must be run from a terminal", "a tty is required", "a terminal is required") {
            if become.password == nil, says("a password is required") { return passwordNeeded(program, become) }
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
