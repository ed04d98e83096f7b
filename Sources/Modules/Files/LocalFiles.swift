import Diagnostics
internal import Glibc
internal import Local

/// What modules need to know of files on the control machine beyond their content.
enum LocalFiles {
    enum Kind: Sendable { case file, directory, link, other }

    /// One file or directory below a directory that is copied.
    struct Entry: Sendable {
        /// The path below the top, without a slash in front.
        var relative: String
        var path: String
        var kind: Kind
        var mode: UInt16
        /// Where a link points, for links that stay links.
        var target: String?
    }

    static func kind(of path: String, follow: Bool = true) -> Kind? {
        var info = stat()
        guard (follow ? stat(path, &info) : lstat(path, &info)) == 0 else { return nil }
        return kind(info)
    }

    static func mode(of path: String) throws(Diagnostic) -> UInt16 {
        var info = stat()
        guard stat(path, &info) == 0 else { throw unreadable(path) }
        return UInt16(info.st_mode & 0o7777)
    }

    /// The files in a directory, links to files among them, in name order; nothing below is looked at.
    static func files(in directory: String) throws(Diagnostic) -> [(name: String, path: String)] {
        guard let names = LocalFile.names(in: directory) else { throw unreadable(directory) }
        return names.map { ($0, FilePlacement.join(directory, $0)) }.filter { kind(of: $0.1) == .file }
    }

    /// Everything below a directory, directories before what is in them, in name order.
    ///
    /// - Parameter follow: Whether a link counts as what it leads to.
    static func tree(_ top: String, follow: Bool) throws(Diagnostic) -> [Entry] {
        var entries: [Entry] = []
        var visited: Set<String> = []
        try walk(top, "", follow: follow, &visited, into: &entries)
        return entries
    }

    private static func walk(
        _ path: String, _ relative: String, follow: Bool, _ visited: inout Set<String>, into entries: inout [Entry]
    ) throws(Diagnostic) {
        guard let directory = opendir(path) else { throw unreadable(path) }
        var names: [String] = []
        while let item = readdir(directory) {
            let name = withUnsafeBytes(of: item.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(directory)
        for name in names.sorted() {
            let child = FilePlacement.join(path, name)
            let below = relative.isEmpty ? name : relative + "/" + name
            var info = stat()
            guard (follow ? stat(child, &info) : lstat(child, &info)) == 0 else { throw unreadable(child) }
            var entry = Entry(relative: below, path: child, kind: kind(info), mode: UInt16(info.st_mode & 0o7777))
            switch entry.kind {
            case .link:
                entry.target = target(of: child)
                entries.append(entry)
            case .directory:
                // A link that leads back up would never end.
                guard visited.insert("\(info.st_dev):\(info.st_ino)").inserted else { continue }
                entries.append(entry)
                try walk(child, below, follow: follow, &visited, into: &entries)
                visited.remove("\(info.st_dev):\(info.st_ino)")
            case .file: entries.append(entry)
            case .other: throw Diagnostic(.badValue, "'\(child)' is neither a file, a directory nor a link")
            }
        }
    }

    private static func kind(_ info: stat) -> Kind {
        switch info.st_mode & 0o170000 {
        case 0o100000: .file
        case 0o040000: .directory
        case 0o120000: .link
        default: .other
        }
    }

    private static func target(of link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink(link, $0.assumingMemoryBound(to: CChar.self), bytes.count) } ?? -1
        }
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    private static func unreadable(_ path: String) -> Diagnostic {
        Diagnostic(.missingFile, "cannot read '\(path)': \(String(cString: strerror(errno)))")
    }
}
