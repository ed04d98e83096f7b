internal import CLinux
internal import Glibc

/// Threads beside the event loop, for calls that can only block: looking up a name, reading a key file.
package enum HelperThread {
    /// Runs blocking work on a thread of its own; the caller waits without holding one.
    package static func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            start(named: "helper") { continuation.resume(returning: work()) }
        }
    }

    private final class Body {
        let name: String
        let run: @Sendable () -> Void
        init(_ name: String, _ run: @escaping @Sendable () -> Void) { (self.name, self.run) = (name, run) }
    }

    /// Starts a thread that nobody joins.
    static func start(named name: String, _ run: @escaping @Sendable () -> Void) {
        // Allocated, not made by its initializer: that seems to come from another module wherever Dispatch is loaded.
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        let body = Unmanaged.passRetained(Body(name, run))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, attributes,
            { context in
                guard let context else { return nil }
                let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                swiftprov_name_thread(body.name)
                body.run()
                return nil
            }, body.toOpaque())
        guard status == 0 else { abandon("cannot start a thread: \(String(errno: status)); raise `ulimit -u`") }
    }

    /// Ends the process with the exit status for the unexpected: without its loop or a thread nothing can go on.
    static func abandon(_ reason: String) -> Never {
        let line = "swiftprov: error: \(reason)\n"
        _ = line.utf8.withContiguousStorageIfAvailable { Glibc.write(2, $0.baseAddress, $0.count) }
        _exit(250)
    }
}

extension String {
    /// The system's words for an error number.
    package init(errno number: Int32) {
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(number, &buffer, buffer.count) == 0 else {
            self = "error \(number)"
            return
        }
        self = buffer.withUnsafeBufferPointer {
            String(decoding: $0.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
