internal import Glibc
internal import Local
internal import Values

/// ansible-core as it is installed on the control machine: the code that its modules share is sent to hosts with them.
///
/// It is found by looking where installers put it; no Python is run.
public struct AnsibleInstallation: Sendable {
    /// The folder of the package `ansible`.
    public let package: String
    /// As it calls itself; empty if it does not.
    public let version: String

    /// The folder with the package in it, which is also where collections are installed with it.
    public var directory: String { Self.parent(package) }

    /// The installation in a folder, if it is one.
    public init?(package: String) {
        guard LocalFile.kind(package + "/module_utils/basic.py") == .file else { return nil }
        self.package = package
        let release = (try? LocalFile.bytes(package + "/release.py")) ?? []
        let line = String(decoding: release, as: UTF8.self).split(whereSeparator: \.isNewline).first {
            $0.hasPrefix("__version__")
        }
        version = String(line?.split(separator: "=").last ?? "").filter {
            $0.isLetter || $0.isNumber || ".+-".contains($0)
        }
    }

    /// Where it is looked for, the likeliest place first.
    ///
    /// - Parameter environment: What a variable of the environment holds.
    public static func places(environment: (String) -> String?) -> [String] {
        if let named = environment("SWIFTPROV_ANSIBLE"), !named.isEmpty {
            return [named, named + "/ansible"] + packages(below: named)
        }
        var places: [String] = []
        for directory in (environment("PATH") ?? "").split(separator: ":") {
            for name in ["ansible-playbook", "ansible"] {
                if let prefix = prefix(ofProgram: "\(directory)/\(name)") { places += packages(below: prefix) }
            }
        }
        for name in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
            if let prefix = environment(name), !prefix.isEmpty { places += packages(below: prefix) }
        }
        for directory in (environment("PYTHONPATH") ?? "").split(separator: ":") {
            places.append("\(directory)/ansible")
        }
        if let home = environment("HOME") {
            for tools in [".local/share/pipx/venvs", ".local/pipx/venvs", ".local/share/uv/tools"] {
                let directory = "\(home)/\(tools)"
                for name in LocalFile.names(in: directory) ?? [] where name.contains("ansible") {
                    places += packages(below: "\(directory)/\(name)")
                }
            }
            places += packages(below: home + "/.local")
        }
        for prefix in ["/usr/local", "/usr", "/opt/homebrew"] { places += packages(below: prefix) }
        var seen = Set<String>()
        return places.filter { seen.insert($0).inserted }
    }

    /// The first installation there is.
    public static func find() -> AnsibleInstallation? {
        for place in places(environment: { getenv($0).map { String(cString: $0) } }) {
            if let found = AnsibleInstallation(package: place) { return found }
        }
        return nil
    }

    /// Folders that a package `ansible` may have below a prefix of Python's.
    private static func packages(below prefix: String) -> [String] {
        var places: [String] = []
        for library in ["lib", "lib64", "local/lib"] {
            let directory = "\(prefix)/\(library)"
            // The newest Python first.
            let versions = (LocalFile.names(in: directory) ?? []).filter { $0.hasPrefix("python3") }
                .sorted { number($0) > number($1) }
            for version in versions {
                for packages in ["site-packages", "dist-packages"] {
                    places.append("\(directory)/\(version)/\(packages)/ansible")
                }
            }
        }
        return places
    }

    private static func number(_ name: String) -> Int { Int(name.drop { $0 != "." }.dropFirst()) ?? 0 }

    /// The prefix of the Python that a program's first lines name.
    private static func prefix(ofProgram path: String) -> String? {
        guard LocalFile.isExecutable(path), let start = beginning(of: path), start.hasPrefix("#!") else { return nil }
        for line in start.dropFirst(2).split(whereSeparator: \.isNewline).prefix(2) {
            // Long paths stand on a second line of their own: '''exec' /the/path/python "$0" "$@"
            for word in line.split(whereSeparator: \.isWhitespace) where word.hasPrefix("/") {
                let program = word.split(separator: "/").last ?? ""
                if program.hasPrefix("python") { return parent(parent(String(word))) }
            }
        }
        return nil
    }

    private static func beginning(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    private static func parent(_ path: String) -> String {
        path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
    }
}
