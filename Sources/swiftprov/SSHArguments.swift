import Diagnostics
import Playbook
import SSH

/// Options in the words of ssh(1), as `ansible_ssh_common_args` and its kin hold them: those that matter here.
struct SSHArguments {
    private var options: [(name: String, value: String)] = []
    private let host: String

    /// - Throws: `Diagnostic` with code `.unsupported` for an option that would be ignored.
    init(_ texts: [String], host: String) throws(Diagnostic) {
        self.host = host
        for text in texts { try read(ShellLine.words(text)) }
    }

    private static let letters: [Character: String] = [
        "p": "port", "l": "user", "i": "identityfile", "J": "proxyjump",
    ]
    /// Letters that change nothing that is done here.
    private static let moot: Set<Character> = ["q", "v", "C", "T", "x", "a", "4", "6", "A", "n"]

    private mutating func read(_ words: [String]) throws(Diagnostic) {
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), let letter = word.dropFirst().first else {
                throw Diagnostic(.badOption, "'\(word)' is no option of ssh", host: host)
            }
            if Self.moot.contains(letter) { continue }
            var value = String(word.dropFirst(2))
            if value.isEmpty {
                guard let next = rest.popFirst() else {
                    throw Diagnostic(.badOption, "the ssh option '\(word)' needs a value", host: host)
                }
                value = next
            }
            if letter == "o" {
                let parts = value.split(maxSplits: 1, whereSeparator: { $0 == "=" || $0 == " " }).map(String.init)
                guard parts.count == 2 else {
                    throw Diagnostic(.badOption, "'-o \(value)' is no option of ssh", host: host)
                }
                try take(parts[0].lowercased(), parts[1].trimmed, written: value)
            } else if let name = Self.letters[letter] {
                try take(name, value, written: word)
            } else {
                throw Self.unsupported(word, host)
            }
        }
    }

    private mutating func take(_ name: String, _ value: String, written: String) throws(Diagnostic) {
        switch name {
        case "port", "user", "identityfile", "proxyjump", "stricthostkeychecking", "userknownhostsfile",
            "connecttimeout", "serveraliveinterval", "serveralivecountmax", "hostkeyalias", "identitiesonly":
            options.append((name, value))
        case "controlmaster", "controlpersist", "controlpath", "loglevel", "batchmode", "compression", "forwardagent",
            "requesttty", "tcpkeepalive", "preferredauthentications", "pubkeyauthentication",
            "passwordauthentication", "kbdinteractiveauthentication", "gssapiauthentication", "globalknownhostsfile",
            "forwardx11", "addressfamily":
            // Connections are shared, quiet and kept here in any case; these tune what does not exist.
            break
        default: throw Self.unsupported("-o \(written)", host)
        }
    }

    private static func unsupported(_ option: String, _ host: String) -> Diagnostic {
        Diagnostic(
            .unsupported, "the ssh option '\(option)' is not supported",
            remedy: "Take it out of ansible_ssh_common_args, "
                + "ansible_ssh_extra_args or ansible.cfg.", host: host)
    }

    /// Later options win, as the later arguments file does in ssh for what Ansible puts last.
    func apply(to settings: inout SSHSettings, keepsPort: Bool, keepsUser: Bool) {
        for (name, value) in options {
            switch name {
            case "port": if !keepsPort, let port = Int(value) { settings.port = port }
            case "user": if !keepsUser { settings.user = value }
            case "identityfile": settings.identityFiles.append(Path.join(".", value))
            case "proxyjump": settings.proxyJump = value
            case "stricthostkeychecking":
                switch value.lowercased() {
                case "no", "off": settings.hostKeyChecking = .off
                case "accept-new": settings.hostKeyChecking = .acceptNew
                default: settings.hostKeyChecking = .strict
                }
            case "userknownhostsfile":
                settings.knownHostsFiles = value.split(separator: " ").map { Path.join(".", String($0)) }
            case "connecttimeout": if let seconds = Int(value) { settings.connectTimeout = .seconds(seconds) }
            case "serveraliveinterval": if let seconds = Int(value) { settings.keepaliveInterval = .seconds(seconds) }
            case "serveralivecountmax": if let count = Int(value) { settings.keepaliveCount = count }
            case "hostkeyalias": settings.hostKeyAlias = value
            case "identitiesonly": settings.usesAgent = !["yes", "true"].contains(value.lowercased())
            default: break
            }
        }
    }
}
