public import Diagnostics
internal import Glibc
internal import Local
internal import Values

/// `chroot`: a shell on this machine that takes a directory for its root.
public struct ChrootProgram: ShellProgram {
    /// The directory, absolute or from where we run.
    public var directory: String
    /// The program, by name or path.
    public var executable = "chroot"
    /// The shell there that runs what we say first.
    public var shell = "/bin/sh"
    /// Whether it is tried by any user: one with a name space of his own may be allowed to.
    public var skipsRootCheck = false

    /// A directory as the root.
    public init(directory: String) { self.directory = directory }

    /// What runs a line there.
    ///
    /// - Throws: `Diagnostic` with code `.failed`, as Ansible counts it, if the directory is none or holds no shell,
    ///   if we are not root, or if there is no such program.
    public func words(running line: String, atTerminal: Bool) throws(Diagnostic) -> [String] {
        guard LocalFile.kind(directory) == .directory else {
            throw Diagnostic(
                .failed, "'\(directory)' is no directory to take for a root",
                remedy: "Make it first, as with debootstrap; `ansible_host` names another than the inventory does.")
        }
        // A link may lead to what is only there once the root has changed.
        guard LocalFile.kind("\(directory)/bin/sh") == .file || isLink("\(directory)/bin/sh") else {
            throw Diagnostic(
                .failed, "there is no /bin/sh in '\(directory)'",
                remedy: "Install a base system there first, as with debootstrap; tasks need a POSIX shell.")
        }
        guard skipsRootCheck || geteuid() == 0 else {
            throw Diagnostic(
                .failed, "only root may change the root to '\(directory)'",
                remedy: "Run as root, or set `ansible_chroot_disable_root_check` where this user may.")
        }
        // Shells send there what nobody is to see; as root they would make it an ordinary file that grows.
        guard LocalFile.kind("\(directory)/dev/null") == .other else {
            throw Diagnostic(
                .failed, "there is no device /dev/null in '\(directory)', without which few programs work",
                remedy: "Mount the devices there: `mount --rbind /dev \(ShellQuoting.quote(directory + "/dev"))`.")
        }
        guard let path = LocalProgram.path(of: executable) else {
            throw .missing(
                program: executable, remedy: "Install coreutils, or correct `ansible_chroot_exe`.")
        }
        return [path, HostTarget.pathOperand(directory), shell, "-c", line]
    }

    private func isLink(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFLNK
    }

    /// The directory.
    public var elsewhere: (any Elsewhere)? { ChrootDirectory(path: directory, shell: shell) }
}

/// A directory that is a shell's root.
private struct ChrootDirectory: Elsewhere {
    let path: String
    let shell: String

    var description: String { "the root '\(path)'" }
    var environment: [(name: String, value: String)] { [] }

    func failure(_ said: String, _ how: String) -> Diagnostic {
        let words = said.lowercased()
        if words.contains("not permitted") || words.contains("permission denied") {
            return Diagnostic(
                .unreachable, "this user may not change the root to '\(path)': \(said.lastLine)",
                remedy: "Run as root; a container needs the capability SYS_CHROOT for it.")
        }
        if words.contains("exec format error") {
            return Diagnostic(
                .unreachable, "the programs in '\(path)' are of another kind of machine: \(said.lastLine)",
                remedy: "Install qemu-user-static with its binfmt entries, or use a root for this machine.")
        }
        return Diagnostic(
            .unreachable,
            "no shell began in \(description) (\(how))" + (said.lastLine.isEmpty ? "" : ": \(said.lastLine)"),
            remedy: "See by hand: `chroot \(ShellQuoting.quote(path)) \(ShellQuoting.quote(shell)) -c true`. "
                + "A program there needs its libraries there.")
    }
}
