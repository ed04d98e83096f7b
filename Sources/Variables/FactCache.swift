public import Diagnostics
internal import Glibc
internal import Local
public import Values

/// Facts kept in files between runs, a JSON file per host, in ansible-core's own format: `fact_caching = jsonfile`.
///
/// What is secret is never written. It belongs to the thread that runs the engine, like the variables it serves.
public final class FactCache {
    private let directory: String
    private let prefix: String
    private let timeout: Int
    /// What went wrong and does not end a run, each thing once.
    private var troubles: [Diagnostic] = []
    private var told: Set<String> = []

    /// The version of the format, a part of the names of files since ansible-core 2.19.
    private static let version = "s1_"

    /// - Parameters:
    ///   - directory: Where the files lie; it is made if it is not there.
    ///   - prefix: What their names begin with.
    ///   - timeout: How many seconds a file counts; zero for ever.
    /// - Throws: `Diagnostic` with code `.badOption` if the directory cannot be made or used.
    public init(directory: String, prefix: String, timeout: Int) throws(Diagnostic) {
        self.directory = directory
        self.prefix = prefix
        self.timeout = timeout
        do throws(Diagnostic) {
            try LocalFile.makeDirectory(directory)
        } catch {
            throw Diagnostic(.badOption, "the cache of facts: \(error.summary)", remedy: Self.remedy)
        }
        guard LocalFile.kind(directory) == .directory, access(directory, R_OK | W_OK | X_OK) == 0 else {
            throw Diagnostic(
                .badOption, "the cache of facts '\(directory)' is no directory that can be written", remedy: Self.remedy
            )
        }
    }

    private static let remedy = "Let fact_caching_connection name a directory of yours."

    /// What went wrong since it was last asked for.
    func takeTroubles() -> [Diagnostic] {
        defer { troubles = [] }
        return troubles
    }

    /// A host's facts, under the names they were set with; nil if there are none, or they are too old.
    public func facts(of host: String) -> ValueMap? {
        guard let path = path(of: host), isFresh(path) else { return nil }
        do throws(Diagnostic) {
            let file = try JSON.parse(try LocalFile.bytes(path))
            // Files of ansible-core hold their content as text within; others wrote it as it is.
            let payload = try file.mapValue?["__payload__"]?.stringValue.map { (text) throws(Diagnostic) in
                try JSON.parse(text)
            }
            guard let facts = (payload ?? file).mapValue else {
                throw Diagnostic(.badValue, "it holds no object")
            }
            return facts.mapValues(Self.plain)
        } catch {
            tell("the cached facts '\(path)' cannot be read and are forgotten: \(error.summary)")
            unlink(path)
            return nil
        }
    }

    /// Keeps all facts of a host; those that are secret are left out.
    func store(_ facts: ValueMap, of host: String) {
        guard let path = path(of: host) else { return }
        var kept = ValueMap()
        for (name, value) in facts {
            if value.holdsSecret {
                tell("the fact '\(name.text)' of \(host) holds a secret and is not kept in the cache")
            } else if value.firstUnknown == nil {
                kept[name] = value
            }
        }
        do throws(Diagnostic) {
            let payload = try JSON.text(.map(kept.mapValues(Self.writable)), style: .python)
            let text = try JSON.text(["__payload__": .string(payload)], style: .python)
            try LocalFile.replace(path, with: Array(text.utf8), isDurable: false)
        } catch {
            tell("the facts of \(host) cannot be kept: \(error.summary)")
        }
    }

    /// Forgets a host's facts.
    public func remove(_ host: String) {
        if let path = path(of: host) { unlink(path) }
    }

    private func path(of host: String) -> String? {
        // A host such as /srv/chroot would be a file elsewhere.
        guard !host.contains("/"), !host.isEmpty else {
            tell("the facts of '\(host)' are not cached: its name can be no file's")
            return nil
        }
        return "\(directory)/\(prefix)\(Self.version)\(host)"
    }

    private func isFresh(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return timeout == 0 || time(nil) - status.st_mtim.tv_sec <= timeout
    }

    private func tell(_ summary: String) {
        guard told.insert(summary).inserted else { return }
        troubles.append(Diagnostic(.failed, summary, severity: .warning))
    }

    /// A value without the marks that ansible-core writes beside texts: where they come from, for one.
    private static func plain(_ value: Value) -> Value {
        switch value {
        case .map(let map):
            if let kind = map["__ansible_type"]?.stringValue {
                if kind == "EncryptedString" || kind == "VaultedValue" { return .null }
                if let inner = map["value"] ?? map["iso8601"] { return plain(inner) }
            }
            return .map(map.mapValues(plain))
        case .list(let items): return .list(items.map(plain))
        // What is in a file of facts came from a host: it is data, never a template.
        default: return value
        }
    }

    /// A value as JSON can hold it.
    private static func writable(_ value: Value) -> Value {
        switch value {
        case .map(let map): .map(map.mapValues(writable))
        case .list(let items), .tuple(let items): .list(items.map(writable))
        case .object, .undefined: .string(value.pythonText)
        case .double(let double) where !double.isFinite: .string(value.pythonText)
        default: value
        }
    }
}
