internal import Values

extension ModuleIndex {
    /// All modules as a Markdown table: arguments taken and refused, what a dry run and a diff tell, how it is tested.
    ///
    /// - Parameter tested: What to say about a module's tests, by its short name.
    public static func table(tested: [String: String] = [:]) -> String {
        var lines = [
            "| module | arguments | refused | check mode | diff | tested |",
            "|---|---|---|---|---|---|",
        ]
        for module in all.sorted(by: { $0.manual.name < $1.manual.name }) {
            let manual = module.manual
            let taken = manual.arguments.filter { $0.refusal == nil }.map { argument in
                "`\(argument.name)`"
                    + (argument.aliases.isEmpty
                        ? "" : " (\(argument.aliases.map { "`\($0)`" }.joined(separator: ", ")))")
            }
            let refused = manual.arguments.filter { $0.refusal != nil }.map { "`\($0.name)`" }
            let any = manual.takesAnyArgument ? ["any other"] : []
            let cells = [
                "**\(manual.name)**", (taken + any).joined(separator: ", "), refused.joined(separator: ", "),
                manual.check, manual.diff, tested[manual.shortName] ?? "",
            ]
            lines.append(
                "| " + cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }.joined(separator: " | ")
                    + " |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
