public import Diagnostics
import Local
import Values
import YAML

/// The Python code that modules share: ansible-core's, the project's and that of collections.
final class PythonLibrary {
    let installation: AnsibleInstallation
    /// Folders of `module_utils` of the project, the nearest first; they win over ansible-core's.
    let utilityPaths: [String]
    /// Folders that hold `ansible_collections`.
    let collectionsPath: [String]
    /// What was read of names that have moved, by file.
    private var runtimes: [String: CollectionRuntime] = [:]

    init(installation: AnsibleInstallation, utilityPaths: [String], collectionsPath: [String]) {
        self.installation = installation
        self.utilityPaths = utilityPaths
        self.collectionsPath = collectionsPath
    }

    /// A file that belongs into a payload.
    struct Found {
        /// The module's full name.
        var parts: [String]
        var isPackage: Bool
        var source: [UInt8]

        /// Where it lies in the payload.
        var entry: String { parts.joined(separator: "/") + (isPackage ? "/__init__.py" : ".py") }
    }

    /// What provides a name.
    ///
    /// - Parameters:
    ///   - parts: The name.
    ///   - mayBeInside: Whether its last part may be something in a module.
    /// - Throws: `Diagnostic` if a file is there and cannot be read.
    func find(_ parts: [String], mayBeInside: Bool) throws(Diagnostic) -> Found? {
        var candidates = [parts]
        if parts.starts(with: ["ansible", "module_utils"]) {
            // Its parts are made when it is loaded.
            if parts.count > 3, parts[2] == "six" { candidates = [Array(parts[..<3])] }
            if mayBeInside, parts.count > 3 { candidates.append(parts.dropLast()) }
            for name in candidates {
                if let found = try coreModule(name) { return found }
            }
            // The list is long; it is read when something is not where it was.
            for name in candidates {
                if let found = try movedFromCore(name) { return found }
            }
            return nil
        }
        guard parts.first == "ansible_collections" else { return nil }
        if parts.count < 6 { return Found(parts: parts, isPackage: true, source: []) }
        if mayBeInside, parts.count > 6 { candidates.append(parts.dropLast()) }
        for name in candidates {
            if let found = try collectionModule(name) { return found }
        }
        return nil
    }

    private func coreModule(_ name: [String]) throws(Diagnostic) -> Found? {
        let rest = name.dropFirst(2).joined(separator: "/")
        for directory in utilityPaths + [installation.package + "/module_utils"] {
            if let found = try file(name, "\(directory)/\(rest)") { return found }
        }
        return nil
    }

    private func movedFromCore(_ name: [String]) throws(Diagnostic) -> Found? {
        try runtime(installation.package + "/config/ansible_builtin_runtime.yml")
            .redirect(.moduleUtils, name.dropFirst(2).joined(separator: "."))
            .map { Self.shim(for: name, target: $0) }
    }

    private func runtime(_ path: String) throws(Diagnostic) -> CollectionRuntime {
        if let known = runtimes[path] { return known }
        let read = try CollectionRuntime.read(path)
        runtimes[path] = read
        return read
    }

    private func collectionModule(_ name: [String]) throws(Diagnostic) -> Found? {
        let collection = name[..<3].joined(separator: "/")
        let rest = name.dropFirst(3).joined(separator: "/")
        for base in collectionsPath {
            let directory = "\(base)/\(collection)"
            guard LocalFile.kind(directory) == .directory else { continue }
            let runtime = try runtime(directory + "/meta/runtime.yml")
            if let target = runtime.redirect(.moduleUtils, name.dropFirst(5).joined(separator: ".")) {
                return Self.shim(for: name, target: target)
            }
            return try file(name, "\(directory)/\(rest)")
        }
        return nil
    }

    private func file(_ name: [String], _ path: String) throws(Diagnostic) -> Found? {
        for (ending, isPackage) in [("/__init__.py", true), (".py", false)] {
            guard LocalFile.kind(path + ending) == .file else { continue }
            return Found(parts: name, isPackage: isPackage, source: try LocalFile.bytes(path + ending))
        }
        return nil
    }

    /// A module that hands on to another.
    private static func shim(for name: [String], target: String) -> Found {
        var full = target
        let parts = target.split(separator: ".")
        if parts.count >= 3, parts[0] != "ansible_collections", parts[1] != "module_utils" {
            full =
                "ansible_collections.\(parts[0]).\(parts[1]).plugins.module_utils."
                + parts.dropFirst(2).joined(separator: ".")
        }
        let text =
            "import sys\nimport \(full)\nsys.modules[\"\(name.joined(separator: "."))\"] = sys.modules[\"\(full)\"]\n"
        return Found(parts: name, isPackage: true, source: Array(text.utf8))
    }
}

/// What a collection says of names that have moved (`meta/runtime.yml`).
public struct CollectionRuntime: Sendable {
    /// What kind of thing a name stands for, by its name in the file.
    public enum Kind: String, Sendable {
        case modules
        case moduleUtils = "module_utils"
        case action
    }

    private let routing: ValueMap

    /// That of a collection that says nothing.
    public static let silent = CollectionRuntime(routing: [:])

    /// - Parameter path: The file; one that is not there says nothing.
    /// - Throws: `Diagnostic` if it is there and cannot be read.
    public static func read(_ path: String) throws(Diagnostic) -> CollectionRuntime {
        guard LocalFile.kind(path) == .file else { return .silent }
        let text = try YAMLReader.text(try LocalFile.bytes(path), name: path)
        let root = try YAMLReader.read(text, file: SourceFile(name: path, text: text))
        return CollectionRuntime(routing: try root?["plugin_routing"]?.value(.data).mapValue ?? [:])
    }

    /// The full name that has taken the place of this one.
    public func redirect(_ kind: Kind, _ name: String) -> String? {
        entry(kind, name)?["redirect"]?.stringValue
    }

    /// What there is to say of a name that is gone for good.
    public func tombstone(_ kind: Kind, _ name: String) -> String? {
        guard let stone = entry(kind, name)?["tombstone"]?.mapValue else { return nil }
        return stone["warning_text"]?.stringValue ?? "It was removed from its collection."
    }

    private func entry(_ kind: Kind, _ name: String) -> ValueMap? {
        routing[kind.rawValue]?.mapValue?[name]?.mapValue
    }
}
