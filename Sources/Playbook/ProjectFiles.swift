public import Diagnostics
import Glibc
import Local
public import Vault
public import YAML

/// Reads the files of a project, each once, opened with the vault where they are sealed.
///
/// Used from one thread at a time: while a run is planned, and then by the engine's own.
public final class ProjectFiles {
    public let vault: VaultSecrets
    private var documents: [String: YAMLNode?] = [:]
    private var sources: [String: SourceFile] = [:]
    /// Warnings met while reading, such as duplicate keys; each once.
    public private(set) var warnings: [Diagnostic] = []

    private let duplicates: DuplicateKeys

    /// - Parameters:
    ///   - vault: The passwords.
    ///   - duplicates: What becomes of keys given twice.
    public init(vault: VaultSecrets, duplicates: DuplicateKeys = .warn) {
        self.vault = vault
        self.duplicates = duplicates
    }

    /// The YAML document in a file, or nil if the file is empty.
    ///
    /// - Throws: `Diagnostic`: `.missingFile`, `.vault`, `.syntax`.
    public func document(at path: String) throws(Diagnostic) -> YAMLNode? {
        if let known = documents[path] { return known }
        let source = try source(at: path)
        var found: [Diagnostic] = []
        let node = try YAMLReader.read(source.text, file: source.file, warnings: &found)
        warnings += try duplicates.settled(found)
        documents[path] = node
        return node
    }

    /// The document in a text that is no file, such as standard input.
    public func document(in text: String, named name: String) throws(Diagnostic) -> (YAMLNode?, SourceFile) {
        let file = SourceFile(name: name, text: text)
        sources[name] = file
        var found: [Diagnostic] = []
        let node = try YAMLReader.read(text, file: file, warnings: &found)
        warnings += try duplicates.settled(found)
        documents[name] = node
        return (node, file)
    }

    /// The file as diagnostics show it.
    public func file(at path: String) -> SourceFile { sources[path] ?? SourceFile(name: path, text: "") }

    private func source(at path: String) throws(Diagnostic) -> (text: String, file: SourceFile) {
        let bytes = try LocalFile.bytes(path)
        let isSealed = VaultEnvelope.isSealed(bytes)
        let text = try YAMLReader.text(try opened(bytes, path), name: path)
        let file = SourceFile(name: path, text: text, isSecret: isSealed)
        sources[path] = file
        return (text, file)
    }

    /// A file's bytes, opened with the vault where they are sealed.
    public func content(of path: String, opened isOpened: Bool) throws(Diagnostic) -> [UInt8] {
        let bytes = try LocalFile.bytes(path)
        return isOpened ? try opened(bytes, path) : bytes
    }

    private func opened(_ bytes: [UInt8], _ path: String) throws(Diagnostic) -> [UInt8] {
        guard VaultEnvelope.isSealed(bytes) else { return bytes }
        let place = SourceLocation(file: SourceFile(name: path, text: "", isSecret: true), line: 1, column: 1)
        return try vault.open(String(decoding: bytes, as: UTF8.self), at: place)
    }

    /// Whether there is a file (not a directory) at that path.
    public static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
    }

    /// Whether there is a directory at that path.
    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

/// Paths as text.
public enum Path {
    /// `directory/name`, or `name` alone if it is absolute. `~` is the user's home.
    public static func join(_ directory: String, _ name: String) -> String {
        if name.hasPrefix("/") { return name }
        if name == "~" || name.hasPrefix("~/"), let home = getenv("HOME") {
            return String(cString: home) + name.dropFirst()
        }
        if directory.isEmpty || directory == "." { return name }
        return directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }

    /// What stands before the last slash; `.` if there is none.
    public static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// What stands after the last slash.
    public static func name(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
    }

    /// The path from the root on, without `.`, `..` and doubled slashes; links are left alone.
    public static func absolute(_ path: String) -> String {
        var full = path
        if !path.hasPrefix("/") {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let here = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "/"
            full = join(here, path)
        }
        var parts: [Substring] = []
        for part in full.utf8.split(separator: UInt8(ascii: "/")).map(Substring.init) where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}

extension Path {
    /// The names in a directory, sorted, hidden ones left out; none if it cannot be read.
    public static func entries(of directory: String) -> [String] {
        guard let handle = opendir(directory) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
