import Diagnostics
import Foundation
import Glibc
import Inventory
import Local
import Synchronization
import Values
import Variables

/// A server on the loopback address that answers as it was recorded: by method and path, where it
/// asks for a token to who shows one it knows.
final class RecordedServer: Sendable {
    let port: Int
    private let listener: Int32
    private let seen = Mutex<[String]>([])

    /// - Parameters:
    ///   - answers: Status and body by `GET /v1/secret/data/app`; anything else is answered with 404.
    ///   - tokens: What `X-Vault-Token` may be; paths with `login` need none. Nil if nobody is asked.
    init(answers: [String: (Int, String)], tokens: Set<String>? = nil) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        // It answers until the program ends: whoever asks need not keep it.
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                if connection < 0, errno == EINTR { continue }
                guard connection >= 0 else { return }
                self.serve(connection, answers, tokens)
                close(connection)
            }
        }
    }

    /// Variables of a host, among them the server's address as `server`.
    func variables() throws -> RunVariables {
        let tree = try InventoryLoader.load(InventorySources(paths: ["h1,"])).tree
        return RunVariables(inventory: tree, extra: ["server": .string(Text(url))], run: RunFacts()) {
            path throws(Diagnostic) in (try LocalFile.bytes(path), false)
        }
    }

    /// Method, path and body of each request that came.
    var requests: [String] { seen.withLock { $0 } }
    var url: String { "http://127.0.0.1:\(port)" }

    private func serve(_ connection: Int32, _ answers: [String: (Int, String)], _ tokens: Set<String>?) {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isWhole(text) {
            let count = read(connection, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let parts = text.components(separatedBy: "\r\n\r\n")
        let lines = parts[0].components(separatedBy: "\r\n")
        let request = lines[0].split(separator: " ").prefix(2).joined(separator: " ")
        let body = parts.dropFirst().joined(separator: "\r\n\r\n")
        let namespace = header("x-vault-namespace", lines).map { " in \($0)" } ?? ""
        let login = header("authorization", lines).map { " as \($0)" } ?? ""
        seen.withLock { $0.append(request + namespace + login + (body.isEmpty ? "" : " " + body)) }
        var answer = answers[request] ?? (404, #"{"errors":[]}"#)
        if let tokens, !request.contains("/login"), !tokens.contains(header("x-vault-token", lines) ?? "") {
            answer = (403, #"{"errors":["permission denied"]}"#)
        }
        let reply =
            "HTTP/1.1 \(answer.0) Recorded\r\nContent-Type: application/json\r\nContent-Length: \(answer.1.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(answer.1)"
        _ = Array(reply.utf8).withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
    }

    private func isWhole(_ text: String) -> Bool {
        guard let end = text.range(of: "\r\n\r\n") else { return false }
        let length = header("content-length", text.components(separatedBy: "\r\n")).flatMap { Int($0) } ?? 0
        return text[end.upperBound...].utf8.count >= length
    }

    private func header(_ name: String, _ lines: [String]) -> String? {
        lines.first { $0.lowercased().hasPrefix(name + ":") }.map {
            $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
        }
    }
}
