import Diagnostics
import Results
import Target
import Values

/// Reads a file of the host, as `ansible.builtin.slurp` does.
struct SlurpModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.slurp",
        summary: "Read a file of the host.",
        description: "Its bytes are in `content`, written in Base64; the filter `b64decode` gives the text.",
        arguments: [
            .required("src", .path, "The file.", aliases: ["path"])
        ],
        diff: "none",
        example: """
            - ansible.builtin.slurp:
                src: /etc/machine-id
              register: id
            - ansible.builtin.debug:
                msg: "{{ id.content | b64decode }}"
            """,
        aliases: ["ansible.legacy.slurp"]
    )

    private let source: String

    init(_ arguments: Arguments) throws(Diagnostic) { source = try arguments.string("src") }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if let effect = target.foreseen.effect(at: source), effect.kind == .file || effect.kind == .link,
            effect.content == nil, !effect.keepsContent
        {
            return .unknown(Unknown("what '\(source)' will hold"), ())
        }
        guard let content = try await target.bytes(at: source) else {
            if target.foreseen.awaitsPackages { return .unknown(Unknown("what '\(source)' will hold"), ()) }
            throw Diagnostic(.failed, "'\(source)' does not exist", host: target.hostName)
        }
        let marks: Text.Marks = target.foreseen.isSecret(at: source) ? .secret : []
        return .asWanted(
            .ok([
                "content": .string(Text(Base64.encode(content), marks: marks)), "source": .string(source),
                "encoding": "base64",
            ]))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        throw Diagnostic(.failed, "'\(source)' does not exist", host: target.hostName)
    }
}
