internal import Crypto
internal import Diagnostics
internal import Values

/// Base64, checksums, UUIDs, URLs' quoting.
enum CodingFilters {
    static let all: [Filter] = [
        Filter("b64encode", ["encoding", "urlsafe"]) { call throws(Diagnostic) in
            let bytes = try TextEncoding.bytes(call.text, try call.string(0, default: "utf-8"))
            return .string(Base64.encode(bytes, call.bool(1, default: false) ? .urlSafe : .standard))
        },
        Filter("b64decode", ["encoding", "urlsafe"], decode),
        Filter("hash", ["hashtype"]) { call throws(Diagnostic) in
            .string(try digest(call.text, try call.string(0, default: "sha1"), call))
        },
        Filter("sha1") { call throws(Diagnostic) in .string(try digest(call.text, "sha1", call)) },
        Filter("checksum") { call throws(Diagnostic) in .string(try digest(call.text, "sha1", call)) },
        Filter("md5") { call throws(Diagnostic) in .string(try digest(call.text, "md5", call)) },
        Filter("to_uuid", ["namespace"], uuid),
        Filter("urlencode", urlEncode),
        Filter("urldecode") { call throws(Diagnostic) in .string(Percent.decode(call.text)) },
    ]

    private static func decode(_ call: Call) throws(Diagnostic) -> Value {
        let encoding = try call.string(0, default: "utf-8")
        guard let bytes = Base64.decodeLeniently(call.text, call.bool(1, default: false) ? .urlSafe : .standard) else {
            throw call.failure("the text is not base64")
        }
        return .string(try TextEncoding.text(bytes, encoding))
    }

    private static func digest(_ text: String, _ type: String, _ call: Call) throws(Diagnostic) -> String {
        let bytes = Array(text.utf8)
        func hex(_ digest: some Sequence<UInt8>) -> String { Hex.encode(digest) }
        switch type.lowercased() {
        case "sha1": return hex(Insecure.SHA1.hash(data: bytes))
        case "md5": return hex(Insecure.MD5.hash(data: bytes))
        case "sha256", "sha2-256": return hex(SHA256.hash(data: bytes))
        case "sha384": return hex(SHA384.hash(data: bytes))
        case "sha512": return hex(SHA512.hash(data: bytes))
        default:
            throw call.failure("unknown hash '\(type)'", remedy: "Known are md5, sha1, sha256, sha384 and sha512.")
        }
    }

    /// Ansible's own namespace for UUIDs.
    private static let namespace = "361E6D51-FAEC-444A-9079-341386DA8E2E"

    private static func uuid(_ call: Call) throws(Diagnostic) -> Value {
        let word = try call.string(0, default: namespace).filter { $0 != "-" && $0 != "{" && $0 != "}" }
        guard word.utf8.count == 32, let space = Hex.decode(word) else {
            throw call.failure("'\(call.printed(0, default: ""))' is not a UUID to use as a namespace")
        }
        var bytes = Array(Insecure.SHA1.hash(data: space + Array(call.text.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array(Hex.encode(bytes))
        let groups = [digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20..<32]]
        return .string(groups.map { String($0) }.joined(separator: "-"))
    }

    private static func urlEncode(_ call: Call) throws(Diagnostic) -> Value {
        var pairs: [(Value, Value)] = []
        switch call.input {
        case .map(let map): pairs = map.map { ($0.key.value, $0.value) }
        case .list(let items), .tuple(let items):
            for item in items {
                guard let parts = item.elements, parts.count == 2 else {
                    throw call.failure(
                        "'urlencode' needs text, a dictionary or pairs, but one element is \(ErrorText.describe(item))")
                }
                pairs.append((parts[0], parts[1]))
            }
        default: return .string(Percent.encode(call.text, plain: "/"))
        }
        let parts = pairs.map {
            Percent.encode(PythonPrint.text($0.0), plain: "", plusForSpace: true) + "="
                + Percent.encode(PythonPrint.text($0.1), plain: "", plusForSpace: true)
        }
        return .string(parts.joined(separator: "&"))
    }
}

enum Hex {
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var result: [UInt8] = []
        for byte in bytes { result += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: result, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var result: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            result.append(byte)
        }
        return result
    }
}

/// Percent signs in URLs.
enum Percent {
    static func encode(_ text: String, plain: String, plusForSpace: Bool = false) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "~"):
                result.append(byte)
            case 0x20 where plusForSpace: result.append(UInt8(ascii: "+"))
            case _ where plain.utf8.contains(byte): result.append(byte)
            default: result += Array("%".utf8) + Array(Hex.encode([byte]).uppercased().utf8)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func decode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let decoded = Hex.decode(String(decoding: bytes[index + 1...index + 2], as: UTF8.self))
            {
                result += decoded
                index += 3
            } else {
                result.append(bytes[index] == UInt8(ascii: "+") ? 0x20 : bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
