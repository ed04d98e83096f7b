internal import CLibSSH2
internal import Diagnostics
internal import Glibc

/// Owns one `LIBSSH2_SESSION *` and the socket below it, and frees both when the value's life ends.
///
/// libssh2 keeps a half-finished call inside the session: a call that answers `EAGAIN` is repeated with the same
/// arguments before any other begins.
struct SessionHandle: ~Copyable {
    let raw: OpaquePointer
    let socket: Int32

    /// Takes the socket over.
    ///
    /// - Parameter socket: A connected socket that does not block; closed with the session.
    /// - Throws: `Diagnostic` with code `.outOfMemory`.
    init(socket: Int32) throws(Diagnostic) {
        guard Self.library == 0, let raw = libssh2_session_init_ex(nil, nil, nil, nil) else {
            Glibc.close(socket)
            throw Diagnostic(.outOfMemory, "libssh2 could not allocate a session", remedy: "Lower --forks.")
        }
        libssh2_session_set_blocking(raw, 0)
        self.raw = raw
        self.socket = socket
    }

    /// The library's own set-up, once.
    private static let library = libssh2_init(0)

    /// Whether the library itself signs with RSA in the way servers take since OpenSSH 8.8, and knows certificates of
    /// all kinds; before it knows those of ecdsa keys only.
    static var signsRSAWithSHA2: Bool { libssh2_version(0x010b00) != nil }
    static var version: String { libssh2_version(0).map { String(cString: $0) } ?? "libssh2" }

    /// What the library says about its last error.
    var lastError: String {
        var text: UnsafeMutablePointer<CChar>?
        var length: Int32 = 0
        libssh2_session_last_error(raw, &text, &length, 0)
        return text.map { String(cString: $0) } ?? ""
    }

    deinit {
        // Nothing is to be sent any more: freeing must not wait for a host that may be gone.
        shutdown(socket, Int32(SHUT_RDWR))
        libssh2_session_set_blocking(raw, 1)  // a non-blocking free may answer EAGAIN and free nothing
        libssh2_session_set_timeout(raw, 1000)
        libssh2_session_free(raw)
        Glibc.close(socket)
    }
}
