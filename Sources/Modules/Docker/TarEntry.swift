/// One entry of a tar archive (POSIX.1-2001, pax), as the Engine gives and takes files.
struct TarEntry: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case file([UInt8])
        case link(to: String)
        /// A directory, a device and the like.
        case other
    }

    var name: String
    var kind: Kind
    /// Permission bits.
    var mode: Int
    var owner: Int
    var group: Int
    /// In bytes, as the header says: of a file that was cut short its whole size.
    var size: Int

    /// The first entry of an archive.
    ///
    /// - Returns: Nil if there is none. A file's content is as much as there is.
    init?(_ archive: [UInt8]) {
        var at = 0
        var extra: [String: String] = [:]
        while let header = Self.block(archive, at), header.contains(where: { $0 != 0 }) {
            func text(_ offset: Int, _ length: Int) -> String {
                String(decoding: header.dropFirst(offset).prefix(length).prefix { $0 != 0 }, as: UTF8.self)
            }
            func number(_ offset: Int, _ length: Int) -> Int { Self.number(header.dropFirst(offset).prefix(length)) }
            let length = extra["size"].flatMap { Int($0) } ?? number(124, 12)
            guard length >= 0, length <= 1 << 50 else { return nil }
            let content = archive.dropFirst(at + Self.blockSize).prefix(length)
            let kind = header[header.startIndex + 156]
            if kind == UInt8(ascii: "x") || kind == UInt8(ascii: "g") {
                if kind == UInt8(ascii: "x") { extra = Self.records(content) }
                at += Self.blockSize + Self.padded(length)
                continue
            }
            name = extra["path"] ?? text(0, 100)
            mode = number(100, 8) & 0o7777
            owner = extra["uid"].flatMap { Int($0) } ?? number(108, 8)
            group = extra["gid"].flatMap { Int($0) } ?? number(116, 8)
            size = length
            self.kind =
                switch kind {
                case 0, UInt8(ascii: "0"): .file(Array(content))
                case UInt8(ascii: "2"): .link(to: extra["linkpath"] ?? text(157, 100))
                default: .other
                }
            return
        }
        return nil
    }

    init(file name: String, _ content: [UInt8], mode: Int, owner: Int, group: Int) {
        self.init(name, .file(content), mode, owner, group)
    }

    init(link name: String, to target: String, owner: Int, group: Int) {
        self.init(name, .link(to: target), 0o777, owner, group)
    }

    private init(_ name: String, _ kind: Kind, _ mode: Int, _ owner: Int, _ group: Int) {
        (self.name, self.kind, self.mode, self.owner, self.group) = (name, kind, mode, owner, group)
        if case .file(let content) = kind { size = content.count } else { size = 0 }
    }

    // MARK: Writing

    /// An archive of this entry alone.
    ///
    /// - Parameter time: Seconds since 1970.
    func archive(time: Int) -> [UInt8] {
        var content: [UInt8] = []
        var target = ""
        var type = UInt8(ascii: "5")
        switch kind {
        case .file(let bytes): (content, type) = (bytes, UInt8(ascii: "0"))
        case .link(let to): (target, type) = (to, UInt8(ascii: "2"))
        case .other: break
        }
        // What the old fields cannot hold stands in records before.
        var records = ""
        if name.utf8.count > 100 { records += Self.record("path", name) }
        if target.utf8.count > 100 { records += Self.record("linkpath", target) }
        if owner > Self.largestID { records += Self.record("uid", String(owner)) }
        if group > Self.largestID { records += Self.record("gid", String(group)) }
        var archive: [UInt8] = []
        if !records.isEmpty {
            archive += Self.header("././@PaxHeader", UInt8(ascii: "x"), records.utf8.count, (0o644, 0, 0), "", time)
            archive += Self.filled(Array(records.utf8))
        }
        archive += Self.header(name, type, content.count, (mode, owner, group), target, time)
        return archive + Self.filled(content) + [UInt8](repeating: 0, count: 2 * Self.blockSize)
    }

    private static let blockSize = 512
    private static let largestID = 0o7777777

    private static func header(
        _ name: String, _ type: UInt8, _ size: Int, _ rights: (mode: Int, owner: Int, group: Int), _ target: String,
        _ time: Int
    ) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: blockSize)
        func put(_ text: some Sequence<UInt8>, _ offset: Int, _ length: Int) {
            for (index, byte) in text.prefix(length).enumerated() { header[offset + index] = byte }
        }
        func put(_ number: Int, _ offset: Int, _ length: Int) {
            let digits = String(number, radix: 8)
            put((String(repeating: "0", count: max(0, length - 1 - digits.count)) + digits).utf8, offset, length - 1)
        }
        put(name.utf8, 0, 100)
        put(rights.mode, 100, 8)
        put(min(rights.owner, largestID), 108, 8)
        put(min(rights.group, largestID), 116, 8)
        put(size, 124, 12)
        put(time, 136, 12)
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), 148, 8)
        header[156] = type
        put(target.utf8, 157, 100)
        put("ustar\u{0}00".utf8, 257, 8)
        put(header.reduce(0) { $0 + Int($1) }, 148, 7)
        return header
    }

    /// `LENGTH KEY=VALUE`, where the length counts its own digits.
    private static func record(_ key: String, _ value: String) -> String {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count + 1
        while String(length).utf8.count + rest.utf8.count != length { length += 1 }
        return "\(length)\(rest)"
    }

    private static func filled(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: padded(bytes.count) - bytes.count)
    }

    // MARK: Reading

    private static func padded(_ count: Int) -> Int { (count + blockSize - 1) / blockSize * blockSize }

    private static func block(_ bytes: [UInt8], _ at: Int) -> ArraySlice<UInt8>? {
        at + blockSize <= bytes.count ? bytes[at..<at + blockSize] : nil
    }

    /// In octal digits, or behind a byte with its highest bit set as it is.
    private static func number(_ field: ArraySlice<UInt8>) -> Int {
        if let first = field.first, first & 0x80 != 0 {
            return field.dropFirst().suffix(7).reduce(0) { $0 << 8 | Int($1) }
        }
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix {
            (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0)
        }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8) ?? 0
    }

    private static func records(_ bytes: ArraySlice<UInt8>) -> [String: String] {
        var result: [String: String] = [:]
        var rest = bytes
        while let blank = rest.firstIndex(of: UInt8(ascii: " ")),
            let length = Int(String(decoding: rest[..<blank], as: UTF8.self)), length > 0, length <= rest.count
        {
            let record = rest.prefix(length)
            rest = rest.dropFirst(length)
            guard blank + 1 <= record.endIndex else { break }
            let pair = record[(blank + 1)...].split(separator: UInt8(ascii: "="), maxSplits: 1)
            guard pair.count == 2 else { continue }
            let value = pair[1].last == UInt8(ascii: "\n") ? pair[1].dropLast() : pair[1]
            result[String(decoding: pair[0], as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        return result
    }
}
