import Diagnostics
import Results
import Target
import Values

/// Waits for a host to come up, as `ansible.builtin.wait_for_connection` does.
struct WaitForConnectionModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.wait_for_connection",
        summary: "Wait until the host can be reached and has a working shell.",
        arguments: [
            .optional("timeout", .int, "The longest wait, in seconds.", default: 600),
            .optional("connect_timeout", .int, "The longest try to connect, in seconds.", default: 5),
            .optional("sleep", .int, "Seconds between tries.", default: 1),
            .optional("delay", .int, "Seconds before the first try.", default: 0),
        ],
        check: "Answers for a host that is there; unknown for one that is not.",
        diff: "none",
        example: """
            - ansible.builtin.wait_for_connection:
                delay: 10
                timeout: 300
            """,
        aliases: ["ansible.legacy.wait_for_connection"]
    )

    private let wait: HostWait
    private let delay: Int

    init(_ arguments: Arguments) throws(Diagnostic) {
        wait = HostWait(
            limit: .seconds(arguments.seconds("timeout", or: 600)),
            pause: .seconds(arguments.seconds("sleep", or: 1, atLeast: 1)),
            connectLimit: .seconds(arguments.seconds("connect_timeout", or: 5, atLeast: 1)))
        delay = arguments.seconds("delay", or: 0)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let unknown = Plan<Void>.unknown(Unknown("whether the host comes up"), ())
        // Who asks for a delay expects the host to go away first.
        guard delay == 0 else { return unknown }
        do throws(Diagnostic) {
            return try await answers(target) ? .asWanted(.ok(["elapsed": 0])) : unknown
        } catch {
            if [.unreachable, .timeout, .authentication, .become].contains(error.code) { return unknown }
            throw error
        }
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let clock = ContinuousClock()
        let start = clock.now
        if delay > 0 { try? await Task.sleep(for: .seconds(delay)) }
        let trouble = try await wait.until(target) { (target) async throws(Diagnostic) in try await answers(target) }
        let elapsed = Value.int(Int((clock.now - start).inSeconds))
        guard let trouble else { return .ok(["elapsed": elapsed]) }
        return .failed(
            Diagnostic(
                .timeout, "the host did not come up within \(Int(wait.limit.inSeconds)) seconds: \(trouble.summary)",
                remedy: "Raise 'timeout', or look at the host's console.", host: target.hostName),
            ["elapsed": elapsed])
    }

    private func answers(_ target: some TargetReader) async throws(Diagnostic) -> Bool {
        let answer = try await target.query(#"printf '%s' "$1""#, ["pong"], input: nil, timeout: .seconds(30))
        return answer.succeeded && answer.output == "pong"
    }
}
