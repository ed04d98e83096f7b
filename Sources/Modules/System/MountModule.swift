import Diagnostics
import Results
import Target
import Values

/// Keeps file systems mounted and in fstab, as `ansible.posix.mount` does on Linux.
struct MountModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.posix.mount",
        summary: "Mount file systems and keep fstab.",
        description: """
            `present` and `absent_from_fstab` only write fstab; `unmounted`, `remounted` and `ephemeral` only mount; \
            `mounted` and `absent` do both. fstab stays as it was if mounting fails.
            """,
        arguments: [
            .required("path", .path, "The mount point.", aliases: ["name"]),
            .required(
                "state", .string, "What is to be.",
                choices: ["absent", "absent_from_fstab", "mounted", "present", "unmounted", "remounted", "ephemeral"]),
            .optional("src", .path, "What is mounted: a device, `UUID=…`, a server's directory."),
            .optional("fstype", .string, "The file system, such as `ext4`, `nfs`, `none` for a bind mount."),
            .optional("opts", .string, "Mount options, apart with commas."),
            .optional("opts_no_log", .bool, "Never show the options.", default: false),
            .optional("boot", .bool, "Mount it when the host starts; else `noauto` joins the options.", default: true),
            .optional("dump", .string, "fstab's fifth field.", default: "0"),
            .optional("passno", .string, "fstab's sixth field: the order of file system checks.", default: "0"),
            .optional("fstab", .string, "Another file than /etc/fstab."),
            .optional("backup", .bool, "Keep the old fstab beside the new one.", default: false),
        ],
        example: """
            - ansible.posix.mount:
                path: /srv/data
                src: UUID=6c8f1f3c-8b8f-4d0c-9c2b-9a3f6a1f2d3e
                fstype: ext4
                opts: noatime,nofail
                state: mounted
            """
    )

    private enum State: String {
        case absent, mounted, present, unmounted, remounted, ephemeral
        case absentFromFstab = "absent_from_fstab"
    }

    private let path: String
    private let state: State
    private let entry: FstabEntry
    private let usesFstab: Bool
    private let edit: FileEdit
    private let isHidden: Bool
    private let values: ValueMap
    private let warnings: [String]

    /// What is to be done beside fstab.
    struct Step: Sendable {
        enum Mounting: String, Sendable { case none, mount, remount, unmount, remove }
        var fstab: FileEdit.Step?
        var before: [UInt8]?
        var fstabPath = ""
        var mounting: Mounting = .none
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        path = try arguments.string("path")
        guard let state = State(rawValue: try arguments.string("state")) else {
            throw Diagnostic(.badValue, "'state' is none of the choices", at: arguments.location)
        }
        self.state = state
        if [.mounted, .present, .ephemeral].contains(state) {
            for name in ["src", "fstype"] where arguments[name] == nil {
                throw Diagnostic(
                    .missingArgument, "'state: \(state.rawValue)' needs '\(name)'", at: arguments.location)
            }
        }
        var options = arguments.optionalString("opts") ?? "defaults"
        let isBooted = arguments.bool("boot")
        let hasNoauto = options.split(separator: ",").contains("noauto")
        if !isBooted { options += ",noauto" }
        warnings = isBooted && hasNoauto ? ["'boot' is ignored, since 'opts' holds noauto"] : []
        isHidden = arguments.bool("opts_no_log") || arguments["opts"]?.holdsSecret == true
        entry = FstabEntry(
            source: arguments.optionalString("src"), path: path, type: arguments.optionalString("fstype"),
            options: options, dump: arguments.optionalString("dump") ?? "0",
            pass: arguments.optionalString("passno") ?? "0")
        usesFstab = state != .ephemeral
        let fstab = arguments.optionalString("fstab") ?? "/etc/fstab"
        var edit = FileEdit(path: fstab, creates: true, backup: arguments.bool("backup"))
        edit.isSecret = isHidden
        self.edit = edit
        var values: ValueMap = [
            "name": .string(path), "opts": .string(Text(options, marks: isHidden ? .secret : [])),
            "dump": .string(entry.dump),
            "passno": .string(entry.pass), "fstab": .string(fstab), "boot": isBooted ? "yes" : "no", "backup_file": "",
        ]
        if let source = entry.source { values["src"] = .string(source) }
        if let type = entry.type { values["fstype"] = .string(type) }
        self.values = values
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        guard let original = try await edit.read(target, with: Self.mounts) else {
            return .unknown(Unknown("what '\(edit.path)' will hold"), Step())
        }
        let mounts = MountTable(original.extra)
        let point = FilePlacement.normalized(path)
        let mounted = mounts.source(at: point)
        var step = Step(before: original.content, fstabPath: original.place.path)
        var change = Change()
        if let content = fstabContent(original.content ?? []) {
            guard
                case .change(let part, let write, _) = try await edit.plan(
                    original, content: content, message: "", target)
            else { throw Diagnostic(.internal, "an fstab that differs and does not") }
            step.fstab = write
            change = part
        }
        switch state {
        case .present, .absentFromFstab: break
        case .absent:
            if step.fstab != nil { step.mounting = .remove }
        case .unmounted:
            if mounted != nil { step.mounting = .unmount }
        case .remounted: step.mounting = .remount
        case .mounted:
            if mounted == nil {
                step.mounting = .mount
            } else if step.fstab != nil {
                step.mounting = .remount
            }
        case .ephemeral:
            if let mounted {
                guard mounts.isSame(mounted, entry.source ?? "") else {
                    throw Diagnostic(
                        .failed, "'\(point)' is mounted from '\(mounted.first ?? "")', not '\(entry.source ?? "")'",
                        remedy: "Unmount it in an earlier task, or choose another path.", host: target.hostName)
                }
                step.mounting = .remount
            } else {
                step.mounting = .mount
            }
        }
        switch step.mounting {
        case .none: break
        case .remove:
            change.parts.append(.action("unmount \(point) if it is mounted, and remove the directory"))
            change.effects.append(.file(path: point, .init(kind: .absent)))
        case .mount:
            change.parts.append(.action("mount \(entry.source ?? "") on \(point)"))
            change.effects.append(.file(path: point, .init(kind: .directory)))
        default: change.parts.append(.action("\(step.mounting.rawValue) \(point)"))
        }
        guard !change.isEmpty else { return .asWanted(ModuleResult(values: values, warnings: warnings)) }
        return .change(change, step, foreseen: ModuleResult(changed: true, values: values, warnings: warnings))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var values = values
        // What cannot be mounted never gets into fstab, where it could keep the host from starting.
        if step.mounting == .mount { try await act(step, target) }
        if let fstab = step.fstab {
            let written = try await edit.apply(fstab, to: target)
            if let path = written.values["backup_file"] { values["backup_file"] = path }
        }
        if step.mounting != .none, step.mounting != .mount { try await act(step, target) }
        return ModuleResult(changed: true, values: values, warnings: warnings)
    }

    private func act(_ step: Step, _ target: some TargetWriter) async throws(Diagnostic) {
        let custom = usesFstab && edit.path != "/etc/fstab" ? edit.path : ""
        let namesSource = state == .ephemeral || step.mounting == .mount
        let answer = try await target.execute(
            Self.act,
            [
                step.mounting.rawValue, path, namesSource ? entry.source ?? "" : "", entry.type ?? "",
                namesSource || state == .remounted ? entry.options : "", custom,
            ])
        guard !answer.succeeded else { return }
        // A working file system with the old options is better than a line that nobody can mount.
        if state == .mounted, step.fstab != nil, step.mounting == .remount {
            _ = try await target.write(FileWrite(path: step.fstabPath, content: step.before ?? []))
        }
        let said = answer.errorOutput.lastLine
        throw Diagnostic(
            .failed,
            "cannot \(step.mounting.rawValue) '\(path)': "
                + (isHidden ? said.replacing(entry.options, with: "********") : said),
            remedy: state == .mounted ? "fstab is as it was." : nil, host: target.hostName)
    }

    /// What fstab is to hold, if that is not what it holds.
    private func fstabContent(_ content: [UInt8]) -> [UInt8]? {
        let coding = TextCoding(of: content)
        let lines = HostText.lines(coding.text(content))
        let entry = entry.mapped(coding.spelling)
        let edited: [String]? =
            switch state {
            case .present, .mounted: Fstab.with(entry, in: lines)
            case .absent, .absentFromFstab: Fstab.without(entry, in: lines)
            default: nil
            }
        return edited.map { coding.bytes($0.map { $0 + "\n" }.joined()) }
    }

    private static let mounts: Script = #"cat /proc/self/mountinfo 2>/dev/null"#

    /// `$1` what to do, `$2` where, `$3` and `$4` the source and type of a mount that is in no fstab, `$5` its options,
    /// `$6` another fstab.
    private static let act: Script =
        ReadingScripts.expand + #"""
            doing=$1 source=$3 type=$4 opts=$5 fstab=$6
            sp_expand "$2"
            made=
            is_mounted() {
                # As the kernel writes the mount point, the fifth word.
                point=$(printf %s "${p%/}" | sed -e 's/\\/\\134/g; s/ /\\040/g' -e "s/$(printf '\t')/\\\\011/g")
                cut -d ' ' -f 5 /proc/self/mountinfo | grep -qxF -e "$point"
            }
            mount_it() {
                if [ -n "$source" ]; then
                    set -- -t "$type"
                    [ "$opts" = defaults ] || set -- "$@" -o "$opts"
                    mount "$@" "$source" "$p"
                elif [ -n "$fstab" ]; then mount -T "$fstab" "$p"
                else mount "$p"
                fi
            }
            case $doing in
            unmount) umount "$p" ;;
            remove)
                if is_mounted; then umount "$p" || exit 1; fi
                if [ -d "$p" ]; then rmdir -- "$p"; fi
                ;;
            mount)
                if ! [ -e "$p" ]; then mkdir -p -- "$p" || exit 1; made=1; fi
                mount_it || { [ -z "$made" ] || rmdir -- "$p" 2>/dev/null; exit 1; }
                ;;
            remount)
                more=
                [ -z "$opts" ] || [ "$opts" = defaults ] || more=,$opts
                if [ -n "$source" ]; then mount -t "$type" -o "remount$more" "$source" "$p" 2>/dev/null && exit 0
                elif [ -n "$fstab" ]; then mount -T "$fstab" -o "remount$more" "$p" 2>/dev/null && exit 0
                else mount -o "remount$more" "$p" 2>/dev/null && exit 0
                fi
                # Options of one's own must not be lost by mounting afresh.
                if [ -n "$more" ] && [ -z "$source" ]; then mount -o "remount$more" "$p"; exit; fi
                umount "$p" && mount_it
                ;;
            esac
            """#
}

/// A line of fstab as a task wants it.
struct FstabEntry: Sendable {
    var source: String?
    var path: String
    var type: String?
    var options: String
    var dump: String
    var pass: String

    /// The same in another spelling.
    func mapped(_ spelling: (String) -> String) -> FstabEntry {
        FstabEntry(
            source: source.map(spelling), path: spelling(path), type: type.map(spelling), options: spelling(options),
            dump: spelling(dump), pass: spelling(pass))
    }
}

/// Edits of fstab: comments and other lines stay as they are. See fstab(5).
enum Fstab {
    /// The lines with the entry among them; nil if it is there already.
    static func with(_ entry: FstabEntry, in lines: [String]) -> [String]? {
        let wanted = [
            entry.source ?? "", entry.path, entry.type ?? "", entry.options, entry.dump, entry.pass,
        ].map(escaped)
        var isThere = false
        var isChanged = false
        var result: [String] = []
        for line in lines {
            let fields = fields(of: line)
            guard (4...6).contains(fields.count), isMeant(fields, entry) else {
                result.append(line)
                continue
            }
            isThere = true
            if [fields[0]] + fields[2...] == [wanted[0]] + wanted[2...] {
                result.append(line)
            } else {
                isChanged = true
                result.append(([wanted[0], fields[1]] + wanted[2...]).joined(separator: " "))
            }
        }
        if !isThere { result.append(wanted.joined(separator: " ")) }
        return isChanged || !isThere ? result : nil
    }

    /// The lines without the entry; nil if it is not there.
    static func without(_ entry: FstabEntry, in lines: [String]) -> [String]? {
        let kept = lines.filter { line in
            let fields = fields(of: line)
            return !((4...6).contains(fields.count) && isMeant(fields, entry))
        }
        return kept.count < lines.count ? kept : nil
    }

    private static func fields(of line: String) -> [String] {
        // Only these part fields: other bytes may look like blanks where the file is not UTF-8.
        line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map(String.init)
    }

    /// Swap has no mount point: there the source tells.
    private static func isMeant(_ fields: [String], _ entry: FstabEntry) -> Bool {
        guard fields[1] == escaped(entry.path) else { return false }
        if fields[1] == "none", fields[2] == "swap", let source = entry.source { return fields[0] == source }
        return true
    }

    static func escaped(_ field: String) -> String {
        field.replacing("\\", with: "\\134").replacing(" ", with: "\\040").replacing("\t", with: "\\011")
            .replacing("#", with: "\\043").replacing("&", with: "\\046")
    }
}

/// What is mounted, as /proc/self/mountinfo tells it. See proc(5).
struct MountTable: Sendable {
    /// By mount point, the last one mounted there: the source, and for bind mounts the directory within it.
    private var mounts: [String: [String]] = [:]

    init(_ text: String) {
        var devices: [(point: String, device: String, root: String, source: String)] = []
        for line in text.split(separator: "\n") {
            let parts = line.ranges(of: " - ")
            guard let dash = parts.first else { continue }
            let head = line[..<dash.lowerBound].split(separator: " ").map { Self.plain(String($0)) }
            let tail = line[dash.upperBound...].split(separator: " ").map { Self.plain(String($0)) }
            guard head.count >= 5, tail.count >= 2 else { continue }
            devices.append((head[4], head[2], head[3], tail[1]))
        }
        for (point, device, root, source) in devices {
            var names = [source]
            // A bind mount shows the device; what was bound is the same directory elsewhere.
            for other in devices where other.device == device && other.point != point {
                let base = other.root == "/" ? "" : other.root
                if root == other.root || root.hasPrefix(base + "/") {
                    let rest = String(root.dropFirst(base.count))
                    names.append(FilePlacement.normalized(other.point + "/" + rest))
                }
            }
            mounts[point] = names
        }
    }

    /// What is mounted there, under all names it has; nil if nothing is.
    func source(at point: String) -> [String]? { mounts[point] }

    func isSame(_ mounted: [String], _ source: String) -> Bool {
        mounted.contains(source) || source.contains("=")
    }

    /// Without octal escapes.
    private static func plain(_ field: String) -> String {
        field.replacing("\\040", with: " ").replacing("\\011", with: "\t").replacing("\\012", with: "\n")
            .replacing("\\043", with: "#").replacing("\\134", with: "\\")
    }
}
