import Diagnostics
import Modules
import Playbook
import Values
import Variables
import YAML

/// What a careful colleague would say of a plan that can be read: not wrong, but not what is meant either.
///
/// Everything here is a warning or a note; nothing keeps a run from starting. A remark is made only where the
/// files themselves show it: whatever depends on a host's answers is left alone.
struct Review {
    let planner: Planner
    let plays: [PlannedPlay]
    private(set) var remarks: [Diagnostic] = []

    init(_ planner: Planner, _ plays: [PlannedPlay]) {
        self.planner = planner
        self.plays = plays
    }

    mutating func perform() {
        reviewVariableFiles()
        reviewContainers()
        reviewRoles()
        reviewConnections()
        reviewWriting()
    }

    mutating func remark(
        _ summary: String, at place: SourceLocation?, remedy: String, severity: Diagnostic.Severity = .warning
    ) {
        guard !remarks.contains(where: { $0.location == place && $0.summary == summary }) else { return }
        remarks.append(Diagnostic(.badValue, summary, at: place, remedy: remedy, severity: severity))
    }

    /// The variables a task sees on a host before anything was asked.
    func scope(_ play: PlannedPlay, _ host: String, _ task: PlannedTask?) -> LayeredScope {
        planner.variables.play = planner.reviewed(play)
        let directory = planner.variables.play.directory
        return planner.variables.scope(host: host, task: task?.variables(playDirectory: directory))
    }

    /// The items a task is repeated over on a host, `[nil]` if it has no loop; none if only a run can tell.
    func items(of task: PlannedTask, _ scope: LayeredScope) -> [Value?] {
        guard let loop = task.node.loop else { return [nil] }
        guard let value = try? scope.evaluate(loop.items.value) else { return [] }
        guard let lookup = loop.lookup else { return value.elements ?? [] }
        return (try? planner.variables.lookups.items(lookup, value.elements ?? [value])) ?? []
    }
}

extension Planner {
    /// Adds the remarks of a review to what was found.
    func review(_ plays: [PlannedPlay]) {
        let before = variables.play
        defer { variables.play = before }
        var review = Review(self, plays)
        review.perform()
        for remark in review.remarks { diagnostics.add(remark) }
    }

    /// Adds what can be told of names and conditions from the files alone, before every run, too.
    func reviewNames(_ plays: [PlannedPlay]) {
        // Tasks that tags leave out may define what others read.
        guard settings.tags.only == ["all"], settings.tags.skipped.isEmpty else { return }
        let before = (variables.play, playbookDirectory)
        defer { (variables.play, playbookDirectory) = before }
        for remark in NameReview.remarks(self, plays) { diagnostics.add(remark) }
    }

    /// A play's variables with those of its `vars_files` whose names are constant.
    func reviewed(_ play: PlannedPlay) -> PlayVariables {
        var values = play.variables
        for field in play.node.varsFiles where !field.value.holdsTemplate {
            let names = (field.value.elements ?? [field.value]).map(\.pythonText)
            playbookDirectory = Path.directory(of: play.file)
            guard let loaded = try? variablesFile(names, askedAt: nil) else { continue }
            for host in play.hosts { values.files[host, default: []].append(loaded) }
        }
        return values
    }
}
