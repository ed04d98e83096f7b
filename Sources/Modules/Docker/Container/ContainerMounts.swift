internal import Diagnostics
internal import Values

/// Mounts in the long form.
enum ContainerMounts {
    /// Which options go with which kinds.
    private static let kinds: [String: Set<String>] = [
        "create_mountpoint": ["bind"], "labels": ["volume"], "no_copy": ["volume"], "non_recursive": ["bind"],
        "propagation": ["bind"], "read_only_force_recursive": ["bind"], "read_only_non_recursive": ["bind"],
        "subpath": ["volume", "image"], "tmpfs_mode": ["tmpfs"], "tmpfs_options": ["tmpfs"], "tmpfs_size": ["tmpfs"],
        "volume_driver": ["volume"], "volume_options": ["volume"],
    ]

    /// A mount in the Engine's terms.
    static func engineForm(_ mount: Value) throws(Diagnostic) -> Value {
        let kind = mount["type"].stringValue ?? "volume"
        let target = mount["target"].pythonText
        if mount["source"].isNull, ["bind", "npipe"].contains(kind) {
            throw Diagnostic(.missingArgument, "mounts: '\(target)' is of type \(kind) and needs a 'source'")
        }
        for (option, allowed) in kinds where !mount[option].isNull && !allowed.contains(kind) {
            throw Diagnostic(
                .badValue, "mounts: '\(option)' of '\(target)' does not go with the type \(kind)",
                remedy: "it goes with \(allowed.sorted().joined(separator: " and ")).")
        }
        var map: ValueMap = ["Target": .string(target), "Type": .string(kind)]
        map["Source"] = mount["source"].ifSet
        map["ReadOnly"] = mount["read_only"].ifSet
        map["Consistency"] = mount["consistency"].ifSet

        var bind = ValueMap()
        for (option, key) in [
            ("propagation", "Propagation"), ("non_recursive", "NonRecursive"),
            ("create_mountpoint", "CreateMountpoint"), ("read_only_non_recursive", "ReadOnlyNonRecursive"),
            ("read_only_force_recursive", "ReadOnlyForceRecursive"),
        ] {
            bind[key] = mount[option].ifSet
        }
        if !bind.isEmpty { map["BindOptions"] = .map(bind) }

        var volume = ValueMap()
        volume["NoCopy"] = mount["no_copy"].ifSet
        if let labels = mount["labels"].mapValue { volume["Labels"] = .map(DockerOptions.texts(labels)) }
        if let driver = mount["volume_driver"].ifSet {
            var config: ValueMap = ["Name": driver]
            if let options = mount["volume_options"].mapValue { config["Options"] = .map(DockerOptions.texts(options)) }
            volume["DriverConfig"] = .map(config)
        }
        if kind == "volume" { volume["Subpath"] = mount["subpath"].ifSet }
        if !volume.isEmpty { map["VolumeOptions"] = .map(volume) }
        if kind == "image", let subpath = mount["subpath"].ifSet { map["ImageOptions"] = ["Subpath": subpath] }

        var tmpfs = ValueMap()
        if let size = mount["tmpfs_size"].ifSet {
            tmpfs["SizeBytes"] = .int(try DockerUnits.bytes(size.pythonText, of: "mounts.tmpfs_size"))
        }
        if let mode = mount["tmpfs_mode"].ifSet {
            guard let bits = Int(mode.pythonText, radix: 8) else {
                throw Diagnostic(
                    .badValue, "mounts: the tmpfs_mode '\(mode.pythonText)' of '\(target)' is not octal",
                    remedy: "write it in quotes, such as \"1777\".")
            }
            tmpfs["Mode"] = .int(bits)
        }
        if let options = mount["tmpfs_options"].elements {
            tmpfs["Options"] = .list(
                options.flatMap { option in
                    (option.mapValue ?? [:]).map { .list($0.value.isNull ? [$0.key.value] : [$0.key.value, $0.value]) }
                })
        }
        if !tmpfs.isEmpty { map["TmpfsOptions"] = .map(tmpfs) }
        return .map(map)
    }
}
