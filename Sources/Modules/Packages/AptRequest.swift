import Diagnostics
import Values

/// What an apt task asks for, made ready for the host.
struct AptRequest: Sendable {
    /// A package as a task names it.
    struct Package: Sendable {
        /// As written.
        var spec: String
        var name: String
        /// The version part, a shell pattern.
        var version: String?
        var isAtLeast = false
        var isPattern: Bool { name.contains("*") || name.contains("?") }
    }

    let packages: [Package]
    let state: String
    let updates: Bool
    let cacheValidTime: Int
    let updateRetries: Int
    let updateLongestWait: Int
    /// `upgrade` or `dist-upgrade`, if all packages are to be upgraded.
    let upgrade: String?
    let autoremove: Bool
    let autoclean: Bool
    let clean: Bool
    let purge: Bool
    let deb: String?
    let failsOnRemoval: Bool
    let onlyUpgrade: Bool
    let policy: Int?
    private let options: [String]

    init(_ arguments: Arguments) throws(Diagnostic) {
        var packages: [Package] = []
        var upgradesAll = false
        state = arguments.optionalString("state") ?? "present"
        for text in arguments.strings("name").flatMap({ $0.split(separator: ",").map(\.trimmed) }) where !text.isEmpty {
            if text == "*" {
                guard state == "latest" else {
                    throw Diagnostic(
                        .badValue, "'name: *' is for 'state: latest'", at: arguments.location,
                        remedy: "Use 'upgrade: full' to upgrade all packages.")
                }
                upgradesAll = true
                continue
            }
            packages.append(Self.package(text))
        }
        self.packages = packages
        cacheValidTime = arguments.int("cache_valid_time") ?? 0
        updates = arguments.optionalBool("update_cache") ?? (cacheValidTime > 0)
        updateRetries = max(1, arguments.int("update_cache_retries") ?? 5)
        updateLongestWait = max(0, arguments.int("update_cache_retry_max_delay") ?? 12)
        switch arguments.optionalString("upgrade") ?? "no" {
        case "dist", "full": upgrade = "dist-upgrade"
        case "yes", "safe", "true": upgrade = "upgrade"
        default: upgrade = upgradesAll ? "dist-upgrade" : nil
        }
        autoremove = arguments.bool("autoremove")
        autoclean = arguments.bool("autoclean")
        clean = arguments.bool("clean")
        purge = arguments.bool("purge")
        deb = arguments.optionalString("deb")
        failsOnRemoval = arguments.bool("fail_on_autoremove")
        onlyUpgrade = arguments.bool("only_upgrade")
        policy = arguments.int("policy_rc_d")
        if let deb, deb.contains("://") {
            throw Diagnostic(
                .unsupported, "'deb: \(deb)' is not fetched by apt", at: arguments.location,
                remedy: "Fetch it with `uri` and `dest` first, then name the file.")
        }
        if packages.contains(where: { $0.version != nil }), state == "latest" {
            throw Diagnostic(
                .badValue, "a version and 'state: latest' exclude each other", at: arguments.location,
                remedy: "Use 'state: present' with the version.")
        }
        if state == "build-dep" {
            // Knowing whether build dependencies are met takes a simulation every time; it is done like one.
            guard !packages.isEmpty else {
                throw Diagnostic(.missingArgument, "'state: build-dep' needs 'name'", at: arguments.location)
            }
        }
        guard
            !packages.isEmpty || updates || upgrade != nil || deb != nil || autoremove || autoclean || clean
                || state == "fixed"
        else {
            throw Diagnostic(
                .missingArgument, "apt was told nothing to do", at: arguments.location,
                remedy: "Give 'name', 'update_cache', 'upgrade', 'deb' or 'autoremove'.")
        }
        options = Self.options(arguments)
    }

    /// Whether updating the lists is all.
    var isOnlyUpdate: Bool {
        packages.isEmpty && upgrade == nil && deb == nil && !autoremove && !clean && !autoclean && state != "fixed"
    }

    /// Whether nothing but downloaded files is concerned.
    var onlyCleans: Bool { packages.isEmpty && upgrade == nil && deb == nil && !autoremove && state != "fixed" }

    private static func package(_ text: String) -> Package {
        var package = Package(spec: text, name: text)
        if let range = text.firstRange(of: ">=") {
            package.name = text[..<range.lowerBound].trimmed
            package.version = text[range.upperBound...].trimmed
            package.isAtLeast = true
            // apt-get takes the newest by itself.
            package.spec = package.name
        } else if let equals = text.firstIndex(of: "=") {
            package.name = text[..<equals].trimmed
            package.version = text[text.index(after: equals)...].trimmed
            package.spec = "\(package.name)=\(package.version ?? "")"
        } else if let slash = text.firstIndex(of: "/") {
            package.name = String(text[..<slash])
        }
        return package
    }

    private static func options(_ arguments: Arguments) -> [String] {
        var words = ["-y", "-q"]
        for option in (arguments.optionalString("dpkg_options") ?? "").split(separator: ",") {
            words += ["-o", "Dpkg::Options::=--\(option.trimmed)"]
        }
        words += ["-o", "DPkg::Lock::Timeout=\(arguments.int("lock_timeout") ?? 60)"]
        if let release = arguments.optionalString("default_release") { words += ["-t", release] }
        if let recommends = arguments.optionalBool("install_recommends") {
            words += ["-o", "APT::Install-Recommends=\(recommends ? "yes" : "no")"]
        }
        if arguments.bool("force") {
            words += [
                "--allow-unauthenticated", "--allow-downgrades", "--allow-remove-essential",
                "--allow-change-held-packages",
            ]
        } else {
            if arguments.bool("allow_unauthenticated") { words.append("--allow-unauthenticated") }
            if arguments.bool("allow_downgrade") { words.append("--allow-downgrades") }
            if arguments.bool("allow_change_held_packages") { words.append("--allow-change-held-packages") }
        }
        return words
    }

    /// apt-get's words for a command of ours: options, verb, names.
    func words(_ verb: String, _ names: [String] = []) -> [String] {
        var words = options
        if autoremove, verb != "autoremove" { words.append("--auto-remove") }
        if purge { words.append("--purge") }
        if onlyUpgrade, verb == "install" { words.append("--only-upgrade") }
        if verb == "upgrade" { words.append("--with-new-pkgs") }
        return words + [verb] + (names.isEmpty ? [] : ["--"] + names)
    }

    /// The verb that the names go to.
    var verb: String {
        switch state {
        case "absent": "remove"
        case "build-dep": "build-dep"
        default: "install"
        }
    }

    /// What `AptScripts.look` is given.
    var words: [String] {
        let always =
            state == "latest" || state == "build-dep" || upgrade != nil || packages.contains(where: \.isPattern)
        var words = [
            state == "absent" ? (purge ? "purge" : "absent") : always ? "always" : "present",
            deb ?? "", upgrade ?? "", autoremove && packages.isEmpty ? "autoremove" : state == "fixed" ? "fixed" : "",
            String(packages.count),
        ]
        for package in packages {
            words += [package.name, package.version ?? "", package.isAtLeast ? "1" : "", package.spec]
        }
        // The simulation's words without the names, which the host chooses among.
        return words + self.words(verb).dropLast() + [verb]
    }
}
