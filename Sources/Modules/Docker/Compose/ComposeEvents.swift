internal import Values

/// What the compose plugin said while it worked: it tells in lines meant for people, since 2.29 in lines of JSON.
struct ComposeEvents: Sendable {
    /// One thing that happens to one object.
    struct Event: Sendable, Equatable {
        /// `container`, `network`, `volume`, `image`, `service`.
        var kind: String
        var id: String
        /// The plugin's word: `Creating`, `Running` …
        var status: String
    }

    private(set) var events: [Event] = []
    private(set) var warnings: [String] = []
    private(set) var errors: [String] = []
    private var isDry = false

    /// - Parameter text: What it wrote to standard error.
    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            var line = line.trimmed
            if let rest = line.after("DRY-RUN MODE -") {
                line = rest.trimmed
                isDry = true
            }
            if line.hasPrefix("{"), let map = (try? JSON.parse(line))?.mapValue { add(map) } else { add(line) }
        }
    }

    // MARK: What came of it

    /// Words that stand for a change that begins, in the order in which changes come.
    private static let working = [
        "Pulling", "Building", "Stopping", "Killing", "Removing", "Creating", "Recreate", "Restarting", "Starting",
    ]

    /// The changes, in an order that does not depend on which container was quicker.
    ///
    /// - Parameter volumes: The volumes there are: older plugins say that they remove others, too.
    func actions(volumes: Set<String>?) -> [Event] {
        let all = events.filter { event in
            guard Self.working.contains(event.status) else { return false }
            if event.kind == "volume", event.status == "Removing", let volumes { return volumes.contains(event.id) }
            return true
        }
        var seen: [Event] = []
        for event in all where !seen.contains(event) && !isForerunner(event) { seen.append(event) }
        func rank(_ event: Event) -> (Int, String, String) {
            (Self.working.firstIndex(of: event.status) ?? 0, event.kind, event.id)
        }
        return seen.sorted { rank($0) < rank($1) }
    }

    /// A dry run starts a container that is made anew under a second name, too, which a run never shows:
    /// `85c2d6a88e78_app-web-1`.
    private func isForerunner(_ event: Event) -> Bool {
        guard event.kind == "container", event.status == "Starting", let line = event.id.firstIndex(of: "_") else {
            return false
        }
        let head = event.id[..<line]
        let name = event.id[event.id.index(after: line)...]
        return head.count == 12 && head.allSatisfy(\.isHexDigit)
            && events.contains { $0.status == "Recreate" && $0.id == name }
    }

    var pulls: Bool { events.contains { $0.status == "Pulling" || $0.status == "Pulled" } }
    var builds: Bool { events.contains { $0.status == "Building" || $0.status == "Built" } }

    // MARK: Reading

    private static let settled = [
        "Started", "Healthy", "Exited", "Restarted", "Running", "Created", "Stopped", "Killed", "Removed", "Recreated",
        "Pulled", "Built", "Waiting",
    ]

    private static func isKnown(_ word: String) -> Bool { working.contains(word) || settled.contains(word) }

    private mutating func add(_ map: ValueMap) {
        func text(_ name: String) -> String { map[name]?.stringValue ?? "" }
        if map["dry-run"]?.isTruthy == true { isDry = true }
        if map["error"]?.isTruthy == true {
            errors.append(text("message"))
        } else if map["tail"]?.isTruthy == true {
            if let rest = text("text").after("WARNING:") {
                warnings.append(rest.trimmed)
            } else {
                errors.append(text("text"))
            }
        } else if text("level") == "warning" {
            warnings.append(text("msg"))
        } else if text("level") == "error" {
            errors.append(text("msg"))
        } else if let image = text("parent_id").after("Image "), text("status") == "Working" {
            events.append(Event(kind: "image", id: image, status: "Pulling"))
        } else if let service = text("text").after("build service ") {
            events.append(Event(kind: "service", id: service, status: "Building"))
        } else {
            // Which of the two holds the word has changed with the versions.
            let words = [text("status"), text("text")]
            let id = text("id")
            if let word = words.first(where: Self.isKnown) { add(id, word) } else { addTrouble(id, words) }
        }
    }

    private mutating func add(_ line: String) {
        if let level = line.firstRange(of: " level=warning msg=") {
            warnings.append(Self.unquoted(String(line[level.upperBound...])))
            return
        }
        if let service = line.after("build service ") {
            events.append(Event(kind: "service", id: service.trimmed, status: "Building"))
            return
        }
        let words = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        guard words.count >= 2, !line.hasPrefix("==>") else { return note(line) }
        if Self.kinds[words[0]] != nil, words.count >= 3 {
            let rest = words[2...].joined(separator: " ")
            if Self.isKnown(rest) {
                add(words[0] + " " + words[1], rest)
            } else {
                addTrouble(words[0] + " " + words[1], [rest])
            }
        } else if words.count == 2, ["Pulling", "Pulled"].contains(words[1]) {
            add(words[0], words[1])
        } else {
            note(line)
        }
    }

    private static let kinds = ["Container": "container", "Network": "network", "Volume": "volume", "Image": "image"]

    private mutating func add(_ name: String, _ status: String) {
        let words = name.split(separator: " ", maxSplits: 1).map(String.init)
        if words.count == 2, let kind = Self.kinds[words[0]] {
            // Before 2.30 volumes come in quotes.
            events.append(Event(kind: kind, id: words[1].filter { $0 != "\"" }, status: status))
        } else {
            events.append(Event(kind: "service", id: name, status: status))
        }
    }

    /// What is no step: a network that is still in use, an image that is not to be had.
    private mutating func addTrouble(_ name: String, _ words: [String]) {
        let said = words.filter { !$0.isEmpty && $0 != "Error" }
        guard !said.isEmpty, !name.isEmpty, !name.contains("==>") else { return }
        if words.contains("Error") || said.contains(where: { $0.hasPrefix("Error") }) {
            errors.append("\(name): \(said.joined(separator: " "))")
        } else if !isDry {
            // In a dry run containers that are to go still use their network.
            warnings.append("\(name): \(said.joined(separator: " "))")
        }
    }

    /// A line of another kind: the last of them says why a failed call failed.
    private mutating func note(_ line: String) {
        if !line.isEmpty, !line.hasPrefix("==>") { errors.append(line) }
    }

    /// The text of a quoted word of a log line.
    private static func unquoted(_ text: String) -> String {
        guard text.hasPrefix("\""), text.hasSuffix("\""), let plain = (try? JSON.parse(text))?.stringValue else {
            return text
        }
        return plain
    }
}

extension String {
    /// What stands behind that beginning; nil if it begins otherwise.
    fileprivate func after(_ head: String) -> String? { hasPrefix(head) ? String(dropFirst(head.count)) : nil }
}
