internal import CLibSSH2
internal import Diagnostics
internal import Glibc
internal import Synchronization
internal import Target
internal import Values

/// Logs in with a public key whose signature is made outside of libssh2: by an agent, or here.
///
/// The library asks for the signature in the middle of its conversation and takes "not yet" for an answer, so that other
/// hosts go on while an agent waits for somebody's confirmation.
///
/// Before 1.11 the library names the algorithm after the key's type, which for RSA means SHA-1. OpenSSH takes the type's
/// newer names within the key as well, so it is shown the key under such a name.
@IOLoop
struct SignedLogin {
    typealias Signing = @Sendable (_ data: [UInt8], _ algorithm: String) async -> Result<[UInt8], AgentClient.Failure>

    private let session: SSHSession
    private let user: String
    private let shown: [UInt8]
    private let sign: Signing
    private let slot = Slot()

    /// - Parameter blob: The key or certificate to show.
    init(_ session: SSHSession, user: String, showing blob: [UInt8], sign: @escaping Signing) {
        self.session = session
        self.user = user
        self.sign = sign
        shown =
            !SessionHandle.signsRSAWithSHA2 && KeyBlob.type(of: blob) == "ssh-rsa" && Self.serverKnowsSHA2(session)
            ? KeyBlob.renamed(blob, to: "rsa-sha2-512") ?? blob : blob
    }

    /// Whether the server wanted a signature, which is to say that it knows the key.
    var wasAccepted: Bool { slot.state.withLock { $0.data != nil } }
    /// Why there is no signature, if that is what it failed for.
    var failure: String? {
        slot.state.withLock {
            if case .failure(let failure) = $0.signature { failure.reason } else { nil }
        }
    }

    /// What passes between the library's call for a signature and who makes it.
    private final class Slot: Sendable {
        struct State: Sendable {
            var data: [UInt8]?
            var isAsked = false
            var signature: Result<[UInt8], AgentClient.Failure>?
        }
        let state = Mutex(State())
    }

    /// - Returns: The library's answer; zero if the user is logged in.
    func run() async -> Int {
        let (session, user, shown, slot, sign) = (session, user, shown, slot, sign)
        return await session.perform {
            var context: UnsafeMutableRawPointer? = Unmanaged.passUnretained(slot).toOpaque()
            let status = libssh2_userauth_publickey(
                session.raw, user, shown, shown.count,
                { _, signature, length, data, count, context in
                    guard let context = context?.pointee, let signature, let length, let data else { return -1 }
                    let slot = Unmanaged<Slot>.fromOpaque(context).takeUnretainedValue()
                    switch slot.state.withLock({ $0.signature }) {
                    case nil:
                        slot.state.withLock { $0.data = Array(UnsafeBufferPointer(start: data, count: count)) }
                        return LIBSSH2_ERROR_EAGAIN
                    case .failure: return -1
                    case .success(let bytes):
                        // Freed by the library.
                        guard let copy = malloc(max(bytes.count, 1)) else { return -1 }
                        copy.copyMemory(from: bytes, byteCount: bytes.count)
                        signature.pointee = copy.assumingMemoryBound(to: UInt8.self)
                        length.pointee = bytes.count
                        return 0
                    }
                }, &context)
            let question = slot.state.withLock { state -> [UInt8]? in
                guard !state.isAsked, let data = state.data else { return nil }
                state.isAsked = true
                return data
            }
            if let question {
                Task { @IOLoop in
                    let answer: Result<[UInt8], AgentClient.Failure> =
                        if let algorithm = Self.algorithm(in: question) { await sign(question, algorithm) } else {
                            .failure(AgentClient.Failure(reason: "was asked to sign what makes no sense"))
                        }
                    slot.state.withLock { $0.signature = answer }
                    session.schedulePump()
                }
            }
            return Int(status)
        }
    }

    /// The algorithm that a signature is asked for.
    ///
    /// - Parameter data: Session, message number, user, service, method, a flag, the algorithm, the key.
    /// - SeeAlso: RFC 4252 §7.
    private static func algorithm(in data: [UInt8]) -> String? {
        var offset = 0
        guard KeyBlob.string(in: data, at: &offset) != nil else { return nil }
        offset += 1
        for _ in 0..<3 {
            guard KeyBlob.string(in: data, at: &offset) != nil else { return nil }
        }
        offset += 1
        return KeyBlob.string(in: data, at: &offset).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the server is an OpenSSH that knows RSA with SHA-2, and so the newer names within keys: 7.2 or later.
    static func serverKnowsSHA2(_ session: SSHSession) -> Bool {
        guard let banner = libssh2_session_banner_get(session.raw).map({ String(cString: $0) }),
            let name = banner.firstRange(of: "OpenSSH_")
        else { return false }
        let numbers = banner[name.upperBound...].prefix { $0.isNumber || $0 == "." }.split(separator: ".")
            .compactMap { Int($0) }
        guard let major = numbers.first else { return false }
        return major > 7 || major == 7 && numbers.dropFirst().first ?? 0 >= 2
    }
}
