import Diagnostics
import Planning
import Results
import Target
import Values

/// One host's way through a run.
@IOLoop
final class HostRun {
    let name: String
    /// Where it stands.
    enum State {
        case active
        /// A task failed; a block around it may yet rescue the host.
        case failed
        case unreachable
        /// The play or the host's part in it was ended by a meta task.
        case ended
    }
    var state = State.active
    /// Whether `meta: end_host` sent it away from the batch.
    var hasLeft = false
    /// Whether its failures so far were cleared by `meta: clear_host_errors`.
    var isForgiven = false
    /// Handlers notified and not yet run, by the handler's id.
    var notified: Set<Int> = []
    /// How many blocks around the present task would rescue the host.
    var rescuers = 0
    /// The role whose rest `meta: end_role` leaves out.
    var leavingRole: RoleInstance?
    var failedTask: PlannedTask?
    var failedResult: Value = .null
    /// Roles this host has been through in this play.
    var finishedRoles: Set<String> = []
    /// Those in which a task ran here: a role whose tasks were all skipped does not count as done.
    var begunRoles: Set<String> = []
    /// What it was asked before the turn of the tasks it is about.
    let ahead = ReadAhead()
    /// What the recap will say.
    var counts = Recap.Counts()

    init(_ name: String) { self.name = name }

    var isActive: Bool { state == .active }
    /// Whether the next task of the list is for it.
    var goesOn: Bool { isActive && leavingRole == nil }
}
