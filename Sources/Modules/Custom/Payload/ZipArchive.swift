import Values

/// Makes a zip archive, in memory.
///
/// The same files give the same bytes: no times are kept.
struct ZipArchive {
    /// A file as it lies in an archive.
    struct Entry: Sendable {
        let name: [UInt8]
        let checksum: UInt32
        let size: Int
        let content: [UInt8]
        let isCompressed: Bool

        init(_ name: String, _ content: [UInt8]) {
            self.name = Array(name.utf8)
            checksum = CRC32.of(content)
            size = content.count
            let compressed = Deflate.compressed(content).flatMap { $0.count < content.count ? $0 : nil }
            isCompressed = compressed != nil
            self.content = compressed ?? content
        }
    }

    private var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var count = 0

    mutating func add(_ entry: Entry) {
        let offset = bytes.count
        let common = Self.common(entry)
        Self.append(0x0403_4b50, to: &bytes)
        bytes += common + entry.name + entry.content
        Self.append(0x0201_4b50, to: &directory)
        // Made by version 2.0 on a system with Unix permissions.
        directory += [20, 3] + common
        // No comment, disk 0, no internal attributes; a plain file that its owner may read and write.
        directory += [0, 0, 0, 0, 0, 0]
        Self.append(0o100600 << 16, to: &directory)
        Self.append(UInt32(offset), to: &directory)
        directory += entry.name
        count += 1
    }

    func finished() -> [UInt8] {
        var result = bytes
        result += directory
        Self.append(0x0605_4b50, to: &result)
        result += [0, 0, 0, 0]
        for _ in 0..<2 { result += [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)] }
        Self.append(UInt32(directory.count), to: &result)
        Self.append(UInt32(bytes.count), to: &result)
        result += [0, 0]
        return result
    }

    /// What the entry's two headers share: from the version needed to the length of further fields.
    private static func common(_ entry: Entry) -> [UInt8] {
        // Version 2.0; the name is UTF-8; the earliest date there is.
        var fields: [UInt8] = [20, 0, 0, 8, entry.isCompressed ? 8 : 0, 0, 0, 0, 0x21, 0]
        for word in [entry.checksum, UInt32(entry.content.count), UInt32(entry.size)] {
            for shift in [0, 8, 16, 24] { fields.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
        }
        return fields + [UInt8(truncatingIfNeeded: entry.name.count), UInt8(entry.name.count >> 8), 0, 0]
    }

    private static func append(_ word: UInt32, to bytes: inout [UInt8]) {
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
    }
}
