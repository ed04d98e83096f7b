import Diagnostics
import Engine
import Glibc
import Local
import Results
import Target
import Values

/// Where runs keep what they have done, for `--resume`: a file a run, in the user's own state directory.
@IOLoop
enum JournalFiles {
    /// The journal of a run, new or that of the run before.
    ///
    /// - Returns: Nil where none is to be kept, or none can be; then a warning says so.
    /// - Throws: `Diagnostic` with code `.badOption` if there is nothing to resume.
    static func open(_ options: ApplyOptions, _ project: Project) throws(Diagnostic) -> RunJournal? {
        if options.check {
            guard !options.resume else {
                throw Diagnostic(.badOption, "--resume and --check do not go together", remedy: "Leave one out.")
            }
            return nil
        }
        guard options.journal || options.resume, !project.playbooks.contains("-") else {
            guard !options.resume else {
                throw Diagnostic(.badOption, "a playbook from standard input cannot be resumed")
            }
            return nil
        }
        let directory = getcwd(nil, 0).map { path in
            defer { free(path) }
            return String(cString: path)
        }
        let name = RunJournal.digest(([directory ?? ""] + project.playbooks).joined(separator: "\0"))
        let earlier = (LocalFile.names(in: folder) ?? []).filter { $0.hasPrefix(name + "-") }.map { folder + "/" + $0 }
        if options.resume { return try resumed(earlier, options) }
        do throws(Diagnostic) {
            // A run of its own: what earlier ones left is out of date, unless they are still at it.
            for path in earlier { try AppendedFile(path)?.remove() }
            let path = "\(folder)/\(name)-\(time(nil))-\(getpid())"
            guard let file = try AppendedFile(path) else { return nil }
            return try RunJournal(file, header: header(options), onTrouble: { Console.show([$0]) })
        } catch {
            var error = error
            error.severity = .warning
            error.remedy = "The run cannot be resumed; --no-journal says that this is as wanted."
            Console.show([error])
            return nil
        }
    }

    private static func resumed(_ earlier: [String], _ options: ApplyOptions) throws(Diagnostic) -> RunJournal {
        var isBusy = false
        for path in earlier.reversed() {
            guard let file = try AppendedFile(path) else {
                isBusy = true
                continue
            }
            return try RunJournal(file, header: header(options), onTrouble: { Console.show([$0]) })
        }
        throw Diagnostic(
            .badOption,
            isBusy
                ? "the run to resume is still going on"
                : "there is no run to resume: the last one of these playbooks, from this directory, ended well",
            remedy: isBusy ? "Wait for it, or end it first." : "Leave --resume out.")
    }

    /// What has to be the same; values of -e may be secret, and are the caller's to give again.
    private static func header(_ options: ApplyOptions) -> ValueMap {
        func list(_ words: [String]) -> Value { .list(words.map { .string($0) }) }
        return [
            "inventory": list(options.inventory), "limit": .string(options.limit ?? ""), "tags": list(options.tags),
            "skip-tags": list(options.skipTags), "start-at-task": .string(options.startAtTask ?? ""),
        ]
    }

    private static var folder: String {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let state = variable("XDG_STATE_HOME") ?? (variable("HOME") ?? "/root") + "/.local/state"
        return state + "/swiftprov/journal"
    }
}
