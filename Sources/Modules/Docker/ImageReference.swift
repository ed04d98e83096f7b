internal import Diagnostics
internal import Values

/// An image's name as people write it: `registry.example.com:5000/app:1.2`, `nginx@sha256:…`, or an image's ID.
struct ImageReference: Sendable, Equatable {
    /// Registry and path, as written.
    var repository: String
    var tag: String?
    var digest: String?
    /// True for `sha256:…` alone, which names an image on the host and nothing in a registry.
    var isID = false

    init(_ text: String) {
        if text.hasPrefix("sha256:"), text.utf8.count == 71 {
            repository = text
            isID = true
            return
        }
        var rest = text[...]
        if let at = rest.firstIndex(of: "@") {
            digest = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
        }
        // A colon after the last slash begins the tag; one before it is the registry's port.
        let slash = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest[slash...].lastIndex(of: ":") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        repository = String(rest)
    }

    /// The name with the tag that is meant where none is written.
    var full: String {
        if isID { return repository }
        if let digest { return "\(repository)@\(digest)" }
        return "\(repository):\(tag ?? "latest")"
    }

    /// The name in one form for all spellings of it, to compare two: `nginx` and `docker.io/library/nginx:latest`
    /// are the same image.
    var canonical: String {
        if isID { return repository }
        var name = repository
        for prefix in ["index.docker.io/", "docker.io/"] where name.hasPrefix(prefix) {
            name = String(name.dropFirst(prefix.count))
        }
        if name.hasPrefix("library/") { name = String(name.dropFirst(8)) }
        return name + (digest.map { "@\($0)" } ?? ":\(tag ?? "latest")")
    }

    /// The registry that holds it; nil is Docker Hub.
    var registry: String? {
        guard let slash = repository.firstIndex(of: "/") else { return nil }
        let first = repository[..<slash]
        guard first.contains(".") || first.contains(":") || first == "localhost" else { return nil }
        return first == "docker.io" || first == "index.docker.io" ? nil : String(first)
    }

    /// The image that a task names: the tag in the name counts, then the task's own `tag`, then `latest`.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` if it is no image's name.
    init(named name: String, _ arguments: Arguments) throws(Diagnostic) {
        try Self.check(name)
        self.init(name)
        guard tag == nil, digest == nil, !isID else { return }
        tag = arguments.optionalString("tag").flatMap { $0.isEmpty ? nil : $0 } ?? "latest"
    }

    /// Whether the text can be an image's name at all, so that a slip is named before a host is asked.
    static func check(_ text: String) throws(Diagnostic) {
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "["), UInt8(ascii: "]"),
                UInt8(ascii: "+"):
                true
            default: false
            }
        }
        let repository = ImageReference(text).repository
        guard allowed, !repository.isEmpty, !repository.hasSuffix("/"), !repository.contains("//") else {
            throw Diagnostic(
                .badValue, "'\(text)' is no image name", remedy: "write it as [registry/]name[:tag] or name@sha256:….")
        }
    }
}
