import Configuration
import Diagnostics
import Local
import Playbook
internal import Values

/// The hosts that a run lost, a name a line, for `--limit @FILE`.
enum RetryFile {
    /// Writes the file that the settings ask for, and says how to use it.
    ///
    /// - Parameters:
    ///   - hosts: The hosts that failed or could not be reached; nothing is written if there are none.
    ///   - playbooks: What was run; the file has the first one's name.
    /// - Throws: `Diagnostic` with code `.failed` if it cannot be written.
    static func write(_ hosts: [String], of playbooks: [String], _ settings: Settings) throws(Diagnostic) {
        guard settings.flag(.retryFilesEnabled), !hosts.isEmpty, let playbook = playbooks.first else { return }
        let name = playbook == "-" ? "playbook" : Path.name(of: playbook)
        let stem = name.lastIndex(of: ".").map { $0 == name.startIndex ? name : String(name[..<$0]) } ?? name
        let directory = settings.text(.retryFilesSavePath) ?? Path.absolute(Path.directory(of: playbook))
        try LocalFile.makeDirectory(directory)
        let path = Path.join(directory, "\(stem).retry")
        try LocalFile.replace(path, with: Array(hosts.sorted().map { "\($0)\n" }.joined().utf8))
        Console.write("\tto retry, use: --limit @\(path)\n\n")
    }
}
