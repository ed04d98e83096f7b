internal import Values

/// What a host says about one path: the entry itself and, if it is a symbolic link, what it leads to.
public struct FileState: Sendable, Hashable {
    /// What kind of thing is there.
    public enum Kind: String, Sendable, Hashable {
        case absent, file, directory, link, fifo, socket, blockDevice, characterDevice
    }

    public var kind: Kind
    /// Permission bits with set-user-id, set-group-id and sticky: 0 to 07777.
    public var mode: UInt16 = 0
    public var uid: Int = 0
    public var gid: Int = 0
    /// The owner's name; nil where the host has none for the number.
    public var owner: String?
    public var group: String?
    /// Bytes.
    public var size: Int = 0
    public var inode: Int = 0
    public var device: Int = 0
    public var linkCount: Int = 1
    public var blocks: Int = 0
    /// The unit of `blocks` is always 512 bytes; this is the size the file system likes to be read in.
    public var blockSize: Int = 0
    /// Major and minor number of a device file, as the host writes them: hexadecimal.
    public var deviceType: Int = 0
    /// Seconds since 1970, with their fraction.
    public var accessed: Double = 0
    public var modified: Double = 0
    public var changed: Double = 0

    public init(_ kind: Kind) { self.kind = kind }

    public static let absent = FileState(.absent)

    public var exists: Bool { kind != .absent }
    /// The permission bits as Ansible prints them: `0644`, `01777`.
    public var modeText: String { Self.text(ofMode: mode) }

    /// Permission bits as Ansible prints them: a zero and at least three octal digits.
    public static func text(ofMode mode: UInt16) -> String {
        let digits = String(mode, radix: 8)
        return "0" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    /// What Ansible calls the state: `absent`, `file`, `directory`, `link`, `hard`.
    public var ansibleState: String {
        switch kind {
        case .absent: "absent"
        case .link: "link"
        case .directory: "directory"
        default: linkCount > 1 ? "hard" : "file"
        }
    }

    /// Reads a line of `stat -c FileState.format`.
    package init?(line: some StringProtocol) {
        let parts: [Substring] = Substring(line).split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let words: [Substring] = parts[0].split(separator: " ")
        let fields = words.map { String($0) }
        guard fields.count == 16, let bits = UInt32(fields[0], radix: 16) else { return nil }
        kind =
            switch bits & 0o170000 {
            case 0o100000: .file
            case 0o040000: .directory
            case 0o120000: .link
            case 0o010000: .fifo
            case 0o140000: .socket
            case 0o060000: .blockDevice
            default: .characterDevice
            }
        mode = UInt16(bits & 0o7777)
        size = Int(hostCount: fields[1]) ?? 0
        uid = Int(hostCount: fields[2]) ?? 0
        gid = Int(hostCount: fields[3]) ?? 0
        owner = fields[4] == "UNKNOWN" ? nil : fields[4]
        group = fields[5] == "UNKNOWN" ? nil : fields[5]
        inode = Int(fields[6]) ?? 0
        device = Int(fields[7]) ?? 0
        linkCount = Int(hostCount: fields[8]) ?? 1
        blocks = Int(hostCount: fields[9]) ?? 0
        blockSize = Int(hostCount: fields[10]) ?? 0
        deviceType = (Int(fields[11], radix: 16) ?? 0) << 8 | (Int(fields[12], radix: 16) ?? 0)
        accessed = Self.time(fields[13], parts[1])
        modified = Self.time(fields[14], parts[2])
        changed = Self.time(fields[15], parts[3])
    }

    /// What `init(line:)` reads; GNU and BusyBox `stat` write it alike.
    package static let format = "%f %s %u %g %U %G %i %d %h %b %o %t %T %X %Y %Z|%x|%y|%z"

    /// The seconds with the fraction of the readable form, `2026-01-31 12:00:00.123456789 +0000`.
    private static func time(_ seconds: String, _ readable: some StringProtocol) -> Double {
        let whole = Double(seconds) ?? 0
        guard let point = readable.firstIndex(of: ".") else { return whole }
        let digits = readable[readable.index(after: point)...].prefix { $0.isNumber }
        return whole + (Double("0.\(digits)") ?? 0)
    }
}

/// All that one request asked about one path.
public struct PathInspection: Sendable {
    /// The path with `~` and `$NAME` replaced by what they are on the host.
    public var path: String
    /// The entry itself; a link is not followed.
    public var entry: FileState
    /// What is there after following links; equal to `entry` where it is not a link.
    public var followed: FileState
    /// The text inside a symbolic link.
    public var linkTarget: String?
    /// The path without links in it, where it differs from `path`; nil if it leads nowhere.
    public var realPath: String?
    /// SHA-1 of the followed file's content, if asked for and readable.
    public var checksum: String?
    /// Whether the asking user may read, write and execute (or search) it.
    public var isReadable = false
    public var isWritable = false
    public var isExecutable = false
    /// Whether a directory holds anything; false unless asked for.
    public var holdsEntries = false
    /// True if this is what an earlier task of the dry run would leave, not what the host has now.
    public var isForeseen = false
    /// Whether what it holds, or that it is gone, is what such a task would do; otherwise it is what the host has.
    public var hasForeseenContent = false

    package init(path: String, entry: FileState = .absent, followed: FileState = .absent) {
        self.path = path
        self.entry = entry
        self.followed = followed
    }
}

/// The answer to one request about paths, with what is needed to compare owners and modes.
public struct Inspection: Sendable {
    public var paths: [PathInspection]
    /// The bits that new files of this identity do not get.
    public var umask: UInt16
    /// Who asks, and would own new files.
    public var identity: Identity
    /// The number of the owner asked about; nil if the host does not know the name.
    public var ownerID: Int?
    public var groupID: Int?
    /// The names of those two, where the host has any.
    public var ownerName: String?
    public var groupName: String?
}

/// A user with the group that new files get.
public struct Identity: Sendable, Hashable {
    public var uid: Int
    public var gid: Int
    public var user: String?
    public var group: String?

    /// Reads what `id` prints: `uid=0(root) gid=0(root) groups=0(root)`.
    init(_ text: String) {
        let words = text.split(separator: " ")
        (uid, user) = Self.parse(words.first { $0.hasPrefix("uid=") })
        (gid, group) = Self.parse(words.first { $0.hasPrefix("gid=") })
    }

    private static func parse(_ word: Substring?) -> (Int, String?) {
        let parts = (word ?? "").dropFirst(4).split(separator: "(", maxSplits: 1)
        let number = parts.first.flatMap { Int($0) } ?? -1
        return (number, parts.count == 2 ? String(parts[1].prefix { $0 != ")" }) : nil)
    }
}
