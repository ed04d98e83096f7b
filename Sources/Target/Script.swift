internal import Values

/// A snippet of POSIX shell written in this program, never made from anyone's input.
///
/// It can only be made from a literal: what a snippet works on travels beside it, as `$1 $2 …` and on standard
/// input, so that no text from a playbook or a host is ever parsed by a shell.
public struct Script: Sendable, Hashable, ExpressibleByStringLiteral {
    public let text: String
    /// Whether it takes its input as it comes and sees for itself that all of it came. Large input is then sent
    /// without ado; to other snippets it is given once it is there.
    public let checksItsInput: Bool
    /// Whether it starts a program that is not ours: see `startingPrograms`.
    public let startsPrograms: Bool

    public init(stringLiteral value: StaticString) {
        self.init(value.description)
    }

    /// Two snippets in a row, such as helper functions before what calls them.
    public static func + (left: Script, right: Script) -> Script {
        Script(
            left.text + "\n" + right.text, checksItsInput: left.checksItsInput || right.checksItsInput,
            startsPrograms: left.startsPrograms || right.startsPrograms)
    }

    /// The same snippet, which promises to compare its input's length with what it should be before it counts on it.
    public var checkingItsInput: Script { Script(text, checksItsInput: true, startsPrograms: startsPrograms) }

    /// The same snippet, run as a person's command is: apart from the shell, in a process group of its own, with the
    /// login's search path and environment. It finds the shell's private directory in `$_d`, and cleans up itself
    /// whatever ends it.
    public var startingPrograms: Script { Script(text, checksItsInput: checksItsInput, startsPrograms: true) }

    private init(_ text: String, checksItsInput: Bool = false, startsPrograms: Bool = false) {
        self.text = text
        self.checksItsInput = checksItsInput
        self.startsPrograms = startsPrograms
    }
}

/// Quoting for a POSIX shell, the one place where it happens.
public enum ShellQuoting {
    /// The word in single quotes, which no shell looks into.
    public static func quote(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "@"),
                UInt8(ascii: "%"), UInt8(ascii: "+"):
                true
            default: false
            }
        }
        if plain, !word.isEmpty { return word }
        // Byte by byte, as a shell reads it: to a comparison of characters, ' before a combining mark is no '.
        var quoted = Array("'".utf8)
        for byte in word.utf8 {
            if byte == UInt8(ascii: "'") { quoted += "'\\''".utf8 } else { quoted.append(byte) }
        }
        quoted.append(UInt8(ascii: "'"))
        return String(decoding: quoted, as: UTF8.self)
    }

    /// A command line made of the words.
    public static func join(_ words: [String]) -> String { words.map(quote).joined(separator: " ") }
}
