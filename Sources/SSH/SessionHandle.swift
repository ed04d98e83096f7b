internal import CLibSSH2
internal import Diagnostics
internal import Glibc
internal import Synchronization

/// Owns one `LIBSSH2_SESSION *` and the socket below it, and frees both when the value's life ends.
///
/// libssh2 keeps a half-finished call inside the session: a call that answers `EAGAIN` is repeated with the same
/// arguments before any other begins.
struct SessionHandle: ~Copyable {
    let raw: OpaquePointer
    let socket: Int32
    /// What the library's callbacks find of this session.
    let notes = SessionNotes()

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
        libssh2_session_abstract(raw)?.pointee = Unmanaged.passUnretained(notes).toOpaque()
        let hear: Farewell = { _, _, words, count, _, _, abstract in
            guard let context = abstract?.pointee, let words, count >= 0 else { return }
            let bytes = UnsafeRawBufferPointer(start: words, count: Int(count))
            Unmanaged<SessionNotes>.fromOpaque(context).takeUnretainedValue()
                .farewell.withLock { $0 = String(decoding: bytes, as: UTF8.self) }
        }
        libssh2_session_callback_set(
            raw, LIBSSH2_CALLBACK_DISCONNECT, unsafeBitCast(hear, to: UnsafeMutableRawPointer.self))
    }

    /// `LIBSSH2_DISCONNECT_FUNC`: session, reason, message, language, and the session's abstract pointer.
    private typealias Farewell =
        @convention(c) (
            OpaquePointer?, Int32, UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, Int32,
            UnsafeMutablePointer<UnsafeMutableRawPointer?>?
        ) -> Void

    /// Whether the other side has closed the connection, and all it sent was read.
    var isClosedByPeer: Bool {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
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
        libssh2_session_abstract(raw)?.pointee = nil
        // Nothing is to be sent any more: freeing must not wait for a host that may be gone.
        shutdown(socket, Int32(SHUT_RDWR))
        libssh2_session_set_blocking(raw, 1)  // a non-blocking free may answer EAGAIN and free nothing
        libssh2_session_set_timeout(raw, 1000)
        libssh2_session_free(raw)
        Glibc.close(socket)
    }
}

/// What the library's callbacks are told and tell, found by the session's abstract pointer.
final class SessionNotes: Sendable {
    /// The words with which the server ended the connection, if it gave any.
    let farewell = Mutex<String?>(nil)
    /// The answer to hidden questions, while they are asked.
    let answer = Mutex<String?>(nil)
}
