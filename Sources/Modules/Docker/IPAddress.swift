internal import Values

/// Addresses in one spelling each, for comparing.
enum IPAddress {
    /// The address in its usual form, or nil if it is none.
    static func normalized(_ text: String) -> String? {
        if let four = ipv4(text) { return four.map(String.init).joined(separator: ".") }
        return ipv6(text).map { $0.map { String($0, radix: 16) }.joined(separator: ":") }
    }

    /// `ADDRESS/BITS` in its usual form, or nil if it is none.
    static func network(_ text: String) -> String? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bits = Int(parts[1]), bits >= 0 else { return nil }
        let address = String(parts[0])
        guard bits <= (ipv4(address) == nil ? 128 : 32), let address = normalized(address) else { return nil }
        return "\(address)/\(bits)"
    }

    static func ipv4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { UInt8($0) }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    static func ipv6(_ text: String) -> [UInt16]? {
        guard text.contains(":") else { return nil }
        func groups(_ part: Substring) -> [UInt16]? {
            if part.isEmpty { return [] }
            var result: [UInt16] = []
            for group in part.split(separator: ":", omittingEmptySubsequences: false) {
                guard group.count <= 4, let value = UInt16(group, radix: 16) else { return nil }
                result.append(value)
            }
            return result
        }
        var halves: [Substring] = [text[...]]
        for index in text.indices where text[index...].hasPrefix("::") {
            halves = [text[..<index], text[text.index(index, offsetBy: 2)...]]
            break
        }
        guard let head = groups(halves[0]), let tail = halves.count == 2 ? groups(halves[1]) : [] else { return nil }
        let missing = 8 - head.count - tail.count
        guard halves.count == 2 ? missing >= 1 : missing == 0 else { return nil }
        return head + Array(repeating: 0, count: missing) + tail
    }
}
