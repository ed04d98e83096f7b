import Diagnostics
import Values

/// Options in the words of ssh(1), as `ansible_ssh_common_args` and its kin hold them.
struct SSHArguments {
    /// Options by the names of ssh_config(5), in the order given: of one given twice the first counts.
    private(set) var options: [(name: String, value: String)] = []
    /// The file of `-F`.
    private(set) var configPath: String?
    private let host: String

    /// - Throws: `Diagnostic` with code `.unsupported` for an option that would be ignored, `.badOption` for what is
    ///   none.
    init(_ texts: [String], host: String) throws(Diagnostic) {
        self.host = host
        for text in texts { try read(ShellWords.split(text)) }
    }

    private static let letters: [Character: String] = [
        "p": "Port", "l": "User", "i": "IdentityFile", "J": "ProxyJump", "c": "Ciphers", "m": "MACs",
    ]
    /// Letters that change nothing that is done here, without and with a value.
    private static let moot: Set<Character> = ["q", "v", "C", "T", "t", "x", "a", "4", "6", "n", "k", "K", "y"]
    private static let mootWithValue: Set<Character> = ["S", "E", "e", "O"]

    private mutating func read(_ words: [String]) throws(Diagnostic) {
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word.count > 1 else {
                throw Diagnostic(.badOption, "'\(word)' is no option of ssh", host: host)
            }
            var letters = word.dropFirst()
            // Letters without a value may share a dash: `-Cq`.
            while let letter = letters.popFirst() {
                if Self.moot.contains(letter) { continue }
                var value = String(letters)
                letters = ""
                if value.isEmpty {
                    guard let next = rest.popFirst() else {
                        throw Diagnostic(.badOption, "the ssh option '-\(letter)' needs a value", host: host)
                    }
                    value = next
                }
                try take(letter, value)
            }
        }
    }

    private mutating func take(_ letter: Character, _ value: String) throws(Diagnostic) {
        if letter == "o" {
            let parts = value.split(maxSplits: 1, whereSeparator: { $0 == "=" || $0.isWhitespace }).map(String.init)
            guard parts.count == 2 else {
                throw Diagnostic(.badOption, "'-o \(value)' is no option of ssh", host: host)
            }
            options.append((parts[0], parts[1]))
        } else if letter == "F" {
            configPath = configPath ?? value
        } else if let name = Self.letters[letter] {
            options.append((name, value))
        } else if !Self.mootWithValue.contains(letter) {
            throw Diagnostic(
                .unsupported, "the ssh option '-\(letter)' is not supported",
                remedy: "Take it out of ansible_ssh_common_args, ansible_ssh_extra_args or ansible.cfg.", host: host)
        }
    }
}
