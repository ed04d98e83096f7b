internal import CLinux
internal import Glibc

/// Tells whether the current thread's stack is about to end, so that deep recursion becomes an error and
/// never a crash. Threads differ: the main one has 8 MiB, a pool's may have 512 KiB.
package enum StackGuard {
    /// What must stay free for the deepest call that does not ask.
    private static let reserve: UInt = 96 * 1024

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    /// The lowest address the current thread's recursion may reach. Asked once a thread.
    package static var limit: UInt {
        if let known = pthread_getspecific(key) { return UInt(bitPattern: known) }
        let limit = swiftprov_stack_bottom() + reserve
        pthread_setspecific(key, UnsafeRawPointer(bitPattern: limit))
        return limit
    }

    /// Whether less than the reserve is left.
    package static var isNearlyFull: Bool { swiftprov_stack_mark() < limit }
}
