/// What a command on a host answered: its exit status and both streams, byte for byte.
public struct CommandResult: Sendable, Hashable {
    /// The exit status; 128 + n for a command ended by signal n, as shells give it.
    public var status: Int32
    public var stdout: [UInt8]
    public var stderr: [UInt8]

    public init(status: Int32, stdout: [UInt8] = [], stderr: [UInt8] = []) {
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
    }

    public var succeeded: Bool { status == 0 }
    /// Standard output as text; bytes that are not UTF-8 become U+FFFD.
    public var output: String { String(decoding: stdout, as: UTF8.self) }
    /// Standard error as text; bytes that are not UTF-8 become U+FFFD.
    public var errorOutput: String { String(decoding: stderr, as: UTF8.self) }
}
