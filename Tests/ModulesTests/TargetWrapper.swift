import Diagnostics
import Target

/// A host that passes everything on to a real one; who wraps it says what is different.
protocol TargetWrapper: TargetWriter {
    var base: HostTarget { get }
}

extension TargetWrapper {
    var hostName: String { base.hostName }
    var foreseen: Foreseen { base.foreseen }
    var environment: [(name: String, value: String)] { base.environment }
    var isControlMachine: Bool { base.isControlMachine }

    func query(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult {
        try await base.query(script, arguments, input: input, timeout: timeout)
    }

    func execute(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult {
        try await base.execute(script, arguments, input: input, timeout: timeout)
    }

    func run(_ command: Command) async throws(Diagnostic) -> CommandResult { try await base.run(command) }

    func converse(
        _ command: TerminalCommand, _ dialogue: any TerminalDialogue
    ) async throws(Diagnostic) -> TerminalOutcome {
        try await base.converse(command, dialogue)
    }

    func write(_ file: FileWrite) async throws(Diagnostic) -> FileWrite.Outcome { try await base.write(file) }

    func place(_ file: FileWrite, from source: String) async throws(Diagnostic) -> FileWrite.Outcome {
        try await base.place(file, from: source)
    }

    func reconnect(within limit: Duration?) async throws(Diagnostic) { try await base.reconnect(within: limit) }

    func endShells(of user: String) async { await base.endShells(of: user) }
}
