import Diagnostics
internal import Jinja
import Results
import Target
import Values

/// Packs files of the host into an archive, as `community.general.archive` does.
struct ArchiveModule: Module {
    static let manual = ModuleManual(
        name: "community.general.archive",
        summary: "Pack files and directories of the host into an archive there.",
        description: """
            The host needs GNU tar and the program of the format, or zip and unzip. What the archive holds is compared \
            with the files first, so that a second run changes nothing. A single file is only packed, not put into an \
            archive, unless `force_archive` is true.
            """,
        arguments: [
            .required("path", .list(.path), "Files, directories or patterns."),
            .optional("dest", .path, "The archive; for a single file, by default its name with the format behind it."),
            .optional(
                "format", .string, "How it is packed.", default: "gz", choices: ["bz2", "gz", "tar", "xz", "zip"]),
            .optional(
                "exclude_path", .list(.path), "Files, directories or patterns among `path` to leave out.", default: []),
            .optional("exclusion_patterns", .list(.path), "Patterns of names in the archive to leave out."),
            .optional("force_archive", .bool, "Make an archive even of a single file.", default: false),
            .optional("remove", .bool, "Remove what was packed.", default: false),
        ] + FileAttributes.arguments,
        example: """
            - community.general.archive:
                path: /var/www/site
                dest: /var/backups/site.tar.xz
                format: xz
                exclusion_patterns: ['*/cache/*']
            """
    )

    private let paths: [String]
    private let excluded: [String]
    private let destination: String?
    private let format: String
    private let patterns: [Regex]
    private let forcesArchive: Bool
    private let removes: Bool
    private let attributes: FileAttributes

    /// What is packed.
    struct Step: Sendable {
        var root = ""
        /// Names below the root.
        var names: [String] = []
        var destination = ""
        /// A file that is only packed.
        var single: String?
        var writes = true
        var removals: [String] = []
        var values: ValueMap = [:]
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        paths = arguments.strings("path")
        excluded = arguments.strings("exclude_path")
        destination = arguments.optionalString("dest")
        format = arguments.optionalString("format") ?? "gz"
        forcesArchive = arguments.bool("force_archive")
        removes = arguments.bool("remove")
        attributes = try FileAttributes(arguments)
        for path in paths + excluded where path.contains("\n") {
            throw Diagnostic(.unsupported, "a path with a line end cannot be packed: '\(path)'", at: arguments.location)
        }
        var patterns: [Regex] = []
        for pattern in arguments.strings("exclusion_patterns") {
            do {
                patterns.append(try Regex.compiled(FindWish.regex(ofGlob: pattern)))
            } catch {
                throw error.located(at: arguments.location)
            }
        }
        self.patterns = patterns
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let hasPatterns = paths.contains(where: Self.isPattern)
        // Where nothing names the archive, it is beside the one file that is packed.
        let asked = destination ?? (paths.count == 1 && !hasPatterns ? "\(paths[0]).\(format)" : nil)
        let (inspection, rest) = try await target.inspect(
            asked.map { [FilePlacement.directory(of: $0), $0] } ?? [], checksums: true, owner: attributes.owner,
            group: attributes.group, with: ArchiveScripts.look,
            [
                format + (asked == nil ? "" : " named") + (forcesArchive ? " forced" : ""),
                paths.joined(separator: "\n"), excluded.joined(separator: "\n"),
            ])
        let listing = try ArchiveListing(rest)
        if awaits(listing, target) { return try foretell(inspection, target) }
        let chosen = listing.chosen
        guard let first = chosen.first else {
            throw Diagnostic(
                .failed, "'\(paths.joined(separator: "', '"))' names nothing to pack", host: target.hostName)
        }
        let archives = forcesArchive || chosen.count > 1 || hasPatterns || listing.kinds[first] == "d"
        guard destination != nil || !archives, inspection.paths.count == 2 else {
            throw Diagnostic(
                .missingArgument, "'dest' is needed to pack a directory or several files", host: target.hostName)
        }
        let place = inspection.paths[1]
        let root = Self.commonDirectory(of: chosen)
        let members = try self.members(chosen, listing, root: root)
        if let own = listing.own, removes || listing.kinds[own] != nil {
            throw Diagnostic(
                .failed, "'\(place.path)' is among what is to be packed\(removes ? " and removed" : "")",
                remedy: "Name a 'dest' outside of it.", host: target.hostName)
        }
        let single = archives || format == "zip" || format == "tar" ? nil : first
        try inspection.requireFilePlace(1, on: target)
        var values: ValueMap = [
            "expanded_paths": .list(listing.expanded.map { .string($0) }),
            "expanded_exclude_paths": .list(listing.excluded.map { .string($0) }),
            "missing": .list(listing.missing.map { .string($0) }),
            "dest": .string(place.path), "arcroot": .string(root),
        ]
        let present = chosen.filter { listing.kinds[$0] != nil }
        guard !present.isEmpty else {
            // Nothing is left to pack: it was packed and removed before.
            values["archived"] = []
            values["dest_state"] = .string(
                !place.followed.exists ? "absent" : Self.isArchive(place.path) ? "archive" : "compress")
            values.merge(place.followed.commonValues)
            return .asWanted(.ok(values))
        }
        values["dest_state"] = .string(single != nil ? "compress" : listing.missing.isEmpty ? "archive" : "incomplete")
        values["archived"] = .list((single.map { [$0] } ?? members.map { root + $0 }).map { .string($0) })
        // What is to be removed is packed right before, whatever the archive holds.
        let isSame =
            !removes && !place.hasForeseenContent && listing.holds(single == nil ? members : nil, root: root)
        var step = Step(root: root, names: members, destination: place.path, single: single, writes: !isSame)
        if removes { step.removals = present.flatMap { [$0] + (listing.below[$0] ?? []) } }
        step.values = values
        try attributes.requireOwners(inspection, on: target)
        var change = Change()
        if !isSame {
            change.parts.append(.action("pack \(members.count) names into \(place.path)"))
            change.effects.append(
                .file(path: place.path, attributes.stateOfNew(.file, in: inspection, parent: nil).effect()))
        } else {
            let difference = try attributes.difference(from: place.followed, in: inspection, on: target)
            change.parts += difference.parts
        }
        for path in removes ? present : [] {
            change.parts.append(.action("remove \(path)"))
            change.effects.append(.file(path: path, .init(kind: .absent)))
        }
        if change.isEmpty {
            values.merge(place.followed.commonValues)
            return .asWanted(.ok(values))
        }
        return .change(change, step, foreseen: .changed(values))
    }

    /// Whether earlier tasks of a dry run would change something that is to be packed.
    private func awaits(_ listing: ArchiveListing, _ target: some TargetReader) -> Bool {
        guard !target.foreseen.isEmpty else { return false }
        let patterns = paths.filter(Self.isPattern).map { pattern in
            FilePlacement.directory(of: pattern.prefix { $0 != "*" && $0 != "?" } + "x")
        }
        return !listing.missing.isEmpty && target.foreseen.awaitsPackages
            || (listing.chosen + patterns).contains { path in
                target.foreseen.effects(within: path).contains { !$0.below.isEmpty || !$0.effect.keepsContent }
                    || target.foreseen.effect(at: path)?.kind == .absent
            }
    }

    /// What a dry run tells where it cannot see what is to be packed.
    private func foretell(_ inspection: Inspection, _ target: some TargetReader) throws(Diagnostic) -> Plan<Step> {
        guard inspection.paths.count == 2, !inspection.paths[1].followed.exists else {
            return .unknown(Unknown("what '\(paths.joined(separator: "', '"))' will hold"), Step())
        }
        try inspection.requireFilePlace(1, on: target)
        let place = inspection.paths[1]
        let after = attributes.stateOfNew(.file, in: inspection, parent: inspection.paths[0].followed)
        return .change(
            .action(
                "pack \(paths.joined(separator: ", ")) into \(place.path)",
                effects: [.file(path: place.path, after.effect())]), Step(),
            foreseen: .changed(["dest": .string(place.path)]))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var warnings: [String] = []
        if step.writes {
            let answer = try await target.execute(
                ArchiveScripts.pack, [format, step.single ?? step.root, step.single == nil ? "" : "1"],
                input: Array(step.names.map { $0 + "\n" }.joined().utf8), timeout: nil)
            guard answer.succeeded else { throw ArchiveScripts.trouble(answer, step.destination, target.hostName) }
            var fields = FieldReader(answer.stdout)
            let path = fields.next()
            var placement = FilePlacement(destination: step.destination, content: [], attributes: attributes)
            placement.hostFile = .init(path: path, checksum: fields.next(), size: Int(fields.next().trimmed) ?? 0)
            let prepared = placement
            let placed = try await target.removing(FilePlacement.directory(of: path)) {
                () async throws(Diagnostic) in
                guard case .change(_, let planned, _) = try await prepared.plan(target) else { return .ok() }
                return try await prepared.apply(planned, to: target)
            }
            warnings = placed.warnings
        } else if !attributes.isEmpty {
            let inspection = try await target.inspect(
                [step.destination], owner: attributes.owner, group: attributes.group)
            let difference = try attributes.difference(from: inspection.paths[0].followed, in: inspection, on: target)
            if !difference.isEmpty { try await FileAttributes.set([(step.destination, difference)], on: target) }
        }
        if !step.removals.isEmpty {
            // Only what was seen: what came since is in no archive.
            try await target.perform(
                ArchiveScripts.remove, [], input: Array(step.removals.map { $0 + "\n" }.joined().utf8),
                doing: "remove all that was packed")
        }
        var values = step.values
        values.merge(try await target.stat(step.destination).commonValues)
        return ModuleResult(changed: true, values: values, warnings: warnings)
    }

    // MARK: Names

    /// The names in the archive, below the root.
    private func members(_ chosen: [String], _ listing: ArchiveListing, root: String) throws(Diagnostic) -> [String] {
        var names: [String] = []
        for path in chosen where listing.kinds[path] != nil {
            let all = listing.kinds[path] == "d" ? listing.below[path] ?? [] : [path]
            for found in all {
                guard !found.contains("\n") else {
                    throw Diagnostic(.unsupported, "a name with a line end cannot be packed: '\(found)'")
                }
                let isBelow = found.utf8.starts(with: root.utf8)
                let name = isBelow ? String(Substring(found.utf8.dropFirst(root.utf8.count))) : found
                // zip's patterns look at whole paths, tar's at names in the archive.
                let shown = Array((format == "zip" ? found : name).utf8)
                var isLeftOut = false
                for pattern in patterns where try pattern.firstMatch(in: shown, anchored: true) != nil {
                    isLeftOut = true
                }
                if !isLeftOut, found != listing.own { names.append(name) }
            }
        }
        return names
    }

    /// The deepest directory that all paths lie in, with a slash at its end.
    static func commonDirectory(of paths: [String]) -> String {
        guard let first = paths.first, let slash = first.lastIndex(of: "/") else { return "" }
        var common = first[...slash]
        for path in paths.dropFirst() {
            while !path.hasPrefix(common), !common.isEmpty {
                common = common.dropLast()
                while let last = common.last, last != "/" { common = common.dropLast() }
            }
        }
        return String(common)
    }

    private static func isPattern(_ path: String) -> Bool { path.contains("*") || path.contains("?") }

    private static func isArchive(_ path: String) -> Bool {
        let name = path.lowercased()
        return [".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".zip"].contains(where: name.hasSuffix)
    }
}
