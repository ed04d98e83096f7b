internal import Values

/// Names of hosts and users as they may come from inventories, and so from other hosts.
///
/// They stand in the command lines of `ProxyCommand` and `Match exec`, which a shell reads; OpenSSH refuses the same ones
/// where they are given to it as arguments.
enum SSHName {
    static let remedy = "Correct 'ansible_host' or 'ansible_user'."

    static func isHost(_ name: String) -> Bool {
        !name.hasPrefix("-")
            && name.utf8.allSatisfy { !isControl($0) && $0 != 0x20 && !"'`\"$\\;&<>|(){}".utf8.contains($0) }
    }

    static func isUser(_ name: String) -> Bool {
        // A domain's user has a backslash before the name; a dash after a blank would begin an option.
        !name.hasPrefix("-") && !name.hasSuffix("\\") && !name.contains(" -")
            && name.utf8.allSatisfy { !isControl($0) && !"'`\";&<>|(){}".utf8.contains($0) }
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }
}
