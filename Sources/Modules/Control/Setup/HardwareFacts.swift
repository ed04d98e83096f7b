internal import Target
import Values

/// Facts about processors, memory, firmware and mounted file systems.
enum HardwareFacts {
    static func add(_ raw: RawFacts, to facts: inout ValueMap) {
        addProcessors(raw, to: &facts)
        addMemory(raw, to: &facts)
        addFirmware(raw, to: &facts)
        facts["mounts"] = .list(mounts(raw))
        DeviceFacts.add(raw, to: &facts)
        if let whole = raw.words("uptime").first?.prefix(while: { $0 != "." }), let seconds = Int(hostCount: whole) {
            facts["uptime_seconds"] = .int(seconds)
        }
    }

    private static func addProcessors(_ raw: RawFacts, to facts: inout ValueMap) {
        var names: [Value] = []
        var flags: [String]?
        var vendors = 0
        var models = 0
        var numbers = 0
        var others = 0
        var socket = "0"
        var core = "0"
        var sockets: [(id: String, cores: Int)] = []
        var siblings: [(core: String, count: Int)] = []
        for line in raw.lines("cpuinfo") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let key = (parts.first ?? "").trimmed
            let value = parts.count > 1 ? parts[1].trimmed : ""
            switch key {
            case "flags": flags = value.split(separator: " ").map(String.init)
            case "model name", "Processor", "vendor_id", "cpu", "Vendor", "processor":
                names.append(.string(value))
                others += 1
                if key == "vendor_id" { vendors += 1 }
                if key == "model name" { models += 1 }
                if key == "processor" { numbers += 1 }
            case "physical id":
                socket = value
                if !sockets.contains(where: { $0.id == value }) { sockets.append((value, 1)) }
            case "cpu cores":
                let count = Int(hostCount: value) ?? 1
                if let index = sockets.firstIndex(where: { $0.id == socket }) {
                    sockets[index].cores = count
                } else {
                    sockets.append((socket, count))
                }
            case "core id": core = value
            case "siblings":
                let count = Int(hostCount: value) ?? 1
                if let index = siblings.firstIndex(where: { $0.core == core }) {
                    siblings[index].count = count
                } else {
                    siblings.append((core, count))
                }
            default: break
            }
        }
        let machine = facts["architecture"]?.stringValue ?? ""
        let isCounted = ["armv", "aarch", "ppc"].contains { machine.hasPrefix($0) }
        let count =
            !sockets.isEmpty ? sockets.count : isCounted ? numbers : vendors > 0 && vendors == models ? vendors : others
        let cores = max(1, sockets.first?.cores ?? 1)
        let threads = max(1, Int((Double(siblings.first?.count ?? 1) / Double(cores)).rounded(.toNearestOrEven)))
        facts["processor"] = .list(names)
        if let flags { facts["flags"] = .list(flags.map { .string($0) }) }
        facts["processor_count"] = .int(count)
        facts["processor_cores"] = .int(cores)
        facts["processor_threads_per_core"] = .int(threads)
        facts["processor_vcpus"] = .int(product(product(count, cores), threads))
        facts["processor_nproc"] = .int(Int(raw["nproc"].trimmed) ?? numbers)
    }

    private static func addMemory(_ raw: RawFacts, to facts: inout ValueMap) {
        var sizes: [String: Int] = [:]
        for line in raw.lines("meminfo") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count > 1, words[0].last == ":" else { continue }
            sizes[String(words[0].dropLast())] = (Int(hostCount: words[1]) ?? 0) / 1024
        }
        guard let total = sizes["MemTotal"], let free = sizes["MemFree"] else { return }
        let swap = sizes["SwapTotal"] ?? 0
        let swapFree = sizes["SwapFree"] ?? 0
        let uncached = (sizes["Cached"] ?? 0) + free + (sizes["Buffers"] ?? 0)
        facts["memtotal_mb"] = .int(total)
        facts["memfree_mb"] = .int(free)
        facts["swaptotal_mb"] = .int(swap)
        facts["swapfree_mb"] = .int(swapFree)
        facts["memory_mb"] = [
            "real": ["total": .int(total), "used": .int(total - free), "free": .int(free)],
            "nocache": ["free": .int(uncached), "used": .int(total - uncached)],
            "swap": [
                "total": .int(swap), "free": .int(swapFree), "used": .int(swap - swapFree),
                "cached": .int(sizes["SwapCached"] ?? 0),
            ],
        ]
    }

    private static func addFirmware(_ raw: RawFacts, to facts: inout ValueMap) {
        let names = [
            "bios_date", "bios_vendor", "bios_version", "board_asset_tag", "board_name", "board_serial", "board_vendor",
            "board_version", "chassis_asset_tag", "chassis_serial", "chassis_vendor", "chassis_version", "product_name",
            "product_serial", "product_uuid", "product_version",
        ]
        for name in names {
            let value = raw["dmi_\(name)"].trimmed
            facts[name] = .string(value.isEmpty ? "NA" : value)
        }
        let vendor = raw["dmi_sys_vendor"].trimmed
        facts["system_vendor"] = .string(vendor.isEmpty ? "NA" : vendor)
        let forms = [
            "Unknown", "Other", "Unknown", "Desktop", "Low Profile Desktop", "Pizza Box", "Mini Tower", "Tower",
            "Portable",
            "Laptop", "Notebook", "Hand Held", "Docking Station", "All In One", "Sub Notebook", "Space-saving",
            "Lunch Box",
            "Main Server Chassis", "Expansion Chassis", "Sub Chassis", "Bus Expansion Chassis", "Peripheral Chassis",
            "RAID Chassis", "Rack Mount Chassis", "Sealed-case PC", "Multi-system", "CompactPCI", "AdvancedTCA",
            "Blade",
            "Blade Enclosure", "Tablet", "Convertible", "Detachable", "IoT Gateway", "Embedded PC", "Mini PC",
            "Stick PC",
        ]
        let form = Int(raw["dmi_chassis_type"].trimmed)
        facts["form_factor"] = .string(form.flatMap { forms.indices.contains($0) ? forms[$0] : nil } ?? "NA")
    }

    /// Of two counts a host states; the largest number there is for what does not fit.
    private static func product(_ left: Int, _ right: Int) -> Int {
        let (product, isTooLarge) = left.multipliedReportingOverflow(by: right)
        return isTooLarge ? .max : product
    }

    private static func mounts(_ raw: RawFacts) -> [Value] {
        var uuids: [String: String] = [:]
        for line in raw.lines("uuids") {
            let words = line.split(separator: " ").map(String.init)
            if words.count == 2 { uuids[words[0]] = words[1] }
        }
        let binds = Set(raw.lines("binds").map(String.init))
        return raw.all("mount").compactMap { text in
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard lines.count >= 5 else { return nil }
            var mount: ValueMap = [
                "device": .string(lines[0]), "mount": .string(lines[1]), "fstype": .string(lines[2]),
                "options": .string(lines[3] + (binds.contains(lines[1]) ? ",bind" : "")), "dump": 0, "passno": 0,
                "uuid": .string(uuids[lines[0]] ?? "N/A"),
            ]
            let sizes = lines[4].split(separator: " ").compactMap { Int(hostCount: $0) }
            if sizes.count == 5 {
                let (size, blocks, available, inodes, free) = (sizes[0], sizes[1], sizes[2], sizes[3], sizes[4])
                mount["block_size"] = .int(size)
                mount["block_total"] = .int(blocks)
                mount["block_available"] = .int(available)
                mount["block_used"] = .int(blocks - available)
                mount["inode_total"] = .int(inodes)
                mount["inode_available"] = .int(free)
                mount["inode_used"] = .int(inodes - free)
                mount["size_total"] = .int(product(blocks, size))
                mount["size_available"] = .int(product(available, size))
            }
            return .map(mount)
        }
    }
}
