public import Results
import Target
internal import Values

/// A module that looks at and changes nothing on the host but some paths.
///
/// The engine may then change several items of a loop side by side, as long as their paths have nothing to do with
/// each other. Users, groups and the directories above may be looked at, too: no file module changes those.
public protocol PathBound: Module {
    /// The paths it is about; nil where only the host can tell them.
    var concerns: Concerns? { get }
    /// Whether a symbolic link at one of the paths makes it about what the link leads to.
    var followsLinks: Bool { get }
}

extension PathBound {
    /// It is about the paths themselves.
    public var followsLinks: Bool { false }
}

/// The paths that an item of a loop is about, in a form that can be compared without asking the host.
public struct Concerns: Sendable {
    /// Paths with everything below them.
    private let trees: [String]
    /// Paths of which only what they are themselves matters.
    private let places: [String]

    /// Concerned with nothing on the host.
    public static let none = Concerns(trees: [], places: [])

    private init(trees: [String], places: [String]) {
        self.trees = trees
        self.places = places
    }

    /// - Parameters:
    ///   - trees: Paths that matter with everything below them.
    ///   - places: Paths of which only what they are themselves matters, such as a directory that a file goes to.
    /// - Returns: Nil if only the host can resolve one: a relative path, or one with `~`, `$` or `..`.
    public init?(_ trees: [String], places: [String] = []) {
        for path in trees + places {
            guard path.hasPrefix("/"), !path.contains("$"), !path.split(separator: "/").contains("..") else {
                return nil
            }
        }
        self.init(trees: trees.map(Foreseen.normalized), places: places.map(Foreseen.normalized))
    }

    /// Whether the change may matter to who is concerned with these paths.
    ///
    /// Equal last names count as the same file, since one directory may be reached by two names.
    public func areTouched(by change: Change) -> Bool {
        change.effects.contains { effect in
            guard case .file(let path, _) = effect else { return true }
            let changed = Foreseen.normalized(path)
            let name = FilePlacement.basename(of: changed)
            return (trees + places).contains { mine in
                mine == changed || mine.hasPrefix(changed + "/") || FilePlacement.basename(of: mine) == name
            } || trees.contains { changed.hasPrefix($0 + "/") }
        }
    }
}
