import Glibc

/// Reads the case files that lie beside the tests.
enum CaseFiles {
    struct Case: Sendable, CustomStringConvertible {
        var name: String
        var body: String
        var description: String { name }
    }

    /// The cases of a file: each begins with `=== name`.
    static func cases(_ file: String, beside source: String = #filePath) -> [Case] {
        let text = contents(path(file, beside: source))
        var cases: [Case] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("=== ") {
                cases.append(Case(name: String(line.dropFirst(4)), body: ""))
            } else if !cases.isEmpty {
                cases[cases.count - 1].body += line + "\n"
            }
        }
        if !cases.isEmpty { cases[cases.count - 1].body.removeLast() }
        return cases
    }

    static func path(_ file: String, beside source: String = #filePath) -> String {
        source.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/Cases/\(file)"
    }

    static func contents(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
