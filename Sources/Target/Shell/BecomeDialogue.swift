internal import Values

/// What is said between us and the program that becomes a user: its question for the password, and the answer.
struct BecomeDialogue {
    /// What follows from the program's words.
    enum Reply {
        case nothing
        /// It asks for the password: a line to send.
        case password([UInt8])
        /// It asks again: the password was wrong.
        case refused
    }

    private let become: Become?
    /// What sudo is told to ask with.
    let prompt = ShellFraming.makeToken()
    /// Printed once the password was taken, before the shell reads anything.
    let readyMark = ShellFraming.makeToken()
    private(set) var hasAnswered = false

    /// - Parameter become: Nil if nobody is asked for anything.
    init(_ become: Become?) { self.become = become }

    /// What to answer to what was said since the last answer.
    ///
    /// The password goes out only once it was asked for: a shell would run it as a command.
    mutating func reply(to words: [UInt8]) -> Reply {
        guard let become, let password = become.password, asks(words, become.method) else { return .nothing }
        guard !hasAnswered else { return .refused }
        hasAnswered = true
        return .password(Array("\(password)\n".utf8))
    }

    private func asks(_ words: [UInt8], _ method: Become.Method) -> Bool {
        switch method {
        case .sudo: return words.contains(prompt.utf8)
        case .su, .doas:
            // Their prompt cannot be chosen: an unfinished line that ends in a colon.
            let text = String(decoding: words, as: UTF8.self)
            let last = text.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
            let trimmed = last.reversed().drop(while: \.isWhitespace)
            return trimmed.first == ":" || trimmed.first == "\u{FF1A}"
        }
    }

    /// What did not happen, if nothing more is said.
    var silence: String {
        let program = become?.method.rawValue ?? "become"
        return hasAnswered
            ? "\(program) did not answer to the password"
            : "\(program) neither asked for the password nor started a shell"
    }

    func withoutPrompt(_ words: String) -> String { words.replacing(prompt, with: "") }
}
