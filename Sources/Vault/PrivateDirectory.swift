internal import CLinux
internal import Diagnostics
internal import Glibc
internal import Local

/// A directory that only its owner can enter, for plaintext that an editor must find in a file.
///
/// It lies on a memory file system where there is one, and is gone with all that an editor left beside the file
/// (swap, backup and undo files) when it is wiped. A guard, a process of its own, removes it even if this process is
/// killed: it waits for the end of a pipe that nobody else holds open.
final class PrivateDirectory {
    let path: String
    /// Whether what is written here never reaches a disk.
    let isInMemory: Bool
    private let leash: LocalProgram.Pipe
    private let guardian: pid_t
    private var isWiped = false

    /// - Throws: `Diagnostic` with code `.failed` if no directory can be made.
    init() throws(Diagnostic) {
        guard let (path, isInMemory) = Self.made() else {
            throw Diagnostic(
                .failed, "no private directory can be made for the text to edit",
                remedy: "Give your user a writable /dev/shm, XDG_RUNTIME_DIR or TMPDIR.")
        }
        leash = try LocalProgram.Pipe()
        do throws(LocalProgram.SpawnFailure) {
            let reading = leash.reading
            // A session of its own: what the terminal sends to ours is not meant for it.
            guardian = try LocalProgram.spawn(
                ["/bin/sh", "-c", Self.watching, "sh", path], leading: .session
            ) { actions in
                posix_spawn_file_actions_adddup2(&actions, reading, 0)
                posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
                posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
            }
        } catch {
            rmdir(path)
            throw Diagnostic(.failed, "/bin/sh cannot be run: \(error.reason)")
        }
        self.path = path
        self.isInMemory = isInMemory
    }

    /// `read` comes back when the pipe's other end is closed, by us or by our death.
    private static let watching = "trap '' HUP INT TERM QUIT; read -r end; rm -rf -- \"$1\""

    /// The first of the usual places that takes a directory, those in memory before others.
    private static func made() -> (path: String, isInMemory: Bool)? {
        let named = ["XDG_RUNTIME_DIR", "TMPDIR"].compactMap { (name: String) in
            getenv(name).map { String(cString: $0) }
        }
        let places = (["/dev/shm"] + named + ["/tmp"]).map { (place: String) in
            (place: place, isInMemory: swiftprov_is_in_memory(place) != 0)
        }
        for (place, inMemory) in places.filter(\.isInMemory) + places.filter({ !$0.isInMemory }) {
            var template = Array("\(place)/swiftprov-vault-XXXXXX".utf8CString)
            if let made = mkdtemp(&template) { return (String(cString: made), inMemory) }
        }
        return nil
    }

    /// Writes a file that only its owner can read.
    ///
    /// - Returns: Its path.
    /// - Throws: `Diagnostic` with code `.failed`.
    func write(_ bytes: [UInt8], named name: String) throws(Diagnostic) -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        var failure = descriptor < 0 ? errno : 0
        if failure == 0 {
            failure = LocalFile.write(bytes, to: descriptor)
            close(descriptor)
        }
        guard failure == 0 else {
            throw Diagnostic(
                .failed, "the text to edit cannot be written to \(path): \(String(cString: strerror(failure)))",
                remedy: "Make room there; the vault is as it was.")
        }
        return file
    }

    /// Removes the directory and all in it. What lies on a disk is overwritten first.
    func wipe() {
        guard !isWiped else { return }
        isWiped = true
        remove(path)
        leash.closeWriting()
        LocalProgram.wait(for: guardian)
    }

    private func remove(_ path: String) {
        var information = stat()
        guard lstat(path, &information) == 0 else { return }
        if information.st_mode & S_IFMT == S_IFDIR {
            for name in LocalFile.names(in: path) ?? [] { remove("\(path)/\(name)") }
            rmdir(path)
            return
        }
        if !isInMemory, information.st_mode & S_IFMT == S_IFREG { overwrite(path, Int(information.st_size)) }
        unlink(path)
    }

    private func overwrite(_ file: String, _ size: Int) {
        let descriptor = open(file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        _ = LocalFile.write([UInt8](repeating: 0, count: size), to: descriptor)
        fsync(descriptor)
        close(descriptor)
    }

    deinit { wipe() }
}
