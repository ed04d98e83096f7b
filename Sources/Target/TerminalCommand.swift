public import Diagnostics

/// A command that is run at a terminal of its own, where it asks and is answered.
public struct TerminalCommand: Sendable {
    public var command: Command
    /// Whether what is typed shows in the output, as at a person's terminal.
    public var echoes: Bool
    /// How long it may say nothing that is answered before it is ended; nil for as long as it likes.
    public var patience: Duration?

    /// How much of what it said and nobody answered is remembered at the least. Bytes.
    public static let memory = 16 * 1024

    public init(_ command: Command, echoes: Bool = false, patience: Duration? = nil) {
        self.command = command
        self.echoes = echoes
        self.patience = patience
    }
}

/// What a command at a terminal is answered.
public protocol TerminalDialogue: Sendable {
    /// - Parameter heard: What it said of late and nobody dealt with yet; what is dealt with here is taken from its front.
    /// - Returns: What to type; nil to hear more first.
    /// - Throws: `Diagnostic` to end the command.
    mutating func answer(to heard: inout [UInt8]) throws(Diagnostic) -> [UInt8]?
}

/// How a command at a terminal went.
public struct TerminalOutcome: Sendable {
    /// All that it said, line ends as terminals have them (CR LF).
    public var output: [UInt8]
    /// Its exit status; nil if it was ended for saying nothing that is answered.
    public var status: Int?

    public init(output: [UInt8], status: Int?) {
        self.output = output
        self.status = status
    }
}

/// What a shell is asked to run at a terminal.
public struct TerminalRequest: Sendable {
    /// POSIX shell text, complete in itself.
    public var text: String
    public var echoes: Bool
    public var patience: Duration?
    /// The longest it may take in all.
    public var timeout: Duration?
}
