import Diagnostics
import Results
import Target
import Values

/// What a host says about a directory that is to be copied there and about the place it is to go to: both trees with
/// the checksums of what both have, in one answer.
struct RemoteTreeSight: Sendable {
    /// One thing below the source, and what is at the same name below the destination.
    struct Item: Sendable {
        /// The name below the top, without a slash in front, as the host has it: any bytes but zero.
        var name: [UInt8]
        var source: PathInspection
        /// Its path is the one that would be written.
        var there: PathInspection
    }

    /// Source, destination and the directory that the destination is in.
    var inspection: Inspection
    /// Where the tree's top goes: the destination itself, or the source's name in it.
    var top: PathInspection
    /// Whether the top lies within the source.
    var isInside = false
    /// In the order of their names, directories before what is in them.
    var items: [Item] = []
    /// What the destination holds that belongs to somebody else than the task says, whatever the source has there.
    var foreign: [(name: [UInt8], state: FileState)] = []

    var source: PathInspection { inspection.paths[0] }
    var destination: PathInspection { inspection.paths[1] }
    var parent: PathInspection { inspection.paths[2] }

    /// The most entries that a tree may have.
    static let limit = 20_000

    /// Looks at the source and, if it is a directory, at everything a copy of it is about.
    ///
    /// - Parameter followsLinks: Whether links below the source count as what they lead to.
    /// - Returns: What is known of a source that is no directory, too; it has no items then.
    static func of(
        _ source: String, to destination: String, owner: String?, group: String?, followsLinks: Bool,
        on target: some TargetReader
    ) async throws(Diagnostic) -> RemoteTreeSight {
        var (inspection, rest) = try await target.inspect(
            [source, destination, FilePlacement.directory(of: destination)], checksums: true, owner: owner,
            group: group, with: RemoteTreeScripts.look, [source, destination, followsLinks ? "-L" : "-P"])
        var sight = RemoteTreeSight(inspection: inspection, top: PathInspection(path: ""))
        if rest.next() == "tree" {
            try sight.read(&rest, on: target)
        } else if inspection.paths[0].followed.kind == .directory {
            // An earlier task of this dry run would make it.
            let name = source.hasSuffix("/") ? "" : FilePlacement.basename(of: inspection.paths[0].path)
            let path = inspection.paths[1].path
            sight.top = try await target.inspect([name.isEmpty ? path : FilePlacement.join(path, name)]).paths[0]
        }
        try sight.foresee(on: target)
        return sight
    }

    private mutating func read(_ rest: inout FieldReader, on target: some TargetReader) throws(Diagnostic) {
        func failed(_ what: String, _ remedy: String) -> Diagnostic {
            Diagnostic(.failed, what, remedy: remedy, host: target.hostName)
        }
        top = rest.nextNamedPath().found
        top = target.foreseen.isEmpty ? top : target.foreseen.applied(top, inspection.identity)
        isInside = rest.next() == "inside"
        let tooMany = failed(
            "'\(source.path)' or its destination has more than \(Self.limit) entries to look at",
            "Copy parts of it in several tasks, or use ansible.posix.synchronize with 'delegate_to'.")
        if rest.next() == "many" { throw tooMany }
        while let count = Int(rest.next()) {
            var batch: [Item] = []
            for _ in 0..<count {
                let (name, found) = rest.nextNamedPath()
                let below = Array(name.dropFirst(2))
                batch.append(
                    Item(name: below, source: found, there: PathInspection(path: Self.path(top.path, below))))
            }
            if rest.next() == "both" {
                for index in batch.indices {
                    let path = batch[index].there.path
                    batch[index].there = rest.nextNamedPath().found
                    batch[index].there.path = path
                }
            }
            for index in batch.indices {
                batch[index].source.path = Self.path(source.path, batch[index].name)
            }
            items += batch
        }
        let mark = rest.next()
        if mark == "many" { throw tooMany }
        if mark == "foreign" {
            while let count = Int(rest.next()) {
                for _ in 0..<count {
                    let (name, found) = rest.nextNamedPath()
                    foreign.append((Array(name.dropFirst(2)), found.entry))
                }
            }
        }
        guard rest.next() == "end" else {
            throw failed("'\(source.path)' changed while it was looked at", "Try again.")
        }
        items.sort { $0.name.lexicographicallyPrecedes($1.name) }
        foreign.sort { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// Puts what earlier tasks of this dry run would leave in the place of what is there.
    private mutating func foresee(on target: some TargetReader) throws(Diagnostic) {
        let foreseen = target.foreseen
        guard !foreseen.isEmpty, source.followed.kind == .directory else { return }
        for (below, effect) in foreseen.effects(within: source.path) where !below.isEmpty {
            let name = Array(below.utf8)
            if effect.kind == .absent {
                items.removeAll { $0.name == name || $0.name.starts(with: name + [UInt8(ascii: "/")]) }
                continue
            }
            let path = Self.path(source.path, name)
            if let index = items.firstIndex(where: { $0.name == name }) {
                items[index].source = foreseen.applied(items[index].source, inspection.identity)
            } else {
                items.append(
                    Item(
                        name: name, source: foreseen.applied(PathInspection(path: path), inspection.identity),
                        there: PathInspection(path: Self.path(top.path, name))))
            }
        }
        items.sort { $0.name.lexicographicallyPrecedes($1.name) }
        for index in items.indices {
            items[index].there = foreseen.applied(items[index].there, inspection.identity)
        }
        foreign.removeAll { foreseen.effect(at: Self.path(top.path, $0.name)) != nil }
    }

    /// A path for people and for what is foreseen; bytes that are not UTF-8 are U+FFFD in it.
    private static func path(_ top: String, _ name: [UInt8]) -> String {
        name.isEmpty ? top : FilePlacement.join(top, String(decoding: name, as: UTF8.self))
    }
}
