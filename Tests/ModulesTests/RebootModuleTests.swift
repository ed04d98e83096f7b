import Diagnostics
import Modules
import Results
import Synchronization
import Target
import Testing
import Values

@Suite struct RebootModuleTests {
    @Test("a boot time command that fails while the host comes up means not yet, and the test command has its limit")
    func waits() async throws {
        let host = RestartingHost()
        let type = try #require(ModuleIndex.find("reboot"))
        let (values, said) = ArgumentCheck.check(type.manual, ["reboot_timeout": 30, "test_command": "test-it"])
        let module = try type.init(Arguments(values: try #require(values, "\(said)")))
        let outcome = try await ModuleRunner.perform(module, on: host, check: false)
        #expect(outcome.status == .changed, "\(outcome.result.failure?.summary ?? "")")
        #expect(host.seen.withLock { $0.identities } == 3)
        let limit = try #require(host.seen.withLock { $0.testLimit })
        #expect(limit <= .seconds(30))
    }
}

/// A host that restarts: at first what tells its starts apart cannot be read.
private final class RestartingHost: TargetWriter {
    struct Seen {
        var identities = 0
        var testLimit: Duration?
    }
    let seen = Mutex(Seen())

    let hostName = "h1"
    let foreseen = Foreseen()
    let environment: [(name: String, value: String)] = []
    let isControlMachine = false

    func query(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult { CommandResult(status: 0, stdout: [], stderr: []) }

    func execute(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult { CommandResult(status: 0, stdout: [], stderr: []) }

    func run(_ command: Command) async throws(Diagnostic) -> CommandResult {
        if case .shell("test-it", _) = command.line {
            seen.withLock { $0.testLimit = command.timeout }
            return CommandResult(status: 0, stdout: [], stderr: [])
        }
        let number = seen.withLock { seen in
            seen.identities += 1
            return seen.identities
        }
        return number == 2
            ? CommandResult(status: 1, stdout: [], stderr: Array("no /proc yet\n".utf8))
            : CommandResult(status: 0, stdout: Array("start \(number)\n".utf8), stderr: [])
    }

    func converse(
        _ command: TerminalCommand, _ dialogue: any TerminalDialogue
    ) async throws(Diagnostic) -> TerminalOutcome { throw Diagnostic(.unsupported, "there is no terminal") }

    func write(_ file: FileWrite) async throws(Diagnostic) -> FileWrite.Outcome { FileWrite.Outcome(state: .absent) }

    func place(_ file: FileWrite, from source: String) async throws(Diagnostic) -> FileWrite.Outcome {
        FileWrite.Outcome(state: .absent)
    }

    func reconnect(within limit: Duration?) async throws(Diagnostic) {}

    func endShells(of user: String) async {}
}
