import Playbook
import Values

/// Playbooks that come out of collections.
public enum CollectionPlaybooks {
    /// Where a playbook named with its collection is (`namespace.collection.name`); nil if the name is none of these,
    /// or no collection has it.
    ///
    /// - Parameter bases: Folders that hold `ansible_collections`.
    public static func path(named name: String, in bases: [String]) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, !name.contains("/"), !parts.contains("") else { return nil }
        let below = "ansible_collections/\(parts[0])/\(parts[1])/playbooks"
        let path = parts.dropFirst(2).joined(separator: "/")
        return bases.flatMap { base in [".yml", ".yaml", ".json"].map { "\(base)/\(below)/\(path)\($0)" } }
            .first(where: ProjectFiles.isFile)
    }

    /// The collection that a file belongs to, such as `community.general`.
    static func collection(of path: String) -> String? {
        let parts = Path.absolute(path).split(separator: "/")
        guard let start = parts.lastIndex(of: "ansible_collections"), start + 3 < parts.count else { return nil }
        return "\(parts[start + 1]).\(parts[start + 2])"
    }
}
