public import Diagnostics
internal import Glibc

extension LocalFile {
    /// Who may read a file that is put in place.
    public enum Access: Sendable {
        /// Its owner alone.
        case ownerOnly
        /// Whom the process's umask lets.
        case byUmask
        /// As the file that was there; its owner alone where there was none.
        case asBefore
    }

    /// Puts a file in place: whoever reads it meanwhile sees the old or the new content, whole.
    ///
    /// - Parameters:
    ///   - path: The file; its directory exists. A link there is replaced, not followed. A device or a pipe, such as
    ///     `/dev/stdout`, is written into: nothing can take its place.
    ///   - bytes: The whole content.
    ///   - access: Who may read it.
    ///   - isDurable: Whether it must survive a power cut from now on; a cache need not.
    /// - Throws: `Diagnostic` with code `.failed`, naming the path and the system's reason.
    public static func replace(
        _ path: String, with bytes: [UInt8], access: Access = .ownerOnly, isDurable: Bool = true
    ) throws(Diagnostic) {
        if isStream(path) { return try writeInto(path, bytes) }
        let temporary = try written(bytes, beside: path, access, isDurable)
        guard rename(temporary, path) == 0 else {
            let reason = errno
            unlink(temporary)
            throw unwritable(path, reason)
        }
        if isDurable { settleName(of: path) }
    }

    /// Lets the name outlast a power cut as well as the content. It is in place whatever comes of this, and some file
    /// systems cannot do it.
    fileprivate static func settleName(of path: String) {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Makes a file that only its owner may read, unless there is one: the first of several who try wins.
    ///
    /// - Returns: Whether it was made; what is there otherwise stays as it is.
    /// - Throws: `Diagnostic` with code `.failed`, naming the path and the system's reason.
    public static func create(_ path: String, with bytes: [UInt8]) throws(Diagnostic) -> Bool {
        let temporary = try written(bytes, beside: path, .ownerOnly, true)
        defer { unlink(temporary) }
        // Unlike a rename, a link never replaces what is there.
        if link(temporary, path) == 0 { return true }
        guard errno == EEXIST else { throw unwritable(path, errno) }
        return false
    }

    /// Whether a path names a device, a pipe, or a descriptor of this process.
    fileprivate static func isStream(_ path: String) -> Bool {
        var status = stat()
        // A descriptor may lead to a plain file, but the link that is its name is the system's own.
        let isSystems = path.hasPrefix("/dev/") || path.hasPrefix("/proc/")
        guard (isSystems ? lstat(path, &status) : stat(path, &status)) == 0 else { return false }
        let kind = status.st_mode & S_IFMT
        return kind != S_IFREG && kind != S_IFDIR
    }

    private static func writeInto(_ path: String, _ bytes: [UInt8]) throws(Diagnostic) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        let failure = write(bytes, to: descriptor)
        close(descriptor)
        guard failure == 0 else { throw unwritable(path, failure) }
    }

    /// A finished file beside a path, to be given its name.
    private static func written(
        _ bytes: [UInt8], beside path: String, _ access: Access, _ isDurable: Bool
    ) throws(Diagnostic) -> String {
        var before = stat()
        let keepsAccess = access == .asBefore && stat(path, &before) == 0
        let (temporary, descriptor) = try beside(path, mode: access == .byUmask ? 0o666 : 0o600)
        var failure = write(bytes, to: descriptor)
        if failure == 0, keepsAccess {
            // Only root may give a file away; the mode is what matters.
            _ = fchown(descriptor, before.st_uid, before.st_gid)
            if fchmod(descriptor, before.st_mode & 0o7777) != 0 { failure = errno }
        }
        if failure == 0, isDurable, fsync(descriptor) != 0 { failure = errno }
        if close(descriptor) != 0, failure == 0 { failure = errno }
        guard failure == 0 else {
            unlink(temporary)
            throw unwritable(path, failure)
        }
        return temporary
    }

    /// A new file beside a path, whose name begins with a dot, so that nobody takes it for a finished one.
    fileprivate static func beside(
        _ path: String, mode: mode_t
    ) throws(Diagnostic) -> (path: String, descriptor: Int32) {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        while true {
            let unique = String(UInt64.random(in: .min ... .max), radix: 36)
            let temporary = "\(path[..<slash]).swiftprov-\(unique)"
            let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
            if descriptor >= 0 { return (temporary, descriptor) }
            guard errno == EEXIST || errno == EINTR else { throw unwritable(path, errno) }
        }
    }

    /// Makes a directory and those above it, unless they are there.
    ///
    /// - Parameter mode: Permission bits, less the umask.
    /// - Throws: `Diagnostic` with code `.failed`, naming the path and the system's reason.
    public static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(Diagnostic) {
        if kind(path) == .directory || path.isEmpty { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try makeDirectory(String(path[..<slash]), mode: mode)
        }
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw unwritable(path, errno) }
    }

    static func unwritable(_ path: String, _ error: Int32) -> Diagnostic {
        Diagnostic(
            .failed, "cannot write '\(path)': \(String(cString: strerror(error)))",
            remedy: "Check the directory's rights and the space left; what was there is as it was.")
    }
}

/// A file that is written piece by piece, and put in place once it is whole.
///
/// Given up before, it leaves nothing behind.
public final class LocalFileDraft {
    private let path: String
    /// Nil where the path is written into, since nothing can take its place.
    private let temporary: String?
    private let descriptor: Int32
    private var isOpen = true

    /// - Parameters:
    ///   - path: The file that it is to become; its directory exists. A link there will be replaced; a device or a pipe
    ///     is written into.
    ///   - access: Who may read it; `asBefore` stands for its owner alone.
    /// - Throws: `Diagnostic` with code `.failed`, naming the path and the system's reason.
    public init(of path: String, access: LocalFile.Access) throws(Diagnostic) {
        self.path = path
        if LocalFile.isStream(path) {
            temporary = nil
            descriptor = open(path, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw LocalFile.unwritable(path, errno) }
        } else {
            (temporary, descriptor) = try LocalFile.beside(path, mode: access == .byUmask ? 0o666 : 0o600)
        }
    }

    deinit {
        guard isOpen else { return }
        close(descriptor)
        if let temporary { unlink(temporary) }
    }

    /// Writes more behind what is there.
    ///
    /// - Throws: `Diagnostic` with code `.failed`, naming the path and the system's reason.
    public func append(_ bytes: [UInt8]) throws(Diagnostic) {
        let failure = LocalFile.write(bytes, to: descriptor)
        guard failure == 0 else { throw LocalFile.unwritable(path, failure) }
    }

    /// Ends the writing: whoever reads the file from now on sees all of it, even after a power cut.
    ///
    /// - Throws: `Diagnostic` with code `.failed`, naming the path and the system's reason.
    public func putInPlace() throws(Diagnostic) {
        if let temporary {
            guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
                throw LocalFile.unwritable(path, errno)
            }
            LocalFile.settleName(of: path)
        }
        close(descriptor)
        isOpen = false
    }
}
