public import Diagnostics
internal import Glibc

extension LocalFile {
    /// Writes a file that only its owner may read: whoever reads it meanwhile sees the old or the new content, whole.
    ///
    /// - Parameters:
    ///   - path: The file; its directory exists.
    ///   - bytes: The whole content.
    /// - Throws: `Diagnostic` with code `.failed`, naming the path and the system's reason.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(Diagnostic) {
        // The name begins with a dot, so that nobody takes it for a finished file.
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        var template = Array("\(path[..<slash]).\(path[slash...]).XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        let temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var rest = bytes[...]
        var failure: Int32 = 0
        while !rest.isEmpty, failure == 0 {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { failure = errno }
        }
        close(descriptor)
        if failure == 0, rename(temporary, path) != 0 { failure = errno }
        guard failure == 0 else {
            unlink(temporary)
            throw unwritable(path, failure)
        }
    }

    /// Makes a directory and those above it, unless they are there.
    ///
    /// - Throws: `Diagnostic` with code `.failed`, naming the path and the system's reason.
    public static func makeDirectory(_ path: String) throws(Diagnostic) {
        if kind(path) == .directory || path.isEmpty { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeDirectory(String(path[..<slash])) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw unwritable(path, errno) }
    }

    private static func unwritable(_ path: String, _ error: Int32) -> Diagnostic {
        Diagnostic(
            .failed, "cannot write '\(path)': \(String(cString: strerror(error)))",
            remedy: "Check the directory's rights and the space left.")
    }
}
