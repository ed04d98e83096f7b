public import Diagnostics
internal import Glibc

/// Text as bytes in encodings other than UTF-8, which the system's `iconv` knows.
public enum TextEncoding {
    /// The text's bytes.
    ///
    /// - Parameter encoding: A name as Python has it: `utf-8`, `latin-1`, `cp1252`, `utf_16_le`.
    /// - Throws: `Diagnostic` with code `.template` if there is no such encoding, or it lacks a character of the text.
    public static func bytes(_ text: String, _ encoding: String) throws(Diagnostic) -> [UInt8] {
        let name = try systemName(encoding)
        if name == "UTF-8" { return Array(text.utf8) }
        guard let bytes = convert(Array(text.utf8), from: "UTF-8", to: name) else {
            throw Diagnostic(.template, "the text has characters that the encoding '\(encoding)' lacks")
        }
        return bytes
    }

    /// The text that bytes are.
    ///
    /// - Throws: `Diagnostic` with code `.template` if there is no such encoding, or the bytes are no text in it.
    public static func text(_ bytes: [UInt8], _ encoding: String) throws(Diagnostic) -> String {
        let name = try systemName(encoding)
        let plain = name == "UTF-8" ? bytes : convert(bytes, from: name, to: "UTF-8")
        guard let plain, let text = String(validating: plain, as: UTF8.self) else {
            let shown = name == "UTF-8" ? "UTF-8" : "'\(encoding)'"
            throw Diagnostic(.template, "the bytes are not \(shown) text")
        }
        return text
    }

    /// Names that Python has and the system spells otherwise.
    private static let aliases = [
        "utf8": "UTF-8", "u8": "UTF-8", "latin-1": "ISO-8859-1", "latin1": "ISO-8859-1", "latin": "ISO-8859-1",
        "l1": "ISO-8859-1", "iso8859-1": "ISO-8859-1", "iso8859-15": "ISO-8859-15", "latin9": "ISO-8859-15",
        "us-ascii": "ASCII", "646": "ASCII", "utf16": "UTF-16", "utf32": "UTF-32", "windows-1252": "CP1252",
        "utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE", "utf-32-le": "UTF-32LE", "utf-32-be": "UTF-32BE",
    ]

    private static func systemName(_ encoding: String) throws(Diagnostic) -> String {
        let word = encoding.lowercased().map { $0 == "_" || $0 == " " ? "-" : $0 }
        let name = aliases[String(word)] ?? String(word).uppercased()
        // A slash would ask iconv for substitutes instead of errors.
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 != 0 }),
            let handle = iconv_open("UTF-8", name), Int(bitPattern: handle) != -1
        else {
            throw Diagnostic(
                .template, "unknown encoding '\(encoding)'", remedy: "Such as utf-8, ascii, latin-1, cp1252 or utf-16.")
        }
        iconv_close(handle)
        return name
    }

    private static func convert(_ bytes: [UInt8], from source: String, to target: String) -> [UInt8]? {
        guard let handle = iconv_open(target, source), Int(bitPattern: handle) != -1 else { return nil }
        defer { iconv_close(handle) }
        var input = bytes.map { CChar(bitPattern: $0) }
        // No encoding needs more than four bytes where another has one; a mark of byte order comes before.
        var output = [CChar](repeating: 0, count: bytes.count * 4 + 8)
        let written: Int? = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                var from = input.baseAddress
                var to = output.baseAddress
                var left = input.count
                var room = output.count
                guard iconv(handle, &from, &left, &to, &room) == 0, iconv(handle, nil, nil, &to, &room) == 0 else {
                    return nil
                }
                return output.count - room
            }
        }
        return written.map { output[..<$0].map { UInt8(bitPattern: $0) } }
    }
}
