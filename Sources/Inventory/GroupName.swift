internal import Diagnostics

/// What Ansible asks of a group's name.
enum GroupName {
    /// A warning if the name could not be a variable's.
    ///
    /// - Parameter naming: What becomes of such names.
    static func warning(_ name: String, at place: SourceLocation?, naming: InventoryOptions.Naming) -> Diagnostic? {
        guard naming == .never || naming == .always else { return nil }
        let bad = name.enumerated().filter { !isGood($1, at: $0) }.map { "'\($0.element)'" }
        guard !bad.isEmpty else { return nil }
        return Diagnostic(
            .badValue, "group name '\(name)' holds \(bad.joined(separator: ", ")), which no variable name may",
            at: place,
            remedy: naming == .never
                ? "Rename it to '\(safe(name))'; it is used as it is meanwhile."
                : "Rename it to '\(safe(name))', as it is called meanwhile.", severity: .warning)
    }

    /// The name with `_` in place of what no variable name may hold.
    static func safe(_ name: String) -> String {
        String(name.enumerated().map { isGood($1, at: $0) ? $1 : "_" })
    }

    private static func isGood(_ character: Character, at index: Int) -> Bool {
        character.isLetter || character == "_" || character.isNumber && index > 0
    }
}
