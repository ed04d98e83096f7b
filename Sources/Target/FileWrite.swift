/// A file to be put in place on a host, whole or not at all.
public struct FileWrite: Sendable {
    public var path: String
    public var content: [UInt8]
    /// Names or numbers; nil keeps the existing file's, or the writer's own for a new one.
    public var owner: String?
    public var group: String?
    /// Permission bits; nil keeps the existing file's, or 0666 less the umask for a new one.
    public var mode: UInt16?
    /// A command that must accept the temporary file, whose path stands for `%s`, before it is put in place.
    public var validate: String?
    /// Whether to keep the old file beside the new one, under Ansible's name for it.
    public var backup: Bool
    /// SHA-1 of the content as it was inspected; if the file differs by now, somebody else changed it and
    /// nothing is written. Nil asks for no such check; the empty string asks for no file to be there.
    public var expecting: String?
    /// Whether to write into the existing file where it cannot be renamed over (a bind mount, for instance).
    public var allowsUnsafeWrite: Bool
    /// Whether a symbolic link at the path leads to the file that is written; otherwise the link is replaced.
    public var followsLinks: Bool

    /// What became of it.
    public struct Outcome: Sendable {
        public var backupPath: String?
        /// The file as it stands now, read in the same request; a link is not followed.
        public var state: FileState
        public init(backupPath: String? = nil, state: FileState) {
            self.backupPath = backupPath
            self.state = state
        }
    }

    public init(
        path: String, content: [UInt8], owner: String? = nil, group: String? = nil, mode: UInt16? = nil,
        validate: String? = nil, backup: Bool = false, expecting: String? = nil, allowsUnsafeWrite: Bool = false,
        followsLinks: Bool = true
    ) {
        self.path = path
        self.content = content
        self.owner = owner
        self.group = group
        self.mode = mode
        self.validate = validate
        self.backup = backup
        self.expecting = expecting
        self.allowsUnsafeWrite = allowsUnsafeWrite
        self.followsLinks = followsLinks
    }
}
