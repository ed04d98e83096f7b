public import Diagnostics
internal import Glibc

/// A file that only ever grows, for one process at a time, and that nobody else may read.
public final class AppendedFile: Sendable {
    public let path: String
    private let descriptor: Int32

    /// Opens a file, making it and its directory if they are not there.
    ///
    /// - Returns: Nil if another process has it open in this way.
    /// - Throws: `Diagnostic` with code `.failed`, naming the file.
    public init?(_ path: String) throws(Diagnostic) {
        self.path = path
        if let slash = path.lastIndex(of: "/") { try LocalFile.makeDirectory(String(path[..<slash]), mode: 0o700) }
        descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw LocalFile.unwritable(path, errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit {
        // A program that is just being started has the file open, too, until it begins: closing alone would leave it
        // locked for that long.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Everything that is in it.
    ///
    /// - Throws: `Diagnostic` with code `.missingFile`.
    public func bytes() throws(Diagnostic) -> [UInt8] { try LocalFile.bytes(path) }

    /// Adds at the end.
    ///
    /// - Throws: `Diagnostic` with code `.failed`, such as for a disk that is full.
    public func append(_ bytes: [UInt8]) throws(Diagnostic) {
        let error = LocalFile.write(bytes, to: descriptor)
        if error != 0 { throw LocalFile.unwritable(path, error) }
    }

    /// Waits until what was added outlives a loss of power. Blocks.
    public func sync() { _ = fdatasync(descriptor) }

    /// Takes the file away.
    public func remove() { unlink(path) }
}
