import Diagnostics
import Results
import Target
import Values

/// Holds variables to a specification, as `ansible.builtin.validate_argument_spec` does.
///
/// Roles with `meta/argument_specs.yml` begin with it.
struct ValidateArgumentSpecModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.validate_argument_spec",
        summary: "Check variables against a specification of their types and choices.",
        description: """
            Nothing is changed, defaults included: the specification's `default` only says what the role's \
            `defaults` have.
            """,
        arguments: [
            .required("argument_spec", .map([]), "What is taken: names, each with type, choices, required …"),
            .optional(
                "provided_arguments", .map([]), "Values besides the variables of these names.", default: .map([:])),
            .optional(
                "validate_args_context", .map([]), "What is told of whom the specification is.", default: .map([:])),
        ],
        diff: "none",
        example: """
            - ansible.builtin.validate_argument_spec:
                argument_spec:
                  app_port: {type: int, required: true}
                  app_mode: {type: str, choices: [debug, release]}
            """,
        aliases: ["ansible.legacy.validate_argument_spec"]
    )

    private let options: ValueMap
    private let given: ValueMap
    private let context: ValueMap
    private let location: SourceLocation?

    init(_ arguments: Arguments) throws(Diagnostic) {
        options = arguments.map("argument_spec") ?? [:]
        context = arguments.map("validate_args_context") ?? [:]
        location = arguments.location
        var values = ValueMap()
        for name in options.keys {
            if let value = try arguments.context.variable(name.text) { values[name] = value }
        }
        given = values.merging(arguments.map("provided_arguments") ?? [:])
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> {
        if let unknown = Value.map(given).firstUnknown { return .asWanted(.ok(["msg": .unknown(unknown)])) }
        let errors = ArgumentSpecification.errors(in: given, against: options)
        var values: ValueMap = ["validate_args_context": .map(context)]
        guard let first = errors.first else {
            values["msg"] = "The arg spec validation passed"
            return .asWanted(.ok(values))
        }
        values["argument_errors"] = .list(errors.map { .string($0) })
        values["argument_spec_data"] = .map(options)
        values["msg"] = .string("Validation of arguments failed:\n" + errors.joined(separator: "\n"))
        let rest = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
        return .asWanted(
            .failed(
                Diagnostic(
                    .badValue, "arguments are not as specified: \(first)\(rest)", at: location,
                    remedy: context["path"].map { "See \($0.pythonText)/meta: what the role takes stands there." }),
                values))
    }

    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}
}
