public import Results

/// What the earlier tasks of a dry run would have changed on a host.
///
/// Modules ask it where they ask the host, so that a directory task 3 would create exists for task 7.
public struct Foreseen: Sendable {
    public private(set) var files: [String: Change.FileEffect] = [:]
    public private(set) var packages: [String: Bool] = [:]
    public private(set) var users: [String: Bool] = [:]
    public private(set) var groups: [String: Bool] = [:]
    public private(set) var units: [String: UnitState] = [:]
    /// Chains of the packet filter, such as `ipv4 filter WEB`.
    public private(set) var chains: [String: Bool] = [:]
    private var dockerObjects: [ServerObject: Bool] = [:]
    private var postgresObjects: [ServerObject: Bool] = [:]

    /// A unit as it would be.
    public struct UnitState: Sendable {
        public var active: Bool?
        public var enabled: Bool?
    }

    private struct ServerObject: Hashable {
        var kind: String
        var name: String
    }

    public init() {}

    /// Whether nothing was foreseen, as in every real run.
    public var isEmpty: Bool {
        files.isEmpty && packages.isEmpty && users.isEmpty && groups.isEmpty && units.isEmpty && dockerObjects.isEmpty
            && postgresObjects.isEmpty && chains.isEmpty
    }

    /// Whether the Docker object of that kind (`network`, `volume`, `image`, `container`) would be there; nil if
    /// no task of this run would touch it.
    public func docker(_ kind: String, _ name: String) -> Bool? { dockerObjects[ServerObject(kind: kind, name: name)] }

    /// Whether the object of a PostgreSQL server of that kind (`database`, `role`) would be there; nil if no task of
    /// this run would touch it.
    public func postgres(_ kind: String, _ name: String) -> Bool? {
        postgresObjects[ServerObject(kind: kind, name: name)]
    }

    /// Takes in what a task would do.
    public mutating func add(_ change: Change) {
        for effect in change.effects {
            switch effect {
            case .file(let path, var state):
                if state.keepsContent, let earlier = files[path], earlier.kind == state.kind {
                    state.checksum = state.checksum ?? earlier.checksum
                    state.content = state.content ?? earlier.content
                    state.isSecret = state.isSecret || earlier.isSecret
                    state.keepsContent = earlier.keepsContent
                }
                files[path] = state
            case .package(let name, let present): packages[name] = present
            case .user(let name, let present): users[name] = present
            case .group(let name, let present): groups[name] = present
            case .unit(let name, let active, let enabled):
                var state = units[name] ?? UnitState()
                state.active = active ?? state.active
                state.enabled = enabled ?? state.enabled
                units[name] = state
            case .docker(let kind, let name, let present):
                dockerObjects[ServerObject(kind: kind, name: name)] = present
            case .postgres(let kind, let name, let present):
                postgresObjects[ServerObject(kind: kind, name: name)] = present
            case .chain(let name, let present): chains[name] = present
            }
        }
    }
}

extension Foreseen {
    /// What would be changed at a path and below it; removed things are among them.
    ///
    /// - Parameter top: As the host has it: absolute, with nothing left to be expanded.
    /// - Returns: Paths below the top in their order, without a slash in front, empty for the top itself.
    package func effects(within top: String) -> [(below: String, effect: Change.FileEffect)] {
        let top = Self.normalized(resolved(top))
        let inside = top == "/" ? top : top + "/"
        return files.filter { $0.key == top || $0.key.hasPrefix(inside) }.sorted { $0.key < $1.key }
            .map { (String($0.key.dropFirst(inside.count)), $0.value) }
    }

    /// Whether the file would hold what must not be shown.
    package func isSecret(at path: String) -> Bool { effect(at: path)?.isSecret ?? false }

    /// The change without the texts that earlier tasks of this dry run would have made of secrets: what such a text
    /// becomes is as secret.
    package func hidden(_ change: Change) -> Change {
        if isEmpty { return change }
        var change = change
        for index in change.parts.indices {
            guard case .text(let path, _, _) = change.parts[index], isSecret(at: path) else { continue }
            change.parts[index] = .hiddenContent(of: path)
        }
        for index in change.effects.indices {
            guard case .file(let path, var effect) = change.effects[index], effect.kind == .file, isSecret(at: path)
            else { continue }
            effect.isSecret = true
            change.effects[index] = .file(path: path, effect)
        }
        return change
    }

    /// Whether packages are to be installed in this dry run: with them come users, units and directories that
    /// nobody can name beforehand.
    public var awaitsPackages: Bool { packages.values.contains(true) }
}
