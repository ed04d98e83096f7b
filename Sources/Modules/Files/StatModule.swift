import Diagnostics
import Results
import Target
import Values

/// Tells all about a path, as `ansible.builtin.stat` does.
struct StatModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.stat",
        summary: "Look at a file, directory or link.",
        arguments: [
            .required("path", .path, "The path to look at.", aliases: ["dest", "name"]),
            .optional("follow", .bool, "Look at what a link leads to.", default: false),
            .optional("get_checksum", .bool, "Compute a regular file's checksum.", default: true),
            .optional(
                "checksum_algorithm", .string, "How it is computed.", default: "sha1",
                choices: ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"],
                aliases: ["checksum", "checksum_algo"]),
            .optional(
                "get_mime", .bool, "Ask `file` for the kind of content.", default: true,
                aliases: ["mime", "mime_type", "mime-type"]),
            .optional(
                "get_attributes", .bool, "Ask `lsattr` for file system flags.", default: true,
                aliases: ["attr", "attributes"]),
        ],
        diff: "none",
        example: """
            - ansible.builtin.stat:
                path: /etc/foo.conf
              register: conf
            """,
        aliases: ["ansible.legacy.stat"]
    )

    private let path: String
    private let follow: Bool
    private let algorithm: String
    private let getsMime: Bool
    private let getsAttributes: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        path = try arguments.string("path")
        follow = arguments.bool("follow")
        algorithm = arguments.bool("get_checksum") ? arguments.optionalString("checksum_algorithm") ?? "sha1" : ""
        getsMime = arguments.bool("get_mime")
        getsAttributes = arguments.bool("get_attributes")
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> {
        let wishes = (follow ? "f" : "") + (getsMime ? "m" : "") + (getsAttributes ? "a" : "")
        var (inspection, rest) = try await target.inspect([path], with: Self.script, [wishes, algorithm])
        let found = inspection.paths[0]
        let state = follow ? found.followed : found.entry
        guard state.exists else { return .asWanted(.ok(["stat": ["exists": false]])) }
        var values = Self.values(of: state, path: found.path)
        values["readable"] = .bool(found.isReadable)
        values["writeable"] = .bool(found.isWritable)
        values["executable"] = .bool(found.isExecutable)
        if state.kind == .link, let link = found.linkTarget {
            values["lnk_target"] = .string(link)
            values["lnk_source"] = .string(
                found.realPath
                    ?? (link.hasPrefix("/") ? link : FilePlacement.join(FilePlacement.directory(of: found.path), link)))
        }
        let checksum = rest.next()
        if found.hasForeseenContent {
            if algorithm == "sha1", let foreseen = found.checksum { values["checksum"] = .string(foreseen) }
        } else if !checksum.isEmpty {
            values["checksum"] = .string(checksum)
        }
        let mime = rest.next()
        let encoding = rest.next()
        if getsMime {
            values["mimetype"] = .string(mime.isEmpty ? "unknown" : mime)
            values["charset"] = .string(encoding.isEmpty ? "unknown" : encoding)
        }
        let flags = rest.next().split(separator: " ").map(String.init)
        if getsAttributes {
            let set = flags.count > 1 ? flags[1].filter { $0 != "-" } : ""
            values["version"] = flags.isEmpty ? .null : .string(flags[0])
            values["attributes"] = .list(set.compactMap { Self.flags[$0].map { .string($0) } })
            values["attr_flags"] = .string(set)
        }
        return .asWanted(.ok(["stat": .map(values)]))
    }

    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}

    /// What `stat` and `find` tell of a path.
    static func values(of state: FileState, path: String) -> ValueMap {
        func bit(_ bit: UInt16) -> Value { .bool(state.mode & bit != 0) }
        var digits = String(state.mode, radix: 8)
        while digits.count < 4 { digits = "0" + digits }
        var values: ValueMap = [
            "exists": true, "path": .string(path), "mode": .string(digits),
            "isdir": .bool(state.kind == .directory), "ischr": .bool(state.kind == .characterDevice),
            "isblk": .bool(state.kind == .blockDevice), "isreg": .bool(state.kind == .file),
            "isfifo": .bool(state.kind == .fifo), "islnk": .bool(state.kind == .link),
            "issock": .bool(state.kind == .socket), "uid": .int(state.uid), "gid": .int(state.gid),
            "size": .int(state.size), "inode": .int(state.inode), "dev": .int(state.device),
            "nlink": .int(state.linkCount), "atime": .double(state.accessed), "mtime": .double(state.modified),
            "ctime": .double(state.changed), "blocks": .int(state.blocks), "block_size": .int(state.blockSize),
            "device_type": .int(state.deviceType),
        ]
        values["wusr"] = bit(0o200)
        values["rusr"] = bit(0o400)
        values["xusr"] = bit(0o100)
        values["wgrp"] = bit(0o020)
        values["rgrp"] = bit(0o040)
        values["xgrp"] = bit(0o010)
        values["woth"] = bit(0o002)
        values["roth"] = bit(0o004)
        values["xoth"] = bit(0o001)
        values["isuid"] = bit(0o4000)
        values["isgid"] = bit(0o2000)
        if let owner = state.owner { values["pw_name"] = .string(owner) }
        if let group = state.group { values["gr_name"] = .string(group) }
        return values
    }

    /// After the common look: the checksum, the kind of content, the character set, the flags.
    private static let script: Script = #"""
        at=$p sum= mime= charset= flags= kind=
        if [ -f "$p" ] && [ -r "$p" ]; then
            case $sp_a in *f*) kind=file ;; *) [ -L "$p" ] || kind=file ;; esac
        fi
        if [ "$kind" = file ]; then
            case $sp_b in
            '') ;;
            *) sum=$("${sp_b}sum" <"$p") || exit 1; sum=${sum%% *} ;;
            esac
        fi
        case $sp_a in
        *m*)
            if [ -e "$p" ] && command -v file >/dev/null 2>&1; then
                # What a link leads to is not looked into, even with `follow`, as Ansible does.
                mime=$(file -b -h --mime-type --mime-encoding -- "$p" 2>/dev/null)
                charset=${mime##*charset=}
                mime=${mime%%;*}
            fi
            ;;
        esac
        case $sp_a in
        *a*) if command -v lsattr >/dev/null 2>&1; then flags=$(lsattr -vd -- "$p" 2>/dev/null); fi ;;
        esac
        printf '%s\0%s\0%s\0%s\0' "$sum" "$mime" "$charset" "$flags"
        """#

    private static let flags: [Character: String] = [
        "A": "noatime", "a": "append", "c": "compressed", "C": "nocow", "d": "nodump", "D": "dirsync", "e": "extents",
        "E": "encrypted", "h": "blocksize", "i": "immutable", "I": "indexed", "j": "journalled", "N": "inline",
        "s": "zero", "S": "synchronous", "t": "notail", "T": "blockroot", "u": "undelete", "X": "compressedraw",
        "Z": "compresseddirty",
    ]
}
