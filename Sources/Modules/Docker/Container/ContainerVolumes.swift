internal import Diagnostics
internal import Values

/// The short form of volumes: binds, named volumes and anonymous ones.
struct ContainerVolumes: Sendable {
    /// `source:path:mode`.
    var binds: [String] = []
    /// Paths in the container.
    var anonymous: [String] = []

    init(_ volumes: [String]) throws(Diagnostic) {
        var taken: Set<String> = []
        for volume in volumes {
            let parts = volume.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let path: String
            switch parts.count {
            case 1:
                path = parts[0]
                anonymous.append(path)
            case 2 where Self.isMode(parts[1]):
                path = parts[0]
                anonymous.append(volume)
            case 2:
                path = parts[1]
                binds.append("\(try Self.source(parts[0], in: volume)):\(parts[1]):rw")
            case 3:
                guard Self.isMode(parts[2]) else {
                    throw Diagnostic(
                        .badValue, "volumes: '\(parts[2])' in '\(volume)' is no mode",
                        remedy: "modes are ro, rw, z, Z, nocopy and the kinds of propagation, joined by commas.")
                }
                path = parts[1]
                binds.append("\(try Self.source(parts[0], in: volume)):\(parts[1]):\(parts[2])")
            default:
                throw Diagnostic(.badValue, "volumes: '\(volume)' is no volume", remedy: "write source:path[:mode].")
            }
            guard path.hasPrefix("/") else {
                throw Diagnostic(
                    .badValue, "volumes: the path '\(path)' in '\(volume)' is not absolute",
                    remedy: "paths in a container begin with '/'.")
            }
            guard taken.insert(path).inserted else {
                throw Diagnostic(.badValue, "volumes: '\(path)' is mounted twice")
            }
        }
    }

    /// A relative path would be resolved on the control machine, which is not where the container runs.
    private static func source(_ source: String, in volume: String) throws(Diagnostic) -> String {
        guard source.hasPrefix(".") || source.hasPrefix("~") else { return source }
        throw Diagnostic(
            .badValue, "volumes: the source '\(source)' in '\(volume)' is not absolute",
            remedy: "give the whole path on the host.")
    }

    static func isMode(_ text: String) -> Bool {
        let modes: Set<Substring> = [
            "rw", "ro", "z", "Z", "consistent", "delegated", "cached", "rprivate", "private", "rshared", "shared",
            "rslave", "slave", "nocopy",
        ]
        return !text.isEmpty
            && text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { modes.contains($0) }
    }

    /// The bind as the Engine keeps it, with the mode that is meant where none is written.
    static func withMode(_ bind: String) -> String {
        let parts = bind.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 && !isMode(String(parts[1])) ? bind + ":rw" : bind
    }
}
