internal import Diagnostics
internal import Values

/// `ansible.utils`: IP addresses, networks and hardware addresses.
enum NetworkFilters {
    static let all: [Filter] = [
        Filter("ipaddr", ["query", "version", "alias"]) { call throws(Diagnostic) in
            try needsAddress(call)
            let version = try call.int(1, default: 0)
            return try IPQuery.answer(call.input, call.printed(0, default: ""), version: version)
        },
        Filter("ipv4", ["query"]) { call throws(Diagnostic) in
            try needsAddress(call)
            return try IPQuery.answer(call.input, call.printed(0, default: ""), version: 4, filter: "ipv4")
        },
        Filter("ipv6", ["query"]) { call throws(Diagnostic) in
            try needsAddress(call)
            return try IPQuery.answer(call.input, call.printed(0, default: ""), version: 6, filter: "ipv6")
        },
        Filter("ipwrap", ["query"], wrap),
        Filter("ipsubnet", ["query", "index"], subnet),
        Filter("ipmath", ["amount"], required: 1, math),
        Filter("ip4_hex", ["delimiter"], hexadecimal),
        Filter("ipcut", ["amount"], required: 1, cut),
        Filter("ipv6form", ["format"], required: 1, form),
        Filter("nthhost", ["query"], nthHost),
        Filter("next_nth_usable", ["offset"], required: 1) { call throws(Diagnostic) in try nthUsable(call, 1) },
        Filter("previous_nth_usable", ["offset"], required: 1) { call throws(Diagnostic) in try nthUsable(call, -1) },
        Filter("network_in_network", ["test"], required: 1) { call throws(Diagnostic) in
            let (inner, outer) = (try bounds(try call.value(0)), try bounds(call.input))
            return .bool(outer.contains(inner.lowerBound) && outer.contains(inner.upperBound))
        },
        Filter("network_in_usable", ["test"], required: 1) { call throws(Diagnostic) in
            let (inner, outer) = (
                try bounds(try call.value(0)), try bounds(call.input, ("first_usable", "last_usable"))
            )
            return .bool(outer.contains(inner.lowerBound) && outer.contains(inner.upperBound))
        },
        Filter("reduce_on_network", ["network"], required: 1) { call throws(Diagnostic) in
            let outer = try bounds(try call.value(0))
            var result: [Value] = []
            for item in call.input.elements ?? [call.input] {
                let inner = try bounds(item)
                if outer.contains(inner.lowerBound), outer.contains(inner.upperBound) { result.append(item) }
            }
            return .list(result)
        },
        Filter("cidr_merge", ["action"], merge),
        Filter("usable_range", usableRange),
        Filter("slaac", ["query"], autoconfigured),
        Filter("hwaddr", ["query", "alias"]) { call throws(Diagnostic) in try hardware(call, "hwaddr") },
        Filter("macaddr", ["query"]) { call throws(Diagnostic) in try hardware(call, "macaddr") },
    ]

    private static func needsAddress(_ call: Call) throws(Diagnostic) {
        switch call.input {
        case .string, .list, .int, .large, .bool: return
        default: throw call.wrongInput("an address, a network or a list of them")
        }
    }

    // MARK: Addresses

    private static func wrap(_ call: Call) throws(Diagnostic) -> Value {
        switch call.input {
        case .string, .list, .bool: break
        default: throw call.wrongInput("an address or a list of them")
        }
        let query = call.printed(0, default: "")
        func wrapped(_ value: Value) throws(Diagnostic) -> Value {
            let answer = try IPQuery.answer(value, query, filter: "ipwrap")
            return answer.isTruthy ? try IPQuery.answer(value.elements == nil ? answer : value, "wrap") : value
        }
        guard let items = call.input.elements else { return (try? wrapped(call.input)) ?? call.input }
        var result: [Value] = []
        for item in items {
            guard let item = try? wrapped(item) else { return call.input }
            result.append(item)
        }
        return .list(result)
    }

    private static func address(_ call: Call, _ value: Value) throws(Diagnostic) -> IPNetwork {
        guard let text = value.stringValue, let address = IPNetwork.address(text: text) else {
            throw call.failure("'\(call.name)' needs an IP address, not \(ErrorText.describe(value))")
        }
        return address
    }

    private static func math(_ call: Call) throws(Diagnostic) -> Value {
        let start =
            if let text = call.input.stringValue, text.contains("/"), let network = IPNetwork.parse(text) {
                network.host
            } else {
                try address(call, call.input)
            }
        let given = try call.value(0)
        guard let (isBack, step) = distance(given) else { throw call.wrongArgument(0, "a whole number", given) }
        let (sum, isOver) =
            isBack ? start.value.subtractingReportingOverflow(step) : start.value.addingReportingOverflow(step)
        guard !isOver, let result = IPNetwork(start.version, sum) else {
            throw call.failure("there is no address \(PythonPrint.text(given)) away from \(start.addressText)")
        }
        return .string(result.addressText)
    }

    /// How far to go and whether backwards; nil if it is no whole number. Text will do. What is beyond any address counts as the furthest.
    private static func distance(_ value: Value) -> (isBack: Bool, step: UInt128)? {
        if let whole = value.wholeNumber { return (whole.signum < 0, whole.magnitude128 ?? .max) }
        if case .double(let double) = value {
            guard double == double.rounded() else { return nil }
            return (double < 0, UInt128(exactly: double.magnitude) ?? .max)
        }
        guard let text = value.stringValue else { return nil }
        let word = PythonString.strip(text, characters: nil).filter { $0 != "_" }
        let digits = word.hasPrefix("-") || word.hasPrefix("+") ? word.dropFirst() : word[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return PythonNumber.double(word).flatMap { distance(.double($0)) }
        }
        return (word.hasPrefix("-"), UInt128(digits) ?? .max)
    }

    private static func hexadecimal(_ call: Call) throws(Diagnostic) -> Value {
        let ip = try address(call, call.input)
        guard ip.version == .four else { throw call.failure("'ip4_hex' needs an IPv4 address, not \(ip.addressText)") }
        return .string(ip.octets.map { Hex.encode([$0]) }.joined(separator: call.printed(0, default: "")))
    }

    /// The address's first or last bits, in the groups its version is written in.
    private static func cut(_ call: Call) throws(Diagnostic) -> Value {
        let ip = try address(call, call.input)
        let amount = try call.int(0, default: 0)
        let width = ip.version.width
        let bits = (0..<width).map { ip.value >> UInt128(width - 1 - $0) & 1 }
        let kept = amount < 0 ? bits.suffix(min(width, -amount)) : bits.prefix(min(width, amount))
        let size = ip.version == .four ? 8 : 16
        let groups = stride(from: kept.startIndex, to: kept.endIndex, by: size).map { start in
            let group = kept[start..<min(start + size, kept.endIndex)].reduce(UInt128(0)) { $0 << 1 | $1 }
            return String(group, radix: ip.version == .four ? 10 : 16)
        }
        return .string(groups.joined(separator: ip.version == .four ? "." : ":"))
    }

    private static func form(_ call: Call) throws(Diagnostic) -> Value {
        let ip = try address(call, call.input)
        let format = try call.string(0)
        switch (format, ip.version) {
        case ("expand", .four), ("compress", .four): return .string(ip.addressText)
        case ("expand", .six):
            return .string(ip.groups.map { Hex.encode([UInt8($0 >> 8), UInt8($0 & 255)]) }.joined(separator: ":"))
        case ("compress", .six): return .string(compressed(ip.groups))
        case ("x509", .six): return .string(ip.groups.map { String($0, radix: 16) }.joined(separator: ":"))
        case ("x509", .four): throw call.failure("'ipv6form' has no x509 form of the IPv4 address \(ip.addressText)")
        default:
            throw call.failure(
                "'ipv6form' knows no format '\(format)'", remedy: "Its formats are compress, expand and x509.")
        }
    }

    /// The longest run of zero groups left out, hexadecimal to the end.
    private static func compressed(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty
            ? text(groups[...]) : text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }

    // MARK: Networks

    /// The network a value means: of an address itself, of a network its own address.
    private static func network(_ value: Value) -> IPNetwork? {
        guard let type = try? IPQuery.answer(value, "type").stringValue,
            let text = try? IPQuery.answer(value, type == "address" ? "cidr" : "subnet").stringValue
        else { return nil }
        return IPNetwork.parse(text)
    }

    private static func nthHost(_ call: Call) throws(Diagnostic) -> Value {
        guard let network = network(call.input), let place = call[0].map(PythonPrint.text), !place.isEmpty,
            case .number(let index) = PythonNumber.whole(place)
        else { return false }
        if let member = network.member(index) { return .string(member) }
        guard index.signum >= 0 else { throw call.failure("\(network.text) has no address at place \(place)") }
        return false
    }

    private static func nthUsable(_ call: Call, _ direction: Int) throws(Diagnostic) -> Value {
        guard let network = network(call.input) else { return false }
        return try network.usable(direction * (try call.int(0, default: 1)))
    }

    /// The lowest and highest address of a value as numbers; what is no address counts as zero.
    private static func bounds(
        _ value: Value, _ edges: (String, String) = ("network", "broadcast")
    ) throws(Diagnostic) -> ClosedRange<UInt128> {
        let normal: Value = network(value).map { .string($0.cidr.text) } ?? false
        func number(_ edge: String) throws(Diagnostic) -> UInt128 {
            var answer = try IPQuery.answer(normal, edge)
            if !answer.isTruthy { answer = try IPQuery.answer(normal, "address") }
            return UInt128(PythonPrint.text(try IPQuery.answer(answer, "int"))) ?? 0
        }
        let (low, high) = (try number(edges.0), try number(edges.1))
        return low...max(low, high)
    }

    private static func subnet(_ call: Call) throws(Diagnostic) -> Value {
        guard let network = network(call.input)?.cidr else { return false }
        let query = call.printed(0, default: "")
        if query.isEmpty { return .string(network.text) }
        guard !query.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return try subnet(call, of: network, prefix: PythonNumber.int(query) ?? .max)
        }
        guard let outer = self.network(.string(query)) else {
            throw call.failure("'ipsubnet' needs a network or a prefix's length, not '\(query)'")
        }
        guard outer.contains(network) else {
            throw call.failure("\(network.text) is not in the network \(outer.cidr.text)")
        }
        let place = (network.first - outer.first) >> UInt128(network.hostBits)
        return .string("\(place + 1)")
    }

    /// How many networks of that prefix's length there are within, or the one at an index.
    private static func subnet(_ call: Call, of network: IPNetwork, prefix: Int) throws(Diagnostic) -> Value {
        let width = network.version.width
        guard (0...width).contains(prefix) else { return false }
        var index: Int?
        if let given = call[1], !given.isNull {
            guard given.boolValue == nil, case .number(let number) = PythonNumber.whole(PythonPrint.text(given)) else {
                throw call.wrongArgument(1, "a whole number", given)
            }
            index = number.clamped.asBound
        }
        if network.hostBits == 0 {
            // The networks around an address, the widest first.
            if let index, index > width + 1 - index || index < prefix - width { return false }
            let count = network.prefix - prefix
            let place = (index ?? 0) < 0 ? (index ?? 0) + count : index ?? 0
            guard (0..<count).contains(place),
                let around = IPNetwork(network.version, network.value, prefix: prefix + place)
            else { throw call.failure("there is no network number \(index ?? 0) of /\(prefix) around \(network.text)") }
            return .string(around.cidr.text)
        }
        let bits = prefix - network.prefix
        guard var place = index else {
            guard bits >= 0 else {
                throw call.failure("\(network.text) has no networks of /\(prefix): that is larger than itself")
            }
            let count = IPNetwork(network.version, 0, prefix: width - bits)
            return .string(PythonPrint.text(try count?.size() ?? .null))
        }
        if bits < 0 { return place == 0 ? .string("\(network.addressText)/\(prefix)") : false }
        if place < 0, bits < 62 { place += 1 << bits }
        guard place >= 0, bits >= 63 || place < 1 << bits else { return false }
        let number = network.first + UInt128(place) << UInt128(width - prefix)
        guard let result = IPNetwork.parse("\(IPNetwork.address(number).addressText)/\(prefix)") else {
            throw call.failure("/\(prefix) is too long for \(IPNetwork.address(number).addressText)")
        }
        return .string(result.text)
    }

    private static func merge(_ call: Call) throws(Diagnostic) -> Value {
        var networks: [IPNetwork] = []
        for item in try listed(call) {
            guard let text = item.stringValue, let network = IPNetwork.parse(text) else {
                throw call.failure("'cidr_merge' needs networks, but one element is \(ErrorText.describe(item))")
            }
            networks.append(network)
        }
        switch try call.string(0, default: "merge") {
        case "merge": return .list(IPNetwork.merged(networks).map { .string($0.text) })
        case "span":
            if networks.count < 2 { return networks.first.map { .string($0.text) } ?? .null }
            guard let span = IPNetwork.spanning(networks) else {
                throw call.failure("no network spans both IPv4 and IPv6")
            }
            return .string(span.text)
        case let other:
            throw call.failure("'cidr_merge' knows no action '\(other)'", remedy: "Its actions are merge and span.")
        }
    }

    /// The networks of a list; of a text those between its commas.
    private static func listed(_ call: Call) throws(Diagnostic) -> [Value] {
        if let items = call.input.elements { return items }
        guard let text = call.input.stringValue else { throw call.wrongInput("a list of networks") }
        return PythonString.split(text, separator: ",").map { .string($0) }
    }

    private static func usableRange(_ call: Call) throws(Diagnostic) -> Value {
        guard let network = StrictAddress.network(call.text) else {
            throw call.failure(
                "'usable_range' needs a network, not \(ErrorText.describe(call.input))",
                remedy: "Its host bits must be zero.")
        }
        let limit = call.evaluator.session.environment.limits.elements
        guard network.last - network.first < UInt128(limit) else {
            throw call.failure("\(network.text) has too many addresses to list; at most \(limit) are made")
        }
        try call.evaluator.session.countTurn(Int(network.last - network.first) + 1)
        var addresses: [Value] = []
        var number = network.first
        while true {
            addresses.append(.string(network.text(number)))
            if number == network.last { break }
            number += 1
        }
        return ["usable_ips": .list(addresses), "number_of_ips": try network.size()]
    }

    // MARK: Hardware addresses

    private static func hardware(_ call: Call, _ name: String) throws(Diagnostic) -> Value {
        let query = call.printed(0, default: "")
        guard let address = HardwareAddress(call.text) else {
            guard query.isEmpty || query == "bool" else {
                throw call.failure("'\(name)' needs a hardware address, not \(ErrorText.describe(call.input))")
            }
            return .null
        }
        switch query {
        case "": return .string(call.text)
        case "bool": return true
        case "int": return WholeNumber(UInt128(address.value)).value
        default:
            guard let form = HardwareAddress.forms[query] else {
                let known = HardwareAddress.forms.keys + ["bool", "int"]
                throw call.failure(
                    "'\(name)' knows no query '\(query)'",
                    remedy: NearestHint.of(query, among: known)
                        ?? "Queries are \(known.sorted().joined(separator: ", ")).")
            }
            guard let text = address.text(form) else {
                throw call.failure("'\(name)' cannot write an EUI-64 in the form '\(query)'")
            }
            return .string(text)
        }
    }

    private static func autoconfigured(_ call: Call) throws(Diagnostic) -> Value {
        guard let network = network(call.input), network.version == .six, let query = call[0],
            let address = HardwareAddress(PythonPrint.text(query)),
            let result = IPNetwork(.six, network.first &+ UInt128(address.interfaceIdentifier))
        else { return false }
        return .string(result.addressText)
    }
}
