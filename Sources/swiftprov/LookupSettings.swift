import Values
import Variables

/// Settings that `lookup('config', …)` knows, under ansible-core's names for them.
enum LookupSettings {
    static func all(_ run: RunFacts, rolesPath: [String]) -> [String: (value: Value, origin: String)] {
        let values: [String: Value] = [
            "CONFIG_FILE": run.configFile.map { .string($0) } ?? .null,
            "DEFAULT_FORKS": .int(run.forks),
            "DEFAULT_HASH_BEHAVIOUR": .string(run.mergesMaps ? "merge" : "replace"),
            "DEFAULT_HOST_LIST": .list(run.inventorySources.map { .string($0) }),
            "DEFAULT_REMOTE_USER": run.remoteUser.map { .string($0) } ?? .null,
            "DEFAULT_ROLES_PATH": .list(rolesPath.map { .string($0) }),
            "DEFAULT_VERBOSITY": .int(run.verbosity),
            "TAGS_RUN": .list(run.runTags.map { .string($0) }),
            "TAGS_SKIP": .list(run.skipTags.map { .string($0) }),
        ]
        let origin = run.configFile ?? "default"
        return values.mapValues { ($0, origin) }
    }
}
