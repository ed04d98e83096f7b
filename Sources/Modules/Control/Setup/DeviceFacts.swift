import Values

/// Facts about block devices, volume groups and the like.
enum DeviceFacts {
    static func add(_ raw: RawFacts, to facts: inout ValueMap) {
        let links = deviceLinks(raw)
        facts["device_links"] = .map(
            ValueMap(kinds.map { kind in (.string(kind), .map(ValueMap(links[kind, default: []]))) }))
        var devices: ValueMap = [:]
        for text in raw.all("device") {
            let fields = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 8 else { continue }
            devices[fields[0]] = .map(device(fields, links, partitions: raw.all("partition"), raw))
        }
        facts["devices"] = .map(devices)
        facts["lvm"] = lvm(raw)
        facts["iscsi_iqn"] = .string(
            raw.lines("iscsi").last { $0.hasPrefix("InitiatorName=") }.map { String($0.dropFirst(14)).trimmed } ?? "")
        facts["hostnqn"] = .string(raw.lines("hostnqn").last { !$0.hasPrefix("#") }.map(String.init) ?? "")
        facts["fibre_channel_wwn"] = .list(
            raw.words("fibre").map { .string($0.hasPrefix("0x") ? String($0.dropFirst(2)) : $0) })
    }

    private static let kinds = ["ids", "uuids", "labels", "masters"]

    /// Name, removable, discard granularity, rotational, scheduler, sector size, sectors, vendor, model, holders.
    private static func device(
        _ fields: [String], _ links: [String: [(ValueMap.Key, Value)]], partitions: [String], _ raw: RawFacts
    ) -> ValueMap {
        func text(_ index: Int) -> Value {
            let value = fields.count > index ? fields[index].trimmed : ""
            return value.isEmpty ? .null : .string(value)
        }
        let name = fields[0]
        var parts: ValueMap = [:]
        for line in partitions {
            // Device, name, start, sectors, holders.
            let words = line.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard words.count >= 5, words[0] == name else { continue }
            let sectors = Int(words[3]) ?? 0
            let own = map(links, words[1])
            parts[words[1]] = [
                "links": .map(own), "start": .string(words[2]), "sectors": .int(sectors), "sectorsize": 512,
                "size": .string(size(sectors)), "uuid": own["uuids"]?.elements?.first ?? .null,
                "holders": holders(words[4]),
            ]
        }
        // The scheduler in brackets is the one at work; one alone has none.
        let scheduler = fields[4].split(separator: " ").map(String.init)
        let chosen = scheduler.first { $0.hasPrefix("[") }.map { String($0.dropFirst().dropLast()) }
        let sectors = Int(fields[6]) ?? 0
        return [
            "virtual": 1, "links": .map(map(links, name)), "vendor": text(7), "model": text(8), "sas_address": .null,
            "sas_device_handle": .null, "removable": text(1), "support_discard": text(2), "partitions": .map(parts),
            "rotational": text(3), "scheduler_mode": .string(chosen ?? scheduler.first ?? ""), "sectorsize": text(5),
            "sectors": .int(sectors), "size": .string(size(sectors)), "host": "",
            "holders": holders(fields.count > 9 ? fields[9] : ""),
        ]
    }

    private static func holders(_ text: String) -> Value {
        .list(text.split(separator: " ").map { .string(String($0)) })
    }

    /// All links to a device, by kind.
    private static func map(_ links: [String: [(ValueMap.Key, Value)]], _ name: String) -> ValueMap {
        ValueMap(
            kinds.map { kind in
                (.string(kind), links[kind]?.first { $0.0 == .string(name) }?.1 ?? .list([]))
            })
    }

    /// Lines of kind, device and name.
    private static func deviceLinks(_ raw: RawFacts) -> [String: [(ValueMap.Key, Value)]] {
        var found: [String: [String: [String]]] = [:]
        for line in raw.lines("devicelinks") {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard words.count == 3 else { continue }
            found[words[0], default: [:]][words[1], default: []].append(words[2])
        }
        return found.mapValues { devices in
            devices.keys.sorted().map { device in
                (.string(device), .list(Set(devices[device] ?? []).sorted().map { .string($0) }))
            }
        }
    }

    private static func lvm(_ raw: RawFacts) -> Value {
        guard !raw["lvm"].isEmpty else { return "N/A" }
        var tables: [String: ValueMap] = ["vgs": [:], "lvs": [:], "pvs": [:]]
        var table = ""
        for line in raw.lines("lvm") {
            let text = line.trimmed
            if ["vgs", "lvs", "pvs"].contains(text) {
                table = text
                continue
            }
            let words = text.split(separator: ",", omittingEmptySubsequences: false).map { Value.string(String($0)) }
            switch table {
            case "vgs" where words.count > 6:
                tables["vgs"]?[words[0].pythonText] = [
                    "size_g": words[5], "free_g": words[6], "num_lvs": words[2], "num_pvs": words[1],
                ]
            case "lvs" where words.count > 3:
                tables["lvs"]?[words[0].pythonText] = ["size_g": words[3], "vg": words[1]]
            case "pvs" where words.count > 5:
                tables["pvs"]?[words[0].pythonText] = ["size_g": words[4], "free_g": words[5], "vg": words[1]]
            default: break
            }
        }
        return .map(ValueMap(["lvs", "vgs", "pvs"].map { (.string($0), .map(tables[$0] ?? [:])) }))
    }

    /// A number of sectors of 512 bytes as `256.00 GB`.
    static func size(_ sectors: Int) -> String {
        var amount = Double(sectors) * 512
        var unit = "Bytes"
        for next in ["KB", "MB", "GB", "TB", "PB"] where amount >= 1024 {
            amount /= 1024
            unit = next
        }
        let hundredths = Int((amount * 100).rounded(.toNearestOrEven))
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) \(unit)"
    }
}
