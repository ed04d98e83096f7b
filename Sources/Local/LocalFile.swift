public import Diagnostics
internal import Glibc

/// Reads files of the control machine, which vaulted ones among them are not told apart from outside.
public enum LocalFile {
    /// The bytes of a file.
    ///
    /// - Throws: `Diagnostic` with code `.missingFile`, naming the path and the system's reason.
    public static func bytes(_ path: String) throws(Diagnostic) -> [UInt8] {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw unreadable(path, errno) }
        if information.st_mode & S_IFMT == S_IFDIR { throw unreadable(path, EISDIR) }
        return try contents(of: descriptor, named: path, expecting: Int(information.st_size))
    }

    /// Hands a file's bytes over in pieces of a mebibyte at most.
    ///
    /// - Throws: `Diagnostic` with code `.missingFile`, naming the path and the system's reason.
    public static func readPieces(of path: String, _ take: ([UInt8]) -> Void) throws(Diagnostic) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        while case let piece = try piece(of: descriptor, named: path, upTo: 1 << 20), !piece.isEmpty { take(piece) }
    }

    /// The next bytes of an open file; none at its end.
    private static func piece(
        of descriptor: Int32, named path: String, upTo room: Int
    ) throws(Diagnostic) -> [UInt8] {
        var failure: Int32 = 0
        let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            var got = Glibc.read(descriptor, buffer.baseAddress, room)
            while got < 0, errno == EINTR { got = Glibc.read(descriptor, buffer.baseAddress, room) }
            failure = got < 0 ? errno : 0
            count = max(0, got)
        }
        guard failure == 0 else { throw unreadable(path, failure) }
        return piece
    }

    /// All that can be read from an open file, a pipe or a terminal.
    ///
    /// - Parameters:
    ///   - descriptor: Where to read; it stays open.
    ///   - path: What to call it in an error.
    ///   - size: How many bytes there probably are.
    /// - Throws: `Diagnostic` with code `.missingFile`, naming the path and the system's reason.
    package static func contents(
        of descriptor: Int32, named path: String, expecting size: Int = 0
    ) throws(Diagnostic) -> [UInt8] {
        // As long as the system says, and one more to see that it ends there; what has no length, such as a pipe,
        // is read in larger pieces.
        var bytes: [UInt8] = []
        var room = size > 0 ? size + 1 : 65_536
        while true {
            let piece = try piece(of: descriptor, named: path, upTo: room)
            if piece.isEmpty { return bytes }
            if bytes.isEmpty { bytes = piece } else { bytes += piece }
            room = 65_536
        }
    }

    /// Writes all of the bytes.
    ///
    /// - Returns: Zero, or the system's error number.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            written += count
        }
        return 0
    }

    /// What lies at a path.
    public enum Kind: Sendable {
        case file
        case directory
        case other
    }

    /// What lies at a path, links followed; nil if nothing can be found there.
    public static func kind(_ path: String) -> Kind? {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        switch information.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        default: return .other
        }
    }

    /// Whether a path is a file that this user may execute.
    public static func isExecutable(_ path: String) -> Bool {
        var information = stat()
        // The permission bits are asked, not access(2): to root everything seems executable on some systems.
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
            && information.st_mode & 0o111 != 0
    }

    /// The names in a directory in byte order, without `.` and `..`; nil if it cannot be read.
    public static func names(in directory: String) -> [String]? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    static func unreadable(_ path: String, _ error: Int32) -> Diagnostic {
        let reason = String(cString: strerror(error))
        return Diagnostic(
            .missingFile, "cannot read '\(path)': \(reason)",
            remedy: error == EACCES ? "Give your user the right to read it." : nil)
    }
}
